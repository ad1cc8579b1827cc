# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What plants share: where in the histories of a run a bug can be."""
from history import MESSAGE

SECOND_NS = 1_000_000_000


def records_of(histories, event, condition=lambda record: True):
    """(records of a history, index) of each record of a kind."""
    return [(records, index) for records in histories.values() for index, record in enumerate(records)
            if record["e"] == event and condition(record)]


def chats_of(histories, condition=lambda record: True):
    """The chats whose members are known: {chat: its record}."""
    return {records[index]["chat"]: records[index] for records, index in records_of(histories, "chat", condition)}


def entry_of(histories, random, condition=lambda record: True):
    """An entry of a user's message that a device got."""
    chats = chats_of(histories)
    return random.choice(records_of(histories, "entry", lambda record: record["kind"] == MESSAGE
                                    and record["chat"] in chats and record["hash"] and condition(record)))


def amended_of(histories, random, *operations):
    """One of the messages that were edited or deleted: (records of the log at the end, index)."""
    done = {(id(records), records[index]["n"]) for records, index in records_of(histories, "amended")}
    amended = {}  # message id -> what was done to it
    for records, index in records_of(histories, "amend"):
        if (id(records), records[index]["n"]) in done:
            amended.setdefault(records[index]["id"], set()).add(records[index]["op"])
    return random.choice(records_of(histories, "listed", lambda record: amended.get(record["id"]) == set(operations)))


def counts_of(histories, random):
    """What a device was told of messages that some have."""
    return random.choice(records_of(histories, "counts", lambda record: record["delivered"] > 0))
