# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Bugs to plant in the histories of a run that was right, as if the server had them.

Each plant changes the lists of records in place (and no record), where the random number generator says, and breaks the
invariants in its row of PLANTS: the checker must name one of them. It raises IndexError when there is no place for it.
"""
from history import DELETE, EDIT
from planting import SECOND_NS, amended_of, entry_of, records_of
from reaction_plants import REACTION_PLANTS
from retention_plants import RETENTION_PLANTS
from tick_plants import (count_going_back, counted_before_ack, counted_without_one, read_beyond_delivered,
                         receipt_before_ack, receipt_before_commit, receipt_for_others, tick_lost,
                         watermark_going_back)


def lost_after_ack(histories, random):
    """The log at the end has no such message."""
    left = {others[at]["id"] for others, at in records_of(histories, "listed")}
    records, index = entry_of(histories, random, lambda record: record["id"] in left)
    place = records[index]["chat"], records[index]["seq"]
    for listed, at in records_of(histories, "listed"):
        if (listed[at]["chat"], listed[at]["seq"]) == place:
            del listed[at]
            return


def overwritten_after_ack(histories, random):
    """After a crash another message has the place of one that was acknowledged."""
    records, index = entry_of(histories, random)
    lost = records[index]["id"]
    for event in ("entry", "listed", "got"):
        for others, at in records_of(histories, event, lambda record: record["id"] == lost):
            others[at] = others[at] | {"id": "another"}


def lost_to_one_device(histories, random):
    """A device never gets an entry."""
    records, index = entry_of(histories, random)
    chat, seq = records[index]["chat"], records[index]["seq"]
    records[:] = [record for record in records
                  if record["e"] != "entry" or (record["chat"], record["seq"]) != (chat, seq)]


def last_lost_to_one_device(histories, random):
    """The same at the end of the log, where no entry after it shows the gap."""
    records, index = entry_of(histories, random)
    chat = records[index]["chat"]
    del records[max(at for at, record in enumerate(records) if record["e"] == "entry" and record["chat"] == chat)]


def delivered_twice(histories, random):
    """A session gets an entry again."""
    records, index = entry_of(histories, random)
    records.insert(index + 1, dict(records[index]))


def stored_twice(histories, random):
    """A message that was sent again has two places; everybody sees both."""
    records, index = entry_of(histories, random)
    chat, message_id = records[index]["chat"], records[index]["id"]
    (listing, end), = records_of(histories, "listed_all", lambda record: record["chat"] == chat)
    last_seq = listing[end]["last_seq"] + 1
    listing[end] = listing[end] | {"last_seq": last_seq}
    for event in ("entry", "listed"):
        for others, at in reversed(records_of(histories, event, lambda record: record["id"] == message_id)):
            last = max(number for number, record in enumerate(others) if record["e"] == event)
            others.insert(last + 1, others[at] | {"seq": last_seq, "prev": None, "t": others[last]["t"]})


def acknowledged_with_two_places(histories, random):
    """A repeated send is answered with another seq than the first."""
    records, index = random.choice(records_of(histories, "sent"))
    records.insert(index + 1, records[index] | {"seq": records[index]["seq"] + 1})


def swapped_in_time(histories, random):
    """Two entries of a chat come in the wrong order."""
    records, index = entry_of(histories, random, lambda record: record["seq"] > 1)
    chat = records[index]["chat"]
    places = [at for at, record in enumerate(records) if record["e"] == "entry" and record["chat"] == chat]
    here = max(1, places.index(index))
    before, index = places[here - 1:here + 1]
    first, second = records[before], records[index]
    records[before], records[index] = second | {"t": first["t"]}, first | {"t": second["t"]}


def swapped_in_the_log(histories, random):
    """One device sees two messages in each other's place."""
    records, index = entry_of(histories, random)
    other = random.choice([at for at, record in enumerate(records)
                           if record["e"] == "entry" and at != index and record["chat"] == records[index]["chat"]])
    places = [{field: records[at][field] for field in ("seq", "prev")} for at in (index, other)]
    records[index], records[other] = records[other] | places[0], records[index] | places[1]


def other_bytes(histories, random):
    """One device gets another body."""
    records, index = entry_of(histories, random)
    records[index] = records[index] | {"hash": "0" * 16}


