# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""parley-bench measures what is right, and fails when a server loses, doubles, swaps or changes something, or takes a
receipt back: each such server is played by a Liar in front of a good one, who lies once, as soon as it can."""
import contextlib
import copy
import os
import subprocess
import threading

import pytest
from liar import Liar

RUN_S = 300
WINDOW = ["--seconds", "1", "--windows", "1", "--warmup", "0", "--checkpoint", "0"]
MODES = {
    "pairs": ["--pairs", "2", "--window", "4", *WINDOW],
    "open": ["--pairs", "2", "--rate", "50", *WINDOW],
    "groups": ["--groups", "2", "--members", "4", "--large-members", "4", "--rate", "50", "--threads", "1", *WINDOW],
    "noisy": ["--pairs", "2", "--rate", "50", "--large-members", "70", "--large-rate", "10", *WINDOW],
    "drain": ["--chats", "5", "--messages", "100", "--windows", "2"],
    "idle": ["--streams", "10", "--chats", "4", *WINDOW],
}


def run(server, address, mode):
    """A short run: its exit code and what it said."""
    settings = {"endpoint": address, "database": server.environment["PARLEY_DATABASE"],
                "operator-key-file": server.environment["PARLEY_OPERATOR_KEY_FILE"], "server-pid": server.process.pid}
    options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    done = subprocess.run([os.environ["PARLEY_BENCH"], mode, *options, *MODES[mode]], timeout=RUN_S, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_a_good_server_is_measured(server, mode):
    """To its end."""
    code, said = run(server, server.address, mode)
    assert code == 0 and "parley-bench, server" in said, said


# --- lies about entries: each gives what is told instead of one, or None where it cannot lie ----------------------


def lose(entry):
    """It never comes."""
    return []


def double(entry):
    """It comes twice."""
    return [entry, entry]


def alter(entry):
    """One byte is another one."""
    changed = copy.deepcopy(entry)
    body = bytearray(entry.encrypted_content)
    body[20] ^= 1
    changed.encrypted_content = bytes(body)
    return [changed]


def renumber(entry):
    """It has the place of the next one."""
    changed = copy.deepcopy(entry)
    changed.seq += 1
    return [changed]


def once(lie):
    """The lie in frames of all streams, once."""
    lock, told = threading.Lock(), []

    def tell(frame):
        with lock:
            frames = None if told else lie(frame)
            if frames is not None:
                told.append(frames)
        return [frame] if frames is None else frames

    return tell


def about_entries(lie):
    """About the first of a frame's entries that has a body."""
    def tell(frame):
        for index, entry in enumerate(frame.entries):
            if entry.HasField("encrypted_content"):
                changed = copy.deepcopy(frame)
                del changed.entries[:]
                changed.entries.extend([*frame.entries[:index], *lie(entry), *frame.entries[index + 1:]])
                return [changed]
        return None
    return tell


def swap(frame):
    """Two entries of a chat change places."""
    for index, (entry, after) in enumerate(zip(frame.entries, frame.entries[1:])):
        if entry.chat_id == after.chat_id and entry.HasField("encrypted_content"):
            changed = copy.deepcopy(frame)
            changed.entries[index].CopyFrom(after)
            changed.entries[index + 1].CopyFrom(entry)
            return [changed]
    return None


def catch_up_early(frame):
    """Before the first entries."""
    return [type(frame)(caught_up=True), frame] if frame.entries else None


def go_on(frame):
    """With what was there before, behind caught_up."""
    return [frame, type(frame)(entries=[{"chat_id": "some chat"}])] if frame.caught_up else None


# --- about what senders are told ----------------------------------------------------------------------------------


def acknowledge_twice(frame):
    """That it is stored."""
    return [frame, type(frame)(sents=frame.sents)] if frame.sents else None


def take_back(frame):
    """A receipt is followed by one that says less."""
    for field, name in (("receipts", "delivered_seq"), ("group_receipts", "delivered_count")):
        for receipt in getattr(frame, field):
            if getattr(receipt, name) > 0:
                less = copy.deepcopy(receipt)
                setattr(less, name, getattr(receipt, name) - 1)
                return [frame, type(frame)(**{field: [less]})]
    return None


def run_ahead(frame):
    """A receipt speaks of messages that nobody has."""
    changed = copy.deepcopy(frame)
    for receipt in changed.receipts:
        receipt.delivered_seq += 1000
        return [changed]
    for receipt in changed.group_receipts:
        receipt.last_seq += 1000
        receipt.delivered_count = receipt.recipient_count
        return [changed]
    return None


def store_in_another_order(frame):
    """What a device says together."""
    if len(frame.sends) < 2:
        return None
    changed = copy.deepcopy(frame)
    del changed.sends[:]
    changed.sends.extend(reversed(frame.sends))
    return [changed]


ENTRIES = [lose, double, alter, renumber]
LIES = {"pairs": [*ENTRIES, acknowledge_twice, take_back, run_ahead],
        "groups": [*ENTRIES, acknowledge_twice, take_back, run_ahead], "drain": [*ENTRIES, swap, catch_up_early, go_on]}


@pytest.mark.parametrize("mode, lie", [pytest.param(mode, lie, id=f"{mode}-{lie.__name__}")
                                       for mode, lies in LIES.items() for lie in lies])
def test_a_lie_is_noticed(server, mode, lie):
    """By the device that is told it."""
    assert_noticed(server, mode, tell=once(about_entries(lie) if lie in ENTRIES else lie))


def test_a_server_that_stores_in_another_order_is_noticed(server):
    """Though every place in the log has one message, and everybody sees the same."""
    assert_noticed(server, "pairs", hear=once(store_in_another_order))


def assert_noticed(server, mode, **lies):
    """The run fails for what was told."""
    with contextlib.closing(Liar(server.address, **lies)) as liar:
        code, said = run(server, liar.address, mode)
    assert code == 1 and "VIOLATION" in said, said


def test_a_liar_who_does_not_lie_is_believed(server):
    """Or the others would be noticed for something else."""
    with contextlib.closing(Liar(server.address)) as liar:
        for mode in LIES:
            code, said = run(server, liar.address, mode)
            assert code == 0, said
