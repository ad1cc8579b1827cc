# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What the clients of a chaos run share: their settings, their history, bodies, and what the runner tells them.

A client is a process: `device.py SETTINGS`, where the file SETTINGS is JSON. It may be killed at any time and started
again with the same file. It reads commands from standard input, one JSON object on a line: {"do": "quiet"}: start
nothing new; {"do": "end"}: the last thing. It answers each with a line on standard output: quiet (all that it began has
its answer), finished; the very first line is ready. What is asked of devices between these two is in device.py.
"""
import http.client
import json
import pathlib
import random
import sys
import threading
import time

from history import Writer, hash_of, read
from parley_pb import message_service_pb2 as messages
from rest_client import Connections

PAUSE_S = 0.1
PATIENCE_S = 60  # without anything new, after which one need not wait on


class Client:
    """settings: name, role, user, folder, seed, chats ([{chat, recipient, ttl}]), pace_s (mean pause), and what is its
    role's own."""

    def __init__(self):
        self.settings = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
        path = pathlib.Path(self.settings["folder"]) / f"{self.settings['name']}.jsonl"
        self.past = read(path) if path.exists() else []
        self.history = Writer(path)
        self.user = self.settings["user"]
        self.random = random.Random(f"{self.settings['seed']} {self.settings['name']} {len(self.past)}")
        self.is_quiet, self.is_ended = threading.Event(), threading.Event()
        if not self.past:
            self.history.note("client", role=self.settings["role"], user=self.user)

    def note_entry(self, entry):
        """An entry of a log has come."""
        body = entry.content if entry.WhichOneof("body") == "content" else None
        self.history.note("entry", chat=entry.chat_id, seq=entry.seq, id=entry.message_id, sender=entry.sender_id,
                          hash=hash_of(body) if body else None, prev=entry.prev_message_id, kind=entry.kind,
                          target=entry.target_message_id, expired=entry.status == messages.MESSAGE_STATUS_EXPIRED,
                          add=[member.user_id for member in entry.event.members_added],
                          remove=list(entry.event.members_removed))

    def note_receipt(self, receipt):
        """How far the other of a chat of two is."""
        self.history.note("receipt", chat=receipt.chat_id, user=receipt.user_id, delivered=receipt.delivered_seq,
                          read=receipt.read_seq)

    def note_counts(self, receipt):
        """How far own messages in a group are."""
        self.history.note("counts", chat=receipt.chat_id, first=receipt.first_seq, last=receipt.last_seq,
                          recipients=receipt.recipient_count, delivered=receipt.delivered_count,
                          read=receipt.read_count)

    def pause(self):
        """Waits as long as people do; ends early when there is nothing new to be started."""
        self.is_quiet.wait(self.random.expovariate(1 / self.settings["pace_s"]))

    def work(self, step):
        """Takes steps, each of which ends with its answer, until the runner says quiet; then waits for its end."""
        threading.Thread(target=self._listen, daemon=True).start()
        answer("ready")
        while not self.is_quiet.is_set():
            step()
            self.pause()
        answer("quiet")
        self.is_ended.wait()
        self.history.note("finished", is_complete=True)
        answer("finished")

    def _listen(self):
        for line in sys.stdin:
            {"quiet": self.is_quiet, "end": self.is_ended}[json.loads(line)["do"]].set()
        self.is_quiet.set()
        self.is_ended.set()


class Rest:
    """Calls a gateway that may be away."""

    def __init__(self, settings):
        self._connections = Connections(settings["gateway"])
        self._headers = settings["headers"]

    def ask(self, verb, target, body=None, **headers):
        """(status, JSON of the answer, seconds to wait before a retry); None when there was no answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            headers["content-type"] = "application/json"
        try:
            got = self._connections.exchange(verb, target, headers.items(), data)
        except (OSError, http.client.HTTPException):
            return None
        return got.status, json.loads(got.body or b"null"), int(got.headers.get("retry-after", 0))

    def until_answered(self, *question, on_ask=lambda: None, on_refusal=lambda *_: None, **headers):
        """Asks until the outcome is known: (status, JSON). on_ask comes before each attempt, on_refusal is told the
        answers after which one asks again."""
        while True:
            on_ask()
            got = self.ask(*question, **headers)
            if got and got[0] < 500 and got[0] != http.HTTPStatus.TOO_MANY_REQUESTS:
                return got[:2]
            if got:
                on_refusal(*got)
            time.sleep(PAUSE_S)


def answer(word):
    """Tells the runner."""
    print(word, flush=True)


def body_of(message_id, is_other=False):
    """The body of a message, which follows from its id: mostly short, now and then long."""
    chance = random.Random(message_id)
    length = chance.choices((chance.randrange(200), chance.randrange(8_000), chance.randrange(60_000)), (80, 15, 5))[0]
    return f"{'other' if is_other else 'message'} {message_id} " + "x" * length
