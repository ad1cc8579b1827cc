#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""An app's backend that changes who is in groups, over REST: one change at a time, repeated until it is answered.

settings: groups, {chat: users who come and go}, all members at first; owner, who adds and removes.
"""
from http import HTTPStatus

from client import Client, Rest


class Changer(Client):
    """Knows who is a member, as it is the only one to change that."""

    def __init__(self):
        super().__init__()
        self.rest = Rest(self.settings)
        self.groups = self.settings["groups"]
        self.members = {chat: set(users) for chat, users in self.groups.items()}
        self.changes = 0

    def step(self):
        """One user comes or goes, by themselves or by the owner's hand."""
        chat = self.random.choice(sorted(self.groups))
        user = self.random.choice(self.groups[chat])
        op = self.random.choice(("remove", "leave") if user in self.members[chat] else ("add", "join"))
        self.changes += 1
        self.history.note("change", n=self.changes, chat=chat, op=op, user=user)
        if op in ("add", "remove"):
            status, got = self.rest.until_answered("PUT", f"/v1/chats/{chat}/participants", {op: [user]},
                                                   parley_user=self.user)
        else:
            status, got = self.rest.until_answered("POST", f"/v1/chats/{chat}:{op}", {}, parley_user=user)
        self.members[chat] ^= {user}
        if status == HTTPStatus.OK:
            seq = {"join": 0, "leave": got.get("left_seq")}.get(op, got.get("seq"))
            self.history.note("changed", n=self.changes, chat=chat, seq=seq)
        else:  # who has left already, by a call whose answer was lost, cannot leave again
            self.history.note("change_failed", n=self.changes, reason=got["reason"])


if __name__ == "__main__":
    changer = Changer()
    changer.work(changer.step)