def other_bytes_for_all(histories, random):
    """Everybody gets the same body, and it is not what was sent."""
    records, index = entry_of(histories, random)
    message_id = records[index]["id"]
    for event in ("entry", "listed", "got"):
        for others, at in records_of(histories, event, lambda record: record["id"] == message_id and record["hash"]):
            others[at] = others[at] | {"hash": "0" * 16}


def edit_lost(histories, random):
    """The log at the end shows what the message was before."""
    records, index = amended_of(histories, random, EDIT)
    records[index] = records[index] | {"hash": "0" * 16}


def edit_of_nobody(histories, random):
    """Everybody gets another body as an edit than the one that was asked for."""
    records, index = random.choice(records_of(histories, "entry", lambda record: record["kind"] == EDIT
                                              and record["hash"]))
    place = records[index]["id"]
    for others, at in records_of(histories, "entry", lambda record: record["id"] == place and record["hash"]):
        others[at] = others[at] | {"hash": "0" * 16}


def deletion_lost(histories, random):
    """The log at the end still has the body."""
    records, index = amended_of(histories, random, DELETE)
    sent = {others[at]["id"]: others[at]["hash"] for others, at in records_of(histories, "send")}
    records[index] = records[index] | {"hash": sent[records[index]["id"]], "deleted": False}


def deleted_body_delivered(histories, random):
    """A device that connects later gets a body that was deleted."""
    records, index = amended_of(histories, random, DELETE)
    message = records[index]
    devices = [others for others in histories.values() if others[0].get("role") == "device"]
    got = [(others, at) for others in devices for at, record in enumerate(others)
           if record["e"] == "entry" and record["id"] == message["id"]]
    others, at = random.choice(got)
    end = max(record["t"] for records in histories.values() for record in records)
    others.append({"t": end + 1, "e": "hello", "cursors": {}})
    others.append(others[at] | {"t": end + 2, "hash": "0" * 16})


def entry_after_removal(histories, random):
    """A removed member's device gets what came next."""
    places = {}
    for records, index in records_of(histories, "entry"):
        places[records[index]["chat"], records[index]["seq"]] = records[index]
    users = {id(records): records[0].get("user") for records in histories.values()}
    # Of the chat's next entry there must be one that does not add the user again.
    removals = [(records, index, places[record["chat"], record["seq"] + 1])
                for records, index in records_of(histories, "entry", lambda record: record["remove"])
                for record in [records[index]] if users[id(records)] in record["remove"]
                and (record["chat"], record["seq"] + 1) in places
                and users[id(records)] not in places[record["chat"], record["seq"] + 1]["add"]]
    records, index, entry = random.choice(removals)
    records.insert(index + 1, entry | {"t": max(records[index]["t"], entry["t"])})


def cursor_going_back(histories, random):
    """After a restart the server has an older cursor, and does not take the device's."""
    heres = [(records, index) for records, index in records_of(histories, "hello") if records[index]["cursors"]
             and any(record["e"] == "entry" for record in records[:index])]
    records, index = random.choice(heres)
    last = next(record for record in reversed(records[:index]) if record["e"] == "entry")
    records.insert(index + 1, last | {"t": records[index]["t"]})


def reply_before_what_was_read(histories, random):
    """A message gets a place before one that its author had."""
    sent = {records[index]["id"] for records, index in records_of(histories, "send")}
    records, index = entry_of(histories, random, lambda record: record["prev"] in sent)
    place = records[index]
    for others, at in records_of(histories, "send", lambda record: record["id"] == place["prev"]):
        others[at] = others[at] | {"t": place["t"] + SECOND_NS}


def never_answered(histories, random):
    """A send has no outcome, ever."""
    failed = {records[index]["id"] for records, index in records_of(histories, "failed")}
    records, index = random.choice(records_of(histories, "sent", lambda record: record["id"] not in failed))
    message_id = records[index]["id"]
    for others in histories.values():
        others[:] = [record for record in others if record["e"] != "sent" or record["id"] != message_id]


def refused_and_stored(histories, random):
    """A refusal that is not true."""
    seen = {records[index]["id"] for records, index in records_of(histories, "entry")}
    records, index = random.choice(records_of(histories, "sent", lambda record: record["id"] in seen))
    message_id = records[index]["id"]
    for others, at in records_of(histories, "sent", lambda record: record["id"] == message_id):
        others[at] = {"t": others[at]["t"], "e": "failed", "chat": others[at]["chat"], "id": message_id, "code": 7,
                      "reason": "NOT_A_MEMBER", "retry_ms": 0}
    for others in histories.values():
        others[:] = [record for record in others if record["e"] != "failed" or record["id"] != message_id
                     or record["reason"] == "NOT_A_MEMBER"]
    sends = records_of(histories, "send", lambda record: record["id"] == message_id)
    faileds = records_of(histories, "failed", lambda record: record["id"] == message_id)
    while len(faileds) < len(sends):
        records.insert(faileds[-1][1] + 1, dict(faileds[-1][0][faileds[-1][1]]))
        faileds = records_of(histories, "failed", lambda record: record["id"] == message_id)


