# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Bugs in reactions, as in plants.py."""
import collections

from history import REACTION
from planting import chats_of, records_of

OTHER = "0" * 16  # no emoji's hash


def reaction_of(histories, random, condition=lambda record: True):
    """A reaction that a device got while it stood: its record."""
    chats = chats_of(histories)
    records, index = random.choice(records_of(histories, "entry", lambda record: record["kind"] == REACTION
                                              and record["chat"] in chats and record["hash"] and condition(record)))
    return records[index]


def shown_of(histories, random):
    """What is told at the end of a message to which somebody reacted: (records, index)."""
    return random.choice(records_of(histories, "reactions", lambda record: record["users"]))


def change_everywhere(histories, entry, **fields):
    """Everybody gets an entry otherwise."""
    for records, index in records_of(histories, "entry", lambda record: record["id"] == entry["id"]):
        records[index] = records[index] | fields


def reaction_lost(histories, random):
    """It was acknowledged, and is not in the log."""
    records, index = random.choice(records_of(histories, "reacted"))
    number = max(record.get("n", 0) for record in records) + 1
    asked = next(record for record in records if record["e"] == "react" and record["n"] == records[index]["n"])
    end = records[-1]["t"]
    records.append(asked | {"n": number, "t": end + 1, "hash": OTHER})
    records.append(records[index] | {"n": number, "t": end + 2, "mine": [OTHER]})


def reaction_lost_to_one_device(histories, random):
    """A device never gets it."""
    entry = reaction_of(histories, random)
    place = entry["chat"], entry["seq"]
    records, _ = random.choice(records_of(histories, "entry", lambda record: record["id"] == entry["id"]))
    records[:] = [record for record in records
                  if record["e"] != "entry" or (record["chat"], record["seq"]) != place]


def reaction_doubled(histories, random):
    """One that was asked for again is in the log again; everybody sees both."""
    entry = reaction_of(histories, random)
    (listing, end), = records_of(histories, "listed_all", lambda record: record["chat"] == entry["chat"])
    last_seq = listing[end]["last_seq"] + 1
    listing[end] = listing[end] | {"last_seq": last_seq}
    for records, index in reversed(records_of(histories, "entry", lambda record: record["id"] == entry["id"])):
        last = max(number for number, record in enumerate(records) if record["e"] == "entry")
        records.insert(last + 1, records[index] | {"seq": last_seq, "id": "another", "prev": None,
                                                   "t": records[last]["t"]})


def reaction_of_another_user(histories, random):
    """Everybody gets it as what another member said."""
    entry = reaction_of(histories, random)
    others = set(chats_of(histories)[entry["chat"]]["members"]) - {entry["sender"]}
    change_everywhere(histories, entry, sender=random.choice(sorted(others)))


def reaction_to_another_message(histories, random):
    """Everybody gets it as one to another message of the chat."""
    entry = reaction_of(histories, random)
    others = {records[index]["id"] for records, index in records_of(histories, "listed")
              if records[index]["chat"] == entry["chat"]} - {entry["target"]}
    for records, index in records_of(histories, "entry", lambda record: record["id"] == entry["id"]):
        if records[index]["target"]:
            records[index] = records[index] | {"target": max(others)}


def other_reaction_for_all(histories, random):
    """Everybody gets the same, and it is not what was said."""
    entry = reaction_of(histories, random)
    for records, index in records_of(histories, "entry", lambda record: record["id"] == entry["id"]):
        if records[index]["hash"]:
            records[index] = records[index] | {"hash": OTHER}


def other_reaction_for_one(histories, random):
    """One device gets it otherwise than it was told to others."""
    entry = reaction_of(histories, random)
    records, index = random.choice(records_of(histories, "entry", lambda record: record["id"] == entry["id"]
                                              and record["hash"]))
    records[index] = records[index] | {"hash": OTHER}


def reaction_after_leaving(histories, random):
    """Who was removed reacts, and it is taken."""
    entries = {}
    for records, index in records_of(histories, "entry"):
        entries[records[index]["chat"], records[index]["seq"]] = records[index]
    gone, found = collections.defaultdict(set), []
    for (chat, _), entry in sorted(entries.items()):
        gone[chat] = gone[chat] - set(entry["add"]) | set(entry["remove"])
        if entry["kind"] == REACTION and gone[chat]:
            found.append((entry, min(gone[chat])))
    entry, user = random.choice(found)
    change_everywhere(histories, entry, sender=user)


