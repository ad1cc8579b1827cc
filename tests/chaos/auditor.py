# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What there is at the end of a run: the whole log of each chat, and who reacted to what, as the first of its members
is told, who never left."""
import collections

from history import Writer, hash_of, read_folder
from parley_pb import message_service_pb2 as messages

PAGE_SIZE = 100


class Auditor:
    """Reads what is there over gRPC, and writes its history."""

    def __init__(self, world, folder):
        self.world, self.history = world, Writer(folder / "auditor.jsonl")
        self.heads = {}  # chat -> how long its log is
        self.reacted = collections.defaultdict(set)  # chat -> messages to which somebody wanted to react
        for records in read_folder(folder).values():
            for record in records:
                if record["e"] == "react":
                    self.reacted[record["chat"]].add(record["id"])

    def list_all(self):
        """All chats."""
        for chat, (users, *_) in self.world.chats.items():
            caller = self.world.acting(users[0])
            counts = self._list(chat, caller)
            for message_id in sorted(self.reacted[chat].union(counts)):
                self.history.note("reactions", chat=chat, id=message_id, by=self.world.ids[users[0]],
                                  counts=counts.get(message_id, []), users=who_reacted(caller, message_id))

    def _list(self, chat, caller):
        """A chat's log; the counts of reactions that it shows, {message id: counts}."""
        counts, page = {}, None
        while page is None or page.next_page_token:
            page = caller.ListMessages(chat_id=chat, page_size=PAGE_SIZE,
                                       page_token=page.next_page_token if page else "")
            for message in page.messages:
                has_text = message.WhichOneof("body") == "content"
                self.history.note("listed", chat=chat, seq=message.seq, id=message.message_id, sender=message.sender_id,
                                  hash=hash_of(message.content) if has_text else None,
                                  edited=message.HasField("edited_at"), deleted=message.HasField("deleted_at"),
                                  expired=message.status == messages.MESSAGE_STATUS_EXPIRED)
                if message.reactions:
                    counts[message.message_id] = [[hash_of(one.emoji), one.count, one.mine]
                                                  for one in message.reactions]
        self.heads[chat] = caller.GetChat(chat_id=chat).last_seq
        self.history.note("listed_all", chat=chat, last_seq=self.heads[chat],
                          first=page.log_start.first_seq if page.HasField("log_start") else 1)
        return counts


def who_reacted(caller, message_id):
    """The list of a message: [[user, hash]]."""
    found, page = [], None
    while page is None or page.next_page_token:
        page = caller.ListReactions(message_id=message_id, page_size=PAGE_SIZE,
                                    page_token=page.next_page_token if page else "")
        found += [[one.user_id, hash_of(one.emoji)] for one in page.reactions]
    return found
