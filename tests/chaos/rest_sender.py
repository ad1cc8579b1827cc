#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Sends over REST, one message at a time, under an Idempotency-Key until it is answered, and reads it back then.

Now and then it repeats an old one, takes an old key for another message, edits one, or deletes one.
"""
from http import HTTPStatus

from client import Client, Rest, body_of
from history import DELETE, EDIT, hash_of
from uuid7 import uuid7

EXHAUSTED, UNAVAILABLE = 8, 14  # codes of gRPC, as devices note them


class RestSender(Client):
    """What was asked last and is without an answer is asked again after a crash."""

    def __init__(self):
        super().__init__()
        self.rest = Rest(self.settings)
        self.chats = {chat["chat"]: chat for chat in self.settings["chats"]}
        gone = {record["id"] for record in self.past if record["e"] == "amend" and record["op"] == DELETE}
        self.answered = [(record["id"], record["chat"]) for record in self.past
                         if record["e"] == "sent" and record["id"] not in gone]
        self.amends = {record["n"]: record for record in self.past if record["e"] == "amend"}
        amended = {record["n"] for record in self.past if record["e"] in ("amended", "amend_failed")}
        self.unamended = [record for number, record in self.amends.items() if number not in amended]
        done = {record["id"] for record in self.past if record["e"] in ("sent", "failed")
                and record.get("code") not in (EXHAUSTED, UNAVAILABLE)}
        self.unanswered = [(record["id"], record["chat"]) for record in self.past
                           if record["e"] == "send" and record["id"] not in done]

    def step(self):
        """One message, or an old one again."""
        what, = self.random.choices((None, self.send, self.reuse, self.edit, self.delete), (83, 6, 3, 5, 3))
        if self.unanswered:
            self.send(*self.unanswered.pop())
        elif self.unamended:
            record = self.unamended.pop()
            self.amend(record["n"], record["op"], record["id"], record["chat"])
        elif self.lasting() and what:
            what(*self.random.choice(self.lasting()))
        else:
            self.send(uuid7(), self.random.choice(sorted(self.chats)))

    def lasting(self):
        """What was answered and does not expire, after which it could not be edited, nor told from another."""
        return [one for one in self.answered if not self.chats[one[1]]["ttl"]]

    def request(self, message_id, chat, is_other=False):
        """The question."""
        recipient = self.chats[chat]["recipient"]
        place = {"recipient_id": recipient} if recipient else {"chat_id": chat}
        return "POST", "/v1/messages", {**place, "content": body_of(message_id, is_other)}

    def send(self, message_id, chat):
        """Until it is answered."""
        question = self.request(message_id, chat)
        digest = hash_of(question[2]["content"])

        def on_ask():
            self.history.note("send", chat=chat, id=message_id, hash=digest)

        def on_refusal(status, problem, retry_s):
            code = EXHAUSTED if status == HTTPStatus.TOO_MANY_REQUESTS else UNAVAILABLE
            self.history.note("failed", chat=chat, id=message_id, code=code, reason=problem["reason"],
                              retry_ms=1000 * retry_s)

        status, got = self.rest.until_answered(*question, on_ask=on_ask, on_refusal=on_refusal,
                                               idempotency_key=message_id)
        if status != HTTPStatus.CREATED:
            self.history.note("failed", chat=chat, id=message_id, code=status, reason=got["reason"], retry_ms=0)
            return
        self.history.note("sent", chat=got["chat_id"], id=got["message_id"], seq=got["seq"])
        self.answered.append((message_id, chat))
        self.read_back(message_id, chat)

    def read_back(self, message_id, chat):
        """Read after write, also while things fail."""
        status, got = self.rest.until_answered("GET", f"/v1/messages/{message_id}")
        if status == HTTPStatus.OK:
            body = got.get("content")
            self.history.note("got", chat=got["chat_id"], seq=got["seq"], id=got["message_id"],
                              sender=got["sender_id"], hash=hash_of(body) if body else None,
                              prev=got["prev_message_id"], edited="edited_at" in got, deleted="deleted_at" in got,
                              expired=got["status"] == "expired")
        else:
            self.history.note("missing", chat=chat, id=message_id)

    def edit(self, message_id, chat):
        """Another body for a message that is there."""
        self.amend(len(self.amends) + 1, EDIT, message_id, chat)

    def delete(self, message_id, chat):
        """A message that is there goes, and is not repeated then."""
        self.answered = [one for one in self.answered if one[0] != message_id]
        self.amend(len(self.amends) + 1, DELETE, message_id, chat)

    def amend(self, number, operation, message_id, chat):
        """Until it is answered; then it can be seen."""
        body = {"content": f"edit {number} of {message_id}"} if operation == EDIT else None
        self.amends[number] = {"id": message_id}

        def on_ask():
            self.history.note("amend", n=number, op=operation, chat=chat, id=message_id,
                              hash=hash_of(body["content"]) if body else None)

        status, got = self.rest.until_answered("PATCH" if body else "DELETE", f"/v1/messages/{message_id}", body,
                                               on_ask=on_ask)
        if status == HTTPStatus.OK:
            self.history.note("amended", n=number)
            self.read_back(message_id, chat)
        else:
            self.history.note("amend_failed", n=number, reason=got["reason"])

    def reuse(self, message_id, chat):
        """Another message under the same key."""
        _, got = self.rest.until_answered(*self.request(message_id, chat, is_other=True), idempotency_key=message_id)
        self.history.note("reused", id=message_id, reason=got.get("reason"))


if __name__ == "__main__":
    sender = RestSender()
    sender.work(sender.step)