def late(histories, random):
    """A device gets an entry long after the faults are over."""
    records, index = entry_of(histories, random)
    end = max(record["t"] for others in histories.values() for record in others)
    records[index] = records[index] | {"t": end + 100 * SECOND_NS}


def caught_up_too_early(histories, random):
    """It is said before what the device had missed has come."""
    places = []
    for records, index in records_of(histories, "hello"):
        ends = [at for at in range(index, len(records)) if records[at]["e"] == "caught_up"]
        entries = [at for at in range(index, ends[0] if ends else index) if records[at]["e"] == "entry"]
        sends = {others[at]["id"]: others[at]["t"] for others, at in records_of(histories, "sent")}
        if any(sends.get(records[at]["id"], records[index]["t"]) < records[index]["t"] for at in entries):
            places.append((records, index, ends[0]))
    records, index, end = random.choice(places)
    records.insert(index + 1, records.pop(end) | {"t": records[index]["t"]})


def change_not_in_the_log(histories, random):
    """A change of members was answered with a place that says nothing of it."""
    records, index = random.choice(records_of(histories, "changed", lambda record: record["seq"] > 1))
    records[index] = records[index] | {"seq": records[index]["seq"] - 1}


def refused_without_hint(histories, random):
    """Overloaded, and not when to come back."""
    records, index = random.choice(records_of(histories, "send"))
    records.insert(index + 1, {"t": records[index]["t"], "e": "failed", "chat": records[index]["chat"],
                               "id": records[index]["id"], "code": 8, "reason": "OVERLOADED", "retry_ms": 0})


def ended_by_a_bug(histories, random):
    """A session ends for a reason that is the server's fault."""
    records, index = random.choice(records_of(histories, "hello"))
    records.insert(index + 1, {"t": records[index]["t"], "e": "end", "code": "1011", "reason": "INTERNAL"})


def memory_without_bound(histories, random):
    """A process grows."""
    records = histories[random.choice(sorted(histories))]
    records.append({"t": records[-1]["t"], "e": "memory", "process": "parleyd", "bytes": 4 << 30})


def another_under_the_id(histories, random):
    """Other bytes under an id that was used are taken."""
    records, index = random.choice(records_of(histories, "sent"))
    records.insert(index + 1, {"t": records[index]["t"], "e": "reused", "id": records[index]["id"], "reason": None})


PLANTS = {
    lost_after_ack: {"I1"}, overwritten_after_ack: {"I1", "I2"}, lost_to_one_device: {"I1", "I3 I4"},
    last_lost_to_one_device: {"I1"}, delivered_twice: {"I3 I4"}, stored_twice: {"I2"},
    acknowledged_with_two_places: {"I2"}, swapped_in_time: {"I3 I4"}, swapped_in_the_log: {"I2"}, other_bytes: {"I2"},
    other_bytes_for_all: {"I2"}, edit_lost: {"I1"}, edit_of_nobody: {"I2"}, deletion_lost: {"I1"},
    deleted_body_delivered: {"I2"}, receipt_before_ack: {"I6"}, receipt_before_commit: {"I4 I6"},
    read_beyond_delivered: {"I6"}, counted_before_ack: {"I6"}, count_going_back: {"I6"}, counted_without_one: {"I6"},
    tick_lost: {"I6 I10"}, entry_after_removal: {"I7"}, receipt_for_others: {"I7"}, cursor_going_back: {"I3 I4"},
    watermark_going_back: {"I4 I6"}, reply_before_what_was_read: {"I5"}, never_answered: {"I8"},
    refused_and_stored: {"I8"}, late: {"I10"}, caught_up_too_early: {"I10"}, change_not_in_the_log: {"I8"},
    refused_without_hint: {"I9"}, memory_without_bound: {"I9"}, ended_by_a_bug: {"I9"}, another_under_the_id: {"I2"},
    **RETENTION_PLANTS, **REACTION_PLANTS,
}