def reaction_before_what_was_seen(histories, random):
    """It gets a place before one that its user had."""
    asked = collections.defaultdict(list)  # (user, target, hash) -> records of asking
    for records, index in records_of(histories, "react"):
        asked[records[0]["user"], records[index]["id"], records[index]["hash"]].append(records[index])
    places = {(records[index]["chat"], records[index]["seq"]) for records, index in records_of(histories, "entry")}

    def is_told_apart(record):
        numbers = {one["n"] for one in asked[record["sender"], record["target"], record["hash"]]}
        return len(numbers) == 1 and (record["chat"], record["seq"] + 1) in places

    entry = reaction_of(histories, random, is_told_apart)
    first = min(one["t"] for one in asked[entry["sender"], entry["target"], entry["hash"]])
    records, index = random.choice(records_of(histories, "entry", lambda record: record["chat"] == entry["chat"]
                                              and record["seq"] == entry["seq"] + 1))
    records[index] = records[index] | {"t": first - 1}


def replaced_reaction_told(histories, random):
    """A device that connects later is told what a user said, and then replaced."""
    last = collections.Counter()  # (user, target) -> seq
    for records, index in records_of(histories, "entry", lambda record: record["kind"] == REACTION):
        record = records[index]
        key = record["sender"], record["target"]
        last[key] = max(last[key], record["seq"])
    records, index = random.choice(records_of(histories, "entry", lambda record: record["kind"] == REACTION
                                              and record["hash"] and record["target"]
                                              and record["seq"] < last[record["sender"], record["target"]]))
    end = max(record["t"] for others in histories.values() for record in others)
    records.append({"t": end + 1, "e": "hello", "cursors": {}})
    records.append(records[index] | {"t": end + 2})


def own_reaction_not_shown(histories, random):
    """The answer to a reaction does not have it."""
    chats = chats_of(histories, lambda chat: not chat["ttl"])
    deleted = {records[index]["id"] for records, index in records_of(histories, "amend")}
    asked = {(id(records), records[index]["n"]) for records, index in records_of(histories, "react")
             if records[index]["chat"] in chats and records[index]["id"] not in deleted}
    records, index = random.choice([(records, index) for records, index in records_of(histories, "reacted")
                                    if records[index]["mine"] and (id(records), records[index]["n"]) in asked])
    records[index] = records[index] | {"mine": []}


def counted_once_too_often(histories, random):
    """A message shows more reactions than it has."""
    records, index = shown_of(histories, random)
    (digest, count, mine), *rest = records[index]["counts"]
    records[index] = records[index] | {"counts": [[digest, count + 1, mine], *rest]}


def counted_as_own(histories, random):
    """A message shows another's reaction as that of who asks, or the other way round."""
    records, index = shown_of(histories, random)
    (digest, count, mine), *rest = records[index]["counts"]
    records[index] = records[index] | {"counts": [[digest, count, not mine], *rest]}


def listed_for_another_user(histories, random):
    """The list of who reacted names the wrong one."""
    records, index = shown_of(histories, random)
    (_, digest), *rest = records[index]["users"]
    records[index] = records[index] | {"users": [["somebody", digest], *rest]}


def withdrawn_and_still_shown(histories, random):
    """At the end a message has a reaction that was taken back."""
    taken = {records[index]["target"] for records, index in records_of(
        histories, "entry", lambda record: record["kind"] == REACTION and not record["hash"] and record["target"])}
    records, index = random.choice(records_of(histories, "reactions", lambda record: record["id"] in taken
                                              and not record["users"]))
    records[index] = records[index] | {"users": [["alice", OTHER]], "counts": [[OTHER, 1, True]]}


def reaction_never_answered(histories, random):
    """It has no outcome, ever."""
    records, index = random.choice(records_of(histories, "reacted"))
    number = records[index]["n"]
    records[:] = [record for record in records
                  if record["e"] not in ("reacted", "react_failed") or record["n"] != number]


def refused_as_if_not_there(histories, random):
    """A user who sees the message, and never left, cannot react."""
    left = {user for records, index in records_of(histories, "entry") for user in records[index]["remove"]}
    records, index = random.choice([(records, index) for records, index in records_of(histories, "reacted")
                                    if records[0]["user"] not in left])
    records[index] = {"t": records[index]["t"], "e": "react_failed", "n": records[index]["n"],
                      "reason": "MESSAGE_NOT_FOUND"}


REACTION_PLANTS = {
    reaction_lost: {"I1 I2"}, reaction_lost_to_one_device: {"I1", "I3 I4"}, reaction_doubled: {"I1 I2"},
    reaction_of_another_user: {"I1 I2"}, reaction_to_another_message: {"I1 I2"}, other_reaction_for_all: {"I1 I2"},
    other_reaction_for_one: {"I2", "I1 I2"}, reaction_after_leaving: {"I7"}, reaction_before_what_was_seen: {"I5"},
    replaced_reaction_told: {"I2"}, own_reaction_not_shown: {"I1"}, counted_once_too_often: {"I1"},
    counted_as_own: {"I1"}, listed_for_another_user: {"I1"}, withdrawn_and_still_shown: {"I1"},
    reaction_never_answered: {"I8"}, refused_as_if_not_there: {"I8"},
}
