#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A device on a stream, which trusts nothing that is not in its history: what it has, and what it sends until answered.

It sends again, twice at once, and other bytes under ids that were used; it reads some chats; and connects again with
its cursors, whenever the stream ends or the process was killed.
"""
import json
import os
import sys
import threading
import time

import grpc
from client import PATIENCE_S, PAUSE_S, Client, answer, body_of
from history import hash_of
from parley_pb import stream_service_pb2 as pb
from stream import open_stream
from uuid7 import uuid7

RETRYABLE = {code.value[0] for code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED,
                                        grpc.StatusCode.DEADLINE_EXCEEDED)}
IN_FLIGHT_MAX = 64
REPEAT_S = 2


class Device(Client):
    """All state below `changed` is guarded by it."""

    def __init__(self):
        super().__init__()
        self.changed = threading.Condition()
        self.have = {}  # chat -> seq
        self.unread = {}  # chat -> seq, until read_ok
        self.unanswered = {}  # message id -> chat, in the order of the first sends
        self.answered = []  # (message id, chat)
        self.ticks = {}  # (chat, user) -> [delivered, read]
        self.is_ready = self.is_complete = False
        self.epoch = ""
        self.in_flight = {}  # request id -> (message id, is_other)
        self.requests = 0
        self.stream = None  # of the live session
        self.chats = {chat["chat"]: chat for chat in self.settings["chats"]}
        self._recall()

    def _recall(self):
        for record in self.past:
            event = record["e"]
            if event == "entry":
                self.have[record["chat"]] = record["seq"]
            elif event == "read":
                self.unread[record["chat"]] = record["seq"]
            elif event == "read_ok" and self.unread.get(record["chat"], 0) <= record["seq"]:
                self.unread.pop(record["chat"], None)
            elif event == "send":
                self.unanswered.setdefault(record["id"], record["chat"])
            elif event == "sent" or event == "failed" and record["code"] not in RETRYABLE:
                self.unanswered.pop(record["id"], None)
            elif event == "receipt":
                self.ticks[record["chat"], record["user"]] = [record["delivered"], record["read"]]
            elif event == "welcome":
                self.epoch = record["epoch"]

    # ---- the session ----

    def run(self):
        """Until the runner says finish and everything is there."""
        threading.Thread(target=self._sessions, daemon=True).start()
        threading.Thread(target=self._talk, daemon=True).start()
        threading.Thread(target=self._repeat_reads, daemon=True).start()
        self._listen()

    def _sessions(self):
        while True:
            stream = open_stream(self.settings)
            self._session(stream)
            stream.close()
            time.sleep(PAUSE_S)

    def _session(self, stream):
        with self.changed:
            hello = pb.Hello(protocol_version=1, client="chaos", epoch=self.epoch)
            for chat, seq in self.have.items():
                hello.cursors.add(chat_id=chat, seq=seq)
            self.history.note("hello", cursors=self.have)
        stream.send(pb.ClientFrame(hello=hello))
        for frame in stream.frames():
            with self.changed:
                self._take(frame, stream)
                self.changed.notify_all()
        self.history.note("end", code=stream.end[0], reason=stream.end[1])
        with self.changed:
            self.stream = None
            self.in_flight.clear()

    def _take(self, frame, stream):
        if frame.HasField("welcome"):
            self._welcome(frame.welcome, stream)
        for sent in frame.sents:
            self._sent(sent)
        for failed in frame.faileds:
            self._failed(failed)
        if frame.entries:
            self._entries(frame.entries)
        for receipt in frame.receipts:
            self.note_receipt(receipt)
            self.ticks[receipt.chat_id, receipt.user_id] = [receipt.delivered_seq, receipt.read_seq]
        for receipt in frame.group_receipts:
            self.note_counts(receipt)
        for cursor in frame.read_oks:
            self.history.note("read_ok", chat=cursor.chat_id, seq=cursor.seq)
            if self.unread.get(cursor.chat_id, 0) <= cursor.seq:
                self.unread.pop(cursor.chat_id, None)
        for start in frame.log_starts:
            self.history.note("log_start", chat=start.chat_id, first=start.first_seq)
        if frame.caught_up:
            self.history.note("caught_up")

    def _welcome(self, welcome, stream):
        self.history.note("welcome", epoch=welcome.epoch)
        if not self.is_ready:
            answer("ready")
        self.is_ready = True
        self.epoch = welcome.epoch
        self.stream = stream
        for message_id, chat in self.unanswered.items():
            self._put([self._send(message_id, chat)])
        for chat, seq in self.unread.items():
            self._read(chat, seq)

    def _sent(self, sent):
        message_id, is_other = self.in_flight.pop(sent.request_id)
        if is_other:
            self.history.note("reused", id=message_id, reason=None)
            return
        self.history.note("sent", chat=sent.chat_id, id=sent.message_id, seq=sent.seq)
        if self.unanswered.pop(sent.message_id, None):
            self.answered.append((sent.message_id, sent.chat_id))

    def _failed(self, failed):
        message_id, is_other = self.in_flight.pop(failed.request_id)
        if is_other:
            # An outcome that is not known says nothing; it must only not be taken.
            if failed.code not in RETRYABLE and failed.reason != "NOT_A_MEMBER":
                self.history.note("reused", id=message_id, reason=failed.reason)
            return
        chat = self.unanswered.get(message_id)
        self.history.note("failed", chat=chat, id=message_id, code=failed.code, reason=failed.reason,
                          retry_ms=failed.retry_after_ms)
        if failed.code not in RETRYABLE:
            self.unanswered.pop(message_id, None)
        elif chat:
            threading.Timer(max(failed.retry_after_ms, 50) / 1000, self._send_again, [message_id]).start()

    def _entries(self, entries):
        for entry in entries:
            self.note_entry(entry)
            self.have[entry.chat_id] = max(self.have.get(entry.chat_id, 0), entry.seq)
        # Sometimes an acknowledgement waits for the next entries, so that a crash comes before it.
        if self.random.random() < 0.9:
            self._acknowledge({entry.chat_id: self.have[entry.chat_id] for entry in entries})
        if self.random.random() < 0.2:
            self._read(entries[-1].chat_id, self.have[entries[-1].chat_id])

    # ---- what it says ----

    def _acknowledge(self, cursors):
        self.history.note("ack", cursors=cursors)
        self._put_frame(pb.ClientFrame(acks=[pb.Cursor(chat_id=chat, seq=seq) for chat, seq in cursors.items()]))

    def _read(self, chat, seq):
        self.unread[chat] = max(seq, self.unread.get(chat, 0))
        self.history.note("read", chat=chat, seq=seq)
        self._put_frame(pb.ClientFrame(reads=[pb.Cursor(chat_id=chat, seq=seq)]))

    def _repeat_reads(self):
        """While the database is away, reads are not answered."""
        while True:
            time.sleep(REPEAT_S)
            with self.changed:
                for chat, seq in self.unread.items() if self.stream else ():
                    self._read(chat, seq)

    def _put_frame(self, frame):
        if self.stream:
            self.stream.send(frame)

    def _put(self, sends):
        self._put_frame(pb.ClientFrame(sends=sends))

    def _send(self, message_id, chat, is_other=False):
        content = body_of(message_id, is_other)
        if not is_other:
            self.history.note("send", chat=chat, id=message_id, hash=hash_of(content))
        self.requests += 1
        self.in_flight[self.requests] = (message_id, is_other)
        send = pb.Send(request_id=self.requests)
        send.message.message_id, send.message.content = message_id, content
        if self.chats[chat]["recipient"]:
            send.message.recipient_id = self.chats[chat]["recipient"]
        else:
            send.message.chat_id = chat
        return send

    def _send_again(self, message_id):
        with self.changed:
            if self.stream and message_id in self.unanswered:
                self._put([self._send(message_id, self.unanswered[message_id])])

    def _talk(self):
        while not self.is_quiet.is_set() and self.settings["talks"]:
            self.pause()
            with self.changed:
                self.changed.wait_for(lambda: self.stream and len(self.unanswered) < IN_FLIGHT_MAX)
                if not self.is_quiet.is_set():
                    self._say()

    def _say(self):
        sends = []
        for _ in range(self.random.choices((1, 10), (95, 5))[0]):
            message_id, chat = uuid7(), self.random.choice(sorted(self.chats))
            self.unanswered[message_id] = chat
            sends += [self._send(message_id, chat) for _ in range(self.random.choices((1, 2), (95, 5))[0])]
        if self.answered and self.random.random() < 0.1:
            message_id, chat = self.random.choice(self.answered)
            # Of a message that has expired only its sender is known, so that any of theirs is the same one.
            is_other = self.random.random() < 0.3 and not self.chats[chat]["ttl"]
            sends.append(self._send(message_id, chat, is_other))
        self._put(sends)

    # ---- the runner ----

    def _listen(self):
        for line in sys.stdin:
            command = json.loads(line)
            with self.changed:
                answer(getattr(self, f"_do_{command['do']}")(command))

    def _wait_for(self, is_done):
        """Waits as long as frames come, however slowly; whether it is done."""
        while not is_done():
            if not self.changed.wait(PATIENCE_S):
                return False
        return True

    def _do_quiet(self, _):
        self.is_quiet.set()
        return "quiet" if self._wait_for(lambda: not self.unanswered) else "unanswered"

    def _do_finish(self, command):
        """Gets what is left, up to the heads, and acknowledges all of it."""
        self.is_complete = self._wait_for(lambda: not self.unread and all(
            self.have.get(chat, 0) >= seq for chat, seq in command["heads"].items()))
        # What was left and acknowledged is none of this session's chats any more.
        self._acknowledge({chat: self.have.get(chat, 0) for chat in command["heads"]})
        return "complete" if self.is_complete else "incomplete"

    def _do_end(self, command):
        """Gets what is left to know of how far the others are."""
        self._wait_for(lambda: all(
            self.ticks.get((chat, user), [0, 0]) == values for chat, user, values in command["ticks"]))
        self.history.note("finished", is_complete=self.is_complete)
        return "finished"


if __name__ == "__main__":
    Device().run()
    os._exit(0)  # streams that hang would keep the interpreter
