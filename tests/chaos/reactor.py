#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Reacts to messages of its chats over REST, whoever sent them: one reaction at a time, repeated until it is answered.

It changes and withdraws what it said, says some things twice at once, and some again that were answered.
"""
import concurrent.futures
from http import HTTPStatus

from client import Client, Rest
from history import hash_of

EMOJIS = {hash_of(emoji): emoji for emoji in ("\U0001F44D", "\u2764\uFE0F", ":-)")}
NEWEST = 20


class Reactor(Client):
    """The only one who reacts for its user. Who asked and got no answer may be heard at any time later: of a message
    about which that happened nothing else is said."""

    def __init__(self):
        super().__init__()
        self.rests = [Rest(self.settings), Rest(self.settings)]
        self.chats = [chat["chat"] for chat in self.settings["chats"]]
        self.stands = {}  # message id -> (chat, hash) of what was acknowledged
        self.closed = set()  # messages about which nothing else is said
        self.unanswered = []
        self.count = 0
        self._recall()

    def _recall(self):
        asked, answers = {}, {}  # number -> records
        for record in self.past:
            if record["e"] == "react":
                asked.setdefault(record["n"], []).append(record)
            elif record["e"] in ("reacted", "react_failed"):
                answers.setdefault(record["n"], []).append(record)
        for number, records in asked.items():
            record, got = records[0], [answer["e"] for answer in answers.get(number, ())]
            if "reacted" in got:
                self.stands[record["id"]] = record["chat"], record["hash"]
            if "react_failed" in got or len(got) < len(records):
                self.closed.add(record["id"])
            if not got:
                self.unanswered.append(record)
            self.count = number

    def step(self):
        """One reaction."""
        if self.unanswered:
            record = self.unanswered.pop()
            self.react(record["n"], record["chat"], record["id"], record["hash"])
            return
        chat, message_id = self.pick()
        if message_id:
            self.count += 1
            number, digest = self.count, self.other_than(self.stands.get(message_id, (chat, None))[1])
            self.react(number, chat, message_id, digest, self.random.choices((1, 2), (90, 10))[0])
            if message_id not in self.closed and self.random.random() < 0.15:
                self.react(number, chat, message_id, digest)

    def other_than(self, digest):
        """Another reaction than this one, or none when it is one."""
        if digest and self.random.random() < 0.3:
            return None
        return self.random.choice([other for other in EMOJIS if other != digest])

    def pick(self):
        """A chat, and a message: one to which it reacted, or others did, or a new one; None: there is none."""
        chat = self.random.choice(self.chats)
        mine = [(where, message_id) for message_id, (where, _) in self.stands.items() if message_id not in self.closed]
        if mine and self.random.random() < 0.4:
            return self.random.choice(mine[-NEWEST:])
        got = self.rests[0].ask("GET", f"/v1/messages?chat_id={chat}&limit={NEWEST}")
        if not got or got[0] != HTTPStatus.OK:
            return chat, None
        found = [message for message in got[1]["messages"] if message["kind"] == "message"
                 and message["message_id"] not in self.closed]
        reacted = [message for message in found if message["reactions"] and message["message_id"] not in self.stands]
        if reacted and self.random.random() < 0.6:
            found = reacted
        return chat, self.random.choice(found)["message_id"] if found else None

    def react(self, number, chat, message_id, digest, times=1):
        """Until it is answered as often as it is said; one after the other when once, else all at once."""
        asks = []

        def on_ask():
            self.history.note("react", n=number, chat=chat, id=message_id, hash=digest)
            asks.append(number)

        def ask(rest):
            status, got = rest.until_answered("PUT", f"/v1/messages/{message_id}/reaction",
                                              {"emoji": EMOJIS.get(digest, "")}, on_ask=on_ask)
            if status == HTTPStatus.OK:
                mine = [hash_of(one["emoji"]) for one in got["reactions"] if one["mine"]]
                self.history.note("reacted", n=number, mine=mine)
                self.stands[message_id] = chat, digest
            else:
                self.history.note("react_failed", n=number, reason=got["reason"])
                self.closed.add(message_id)

        with concurrent.futures.ThreadPoolExecutor() as pool:
            for _ in pool.map(ask, self.rests[:times]):
                pass
        if len(asks) > times:
            self.closed.add(message_id)


if __name__ == "__main__":
    reactor = Reactor()
    reactor.work(reactor.step)
