#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Backends of apps that keep messages for a while only. It sends, one message at a time, until it is answered; renames
the group now and then; looks at the end of its log; and makes what is older than that, as if days had gone by.

settings: places, [{chat, headers}]; database, a conninfo.
"""
import subprocess
import time
from http import HTTPStatus

from client import PAUSE_S, Client, Rest, body_of
from history import hash_of
from uuid7 import uuid7

PAGE = 20
YOUNG = 1  # entries at the end of a log that do not age: when a device has them it has had all before
SQL_S = 60


class Archivist(Client):
    """The only one who writes into its chats, so what is answered has nothing before it that is not."""

    def __init__(self):
        super().__init__()
        self.places = [(place["chat"], Rest(self.settings | place)) for place in self.settings["places"]]

    def step(self):
        """Something in one of the chats."""
        chat, rest = self.random.choice(self.places)
        what, = self.random.choices((self.send, self.rename, self.look, self.age), (70, 5, 15, 10))
        what(chat, rest)

    def send(self, chat, rest):
        """A message."""
        message_id = uuid7()
        content = body_of(message_id)
        status, got = rest.until_answered(
            "POST", "/v1/messages", {"chat_id": chat, "content": content}, idempotency_key=message_id,
            on_ask=lambda: self.history.note("send", chat=chat, id=message_id, hash=hash_of(content)))
        assert status == HTTPStatus.CREATED, got
        self.history.note("sent", chat=chat, id=message_id, seq=got["seq"])

    def rename(self, chat, rest):
        """An entry that stays when others leave."""
        status, got = rest.until_answered("PATCH", f"/v1/chats/{chat}", {"name": uuid7()})
        assert status == HTTPStatus.OK, got

    def look(self, chat, rest):
        """At the last page of the log."""
        asked = time.monotonic_ns()
        got = rest.ask("GET", f"/v1/messages?chat_id={chat}&limit={PAGE}")
        if not got or got[0] != HTTPStatus.OK:
            return
        is_all = not got[1]["next_page_token"]
        first = got[1]["log_start"]["first_seq"] if "log_start" in got[1] else 1 if is_all else None
        page = [(one["seq"], one["kind"] == "message" and "content" not in one) for one in got[1]["messages"]]
        self.history.note("page", asked=asked, chat=chat, first=first,
                          has=[seq for seq, is_gone in page if not is_gone],
                          gone=[seq for seq, is_gone in page if is_gone])

    def age(self, chat, rest):
        """All but the newest are of the day before yesterday now."""
        status, got = rest.until_answered("GET", f"/v1/chats/{chat}")
        assert status == HTTPStatus.OK, got
        seq = got["last_seq"] - YOUNG
        if seq < 1:
            return
        self.history.note("aged", chat=chat, seq=seq)
        statement = (f"update messages set created_at = created_at - interval '2 days' where chat_id = '{chat}'"
                     f" and seq <= {seq} and created_at > now() - interval '1 day'")
        command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.settings["database"], "-c", statement]
        while subprocess.run(command, check=False, stderr=subprocess.DEVNULL, timeout=SQL_S).returncode:
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    archivist = Archivist()
    archivist.work(archivist.step)
