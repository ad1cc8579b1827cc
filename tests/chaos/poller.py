#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A device without a stream: it asks with GET /v1/sync, which rests, and acknowledges with POST /v1/sync/ack.

In its history each call of Sync is a session that begins with what was acknowledged, and answered: pages begin there.
"""
import json
import os
import sys
import threading
import time
from http import HTTPStatus

from client import PATIENCE_S, PAUSE_S, Client, Rest, answer
from google.protobuf import json_format
from history import MESSAGE
from json_form import with_names
from parley_pb import sync_service_pb2 as pb

WAIT_S = 20
PAGE_SIZES = {1: 5, 10: 10, 100: 45, 1000: 40}  # and how often: with small pages alone it would stay behind the others


class Poller(Client):
    """All state is the main thread's; `changed` guards what the runner asks for."""

    def __init__(self):
        super().__init__()
        self.rest = Rest(self.settings)
        self.changed = threading.Condition()
        self.acked = {}  # chat -> seq
        self.unanswered = {}  # an acknowledgement
        self.ticks = {}  # (chat, user) -> [delivered, read]
        self.token = ""
        self.is_complete = False
        for record in self.past:
            if record["e"] == "ack":
                self.unanswered = record["cursors"]
            elif record["e"] == "acked":
                self.acked.update(self.unanswered)
                self.unanswered = {}
            elif record["e"] == "receipt":
                self.ticks[record["chat"], record["user"]] = [record["delivered"], record["read"]]
            elif record["e"] == "token":
                self.token = record["token"]

    def run(self):
        """For ever."""
        threading.Thread(target=self._listen, daemon=True).start()
        if not self.past:
            answer("ready")
        if self.unanswered:
            self.acknowledge(self.unanswered)
        while True:
            self.poll()
            time.sleep(self.random.uniform(0, 2 * self.settings["pace_s"]))

    def poll(self):
        """One call, and what follows from its page."""
        self.history.note("hello", cursors=self.acked)
        page_size, = self.random.choices(list(PAGE_SIZES), PAGE_SIZES.values())
        got = self.rest.ask("GET", f"/v1/sync?wait_seconds={WAIT_S}&page_size={page_size}&sync_token={self.token}")
        if not got or got[0] != HTTPStatus.OK:
            self.history.note("end", code=got and got[0], reason=got and got[1]["reason"])
            time.sleep(PAUSE_S)
            return
        # Not by json_form's own read, whose checks cost more than all else that is done here.
        page = json_format.ParseDict(with_names(pb.SyncResponse.DESCRIPTOR, got[1]), pb.SyncResponse())
        self.take(page)
        # Sometimes without an acknowledgement: then all of it comes again.
        ends = ends_of(page)
        if ends and self.random.random() < 0.95:
            self.acknowledge(ends)
        said = [entry for entry in page.entries if entry.kind == MESSAGE]
        if said and self.random.random() < 0.2:
            self.mark_read(said[-1])

    def take(self, page):
        """What a page tells of goes into the history."""
        for start in page.log_starts:
            self.history.note("log_start", chat=start.chat_id, first=start.first_seq)
        for entry in page.entries:
            self.note_entry(entry)
        if not page.more:
            self.history.note("caught_up")
        for receipt in page.group_receipts:
            self.note_counts(receipt)
        with self.changed:
            for receipt in page.receipts:
                self.note_receipt(receipt)
                self.ticks[receipt.chat_id, receipt.user_id] = [receipt.delivered_seq, receipt.read_seq]
            self.changed.notify_all()
        if page.sync_token:
            self.token = page.sync_token
            self.history.note("token", token=page.sync_token)

    def acknowledge(self, cursors):
        """Until it is answered."""
        self.history.note("ack", cursors=cursors)
        acks = [{"chat_id": chat, "seq": seq} for chat, seq in cursors.items()]
        status, got = self.rest.until_answered("POST", "/v1/sync/ack", {"acks": acks})
        if status != HTTPStatus.OK:
            self.history.note("end", code=status, reason=got["reason"])
            return
        self.history.note("acked")
        with self.changed:
            self.acked.update(cursors)
            self.changed.notify_all()

    def mark_read(self, entry):
        """And so all before it."""
        self.history.note("read", chat=entry.chat_id, seq=entry.seq)
        status, got = self.rest.until_answered("PUT", f"/v1/messages/{entry.message_id}/read")
        if status == HTTPStatus.OK:  # what has left its log meanwhile cannot be marked
            self.history.note("read_ok", chat=entry.chat_id, seq=got["last_read_seq"])

    # ---- the runner ----

    def _listen(self):
        for line in sys.stdin:
            command = json.loads(line)
            with self.changed:
                answer(getattr(self, f"_do_{command['do']}")(command))
        os._exit(0)  # the call that rests would hold it up

    def _wait_for(self, is_done):
        """Waits as long as something comes, however slowly; whether it is done."""
        while not is_done():
            if not self.changed.wait(PATIENCE_S):
                return False
        return True

    def _do_quiet(self, _):
        return "quiet"

    def _do_finish(self, command):
        """Has what is left, up to the heads, acknowledged."""
        self.is_complete = self._wait_for(lambda: all(
            self.acked.get(chat, 0) >= seq for chat, seq in command["heads"].items()))
        return "complete" if self.is_complete else "incomplete"

    def _do_end(self, command):
        """Gets what is left to know of how far the others are."""
        self._wait_for(lambda: all(
            self.ticks.get((chat, user), [0, 0]) == values for chat, user, values in command["ticks"]))
        self.history.note("finished", is_complete=self.is_complete)
        return "finished"


def ends_of(page):
    """How far a device is that has this page: {chat: seq}."""
    ends = {}
    for entry in page.entries:
        ends[entry.chat_id] = entry.seq
    for start in page.log_starts if not page.more else ():
        ends[start.chat_id] = max(ends.get(start.chat_id, 0), start.first_seq - 1)
    return ends


if __name__ == "__main__":
    Poller().run()
