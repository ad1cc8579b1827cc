#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Asks again and again, over REST, how far each member of each chat is and what has become of the newest messages."""
import time
from http import HTTPStatus

from client import Client, Rest


class Watcher(Client):
    """Acts for a user who is in all chats at all times."""

    def __init__(self):
        super().__init__()
        self.rest = Rest(self.settings)

    def step(self):
        """Both questions of one chat."""
        chat = self.random.choice(self.settings["chats"])["chat"]
        asked = time.monotonic_ns()
        got = self.rest.ask("GET", f"/v1/chats/{chat}/participants")
        if got and got[0] == HTTPStatus.OK:
            self.history.note("watermarks", asked=asked, chat=chat, members=members_of(got[1]["participants"]))
        asked = time.monotonic_ns()
        got = self.rest.ask("GET", f"/v1/messages?chat_id={chat}&limit=20")
        if got and got[0] == HTTPStatus.OK:
            for message in got[1]["messages"]:
                if message["kind"] == "message":
                    counts = [message[f"{what}_count"] for what in ("recipient", "delivered", "read")]
                    self.history.note("status", asked=asked, chat=chat, id=message["message_id"],
                                      status=message["status"], counts=counts)


def members_of(participants):
    """What a record of watermarks says."""
    return {one["user_id"]: [one["last_delivered_seq"], one["last_read_seq"]] for one in participants}


if __name__ == "__main__":
    watcher = Watcher()
    watcher.work(watcher.step)
