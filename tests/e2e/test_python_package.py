# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The Python package against a real parleyd."""
import json
import pathlib
import queue
import re
import subprocess
import sys
import threading

import pytest
from device import Device
from python_package import WAIT_S, installed  # noqa: F401 pylint: disable=unused-import
from test_typing import pressing_keys, types

# pylint: disable=redefined-outer-name

README = pathlib.Path(__file__).parents[2] / "sdk" / "python" / "README.md"
TAIL = pathlib.Path(__file__).parent / "python_package_tail.py"


def run(installed, code, *arguments):
    """What a program prints."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=installed, timeout=WAIT_S, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Tail:
    """A running python_package_tail.py."""

    def __init__(self, installed, address, token_file):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([sys.executable, TAIL, address, token_file], env=installed, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def order(self, line):
        """Writes to its input."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def next(self, event, **fields):
        """The next line of this event with these fields; others are passed over."""
        while True:
            line = self.lines.get(timeout=WAIT_S)
            if line["event"] == event and all(line[name] == value for name, value in fields.items()):
                return line

    def finish(self):
        """Its exit code after the end of its input."""
        self.process.stdin.close()
        return self.process.wait(timeout=WAIT_S)


@pytest.fixture
def tail(installed, server, world, tmp_path):
    """bob's device, in a chat with alice that has one message."""
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="first")
    token_file = tmp_path / "token"
    token_file.write_text(world.bob.token, encoding="ascii")
    tail = Tail(installed, server.address, token_file)
    yield tail
    if tail.process.poll() is None:
        tail.process.kill()
    tail.process.wait()


def test_the_example_of_the_readme_runs(installed, server, world):
    """As it is printed, but for the address."""
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    example = example.replace("127.0.0.1:50051", server.address)
    # Two threads print at last: either may be first, and the end of a line comes by itself where output is unbuffered.
    said = run(installed, example, world.alice.token, world.bob.user_id)
    assert said.startswith("stored as 1\ngot 1\n") and "stored as 2" in said


def test_calls_by_name_and_errors(installed, server, world):
    """Fields and messages go in, messages come out; an error has everything that the server said."""
    code = """
import sys, grpc, parley
from parley.v1 import chat_service_pb2 as chats, user_service_pb2 as users
endpoint, key, alice, bob = sys.argv[1:]
with parley.Client(endpoint, api_key=key) as backend:
    assert backend.GetUser(users.GetUserRequest(user_id=bob)).username == "bob"
    first = backend.call("CreateUser", username="carol", idempotency_key="one")
    assert backend.call("CreateUser", username="carol", idempotency_key="one").user_id == first.user_id
    try:
        backend.CreateUser(username="carol")
    except parley.Error as error:
        assert (error.code, error.reason) == (grpc.StatusCode.ALREADY_EXISTS, "USERNAME_TAKEN"), error
with parley.Client(endpoint, api_key=key, acting_user=alice) as acting:
    nobody = "01900000-0000-7000-8000-000000000001"
    try:
        acting.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, name="x", participants=[{"user_id": nobody}])
    except parley.Error as error:
        assert error.reason == "USER_NOT_FOUND" and nobody in error.metadata["user_ids"], error.metadata
    page = acting.ListChats(page_size=10)
    assert len(page.chats) == 0
try:
    acting.NoSuchMethod
except AttributeError:
    print("done")
"""
    assert run(installed, code, server.address, world.api_key, world.alice.user_id, world.bob.user_id) == "done\n"


def test_a_server_that_nobody_hears_is_unreachable(installed):
    """After the timeout, with the reason that programs look for."""
    code = """
import parley
try:
    parley.Client("127.0.0.1:1", token="x", timeout=0.5).ListChats()
except parley.Error as error:
    print(error.reason)
"""
    assert run(installed, code) in ("UNREACHABLE\n", "DEADLINE_EXCEEDED\n")


def test_a_stream_receives_sends_reads_and_acknowledges(server, world, tail):
    """Everything comes once and in order, and alice sees the ticks."""
    assert tail.next("entry")["content"] == "first"
    tail.next("state", state="caught_up")
    second = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="second")
    assert tail.next("entry") == {"event": "entry", "seq": 2, "content": "second"}
    tail.order("send third")
    assert tail.next("sent")["seq"] == 3
    alice = Device(server.address, world.alice.token)
    alice.wait_for(lambda device: device.caught_up)
    tail.order(f"watch {world.alice.user_id}")
    assert tail.next("presence") == {"event": "presence", "user": world.alice.user_id, "online": True}
    with pressing_keys(lambda: tail.order("type")):
        alice.wait_for(lambda device: device.typings)
    assert {typing.user_id for typing in alice.typings} == {world.bob.user_id}
    with pressing_keys(lambda: types(alice, second.chat_id)):
        assert tail.next("typing")["user"] == world.alice.user_id
    tail.order("read 2")
    alice.wait_for(lambda device: any(receipt.read_seq == 2 for receipt in device.receipts))
    alice.close()
    assert tail.finish() == 0
    assert world.alice.api.GetMessage(message_id=second.message_id).read_count == 1


def test_a_stream_comes_back_after_a_crash_with_a_new_token(server, world, tail, tmp_path):
    """What was sent meanwhile comes once; the token function is asked again."""
    assert tail.next("entry")["seq"] == 1
    tail.next("state", state="caught_up")
    token = world.backend.CreateToken(user_id=world.bob.user_id, device_id=world.bob.device_id).token
    server.kill()
    tail.next("state", state="lost")
    (tmp_path / "token").write_text(token, encoding="ascii")
    server.start()
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="second")
    assert tail.next("entry")["seq"] == 2
    tail.order("send third")
    assert tail.next("sent")["seq"] == 3
    assert tail.finish() == 0


def test_a_refused_credential_ends_the_stream(installed, server):
    """For good, with the server's reason."""
    code = """
import sys, threading
import parley
ended = threading.Event()
def on_state(state, error):
    if state == "ended":
        print(error.reason)
        ended.set()
with parley.Client(sys.argv[1], token="no.good.token") as client:
    with client.open_stream(on_state=on_state):
        assert ended.wait(60)
"""
    assert run(installed, code, server.address) == "TOKEN_INVALID\n"
