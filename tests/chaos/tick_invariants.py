# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The invariants of watermarks and of what is told of them: receipts, counts, statuses. As in invariants.py."""
import collections

from view import Highest

RANKS = {"sent": 1, "delivered": 2, "read": 3, "expired": 4}


def watermarks_never_go_back(view):
    """I4, I6. What a client is told only grows; and so does what a question gets that left after an answer came."""
    seen = collections.defaultdict(Highest)
    for name, record in view.each("watermarks", "receipt", "read_ok"):
        for user, kind, value in marks_of(view, name, record):
            key = (record["chat"], user, kind)
            if record["e"] == "watermarks" and value < seen[key].before(record["asked"]):
                yield (f"{name}: {kind} of {user} in {record['chat']} is {value}, and was"
                       f" {seen[key].before(record['asked'])} before")
            seen[key].add(record["t"], value)
    for name, records in view.histories.items():
        told = {}
        for record in records:
            for user, kind, value in marks_of(view, name, record) if record["e"] in ("receipt", "read_ok") else ():
                key = (record["chat"], user, kind)
                if value < told.get(key, 0):
                    yield f"{name}: was told {kind} {value} of {user} in {record['chat']} after {told[key]}"
                told[key] = value


def marks_of(view, name, record):
    """(user, kind, value) of each watermark that a record shows."""
    if record["e"] == "watermarks":
        for user, values in record["members"].items():
            yield from zip((user, user), ("delivered", "read"), values)
    elif record["e"] == "receipt":
        yield record["user"], "delivered", record["delivered"]
        yield record["user"], "read", record["read"]
    else:
        yield view.clients[name]["user"], "read", record["seq"]


def receipts_tell_the_truth(view):
    """I6. Delivered comes after a device acknowledged, read after a user read, and read implies delivered."""
    acked = acknowledged_in(view)
    for name, record in view.each("watermarks", "receipt"):
        yield from untrue_of(name, record, acked, list(marks_of(view, name, record)))


def untrue_of(name, record, acked, marks):
    """What one record says of watermarks, and cannot be so."""
    values = {(user, kind): value for user, kind, value in marks}
    for (user, kind), value in values.items():
        if value > acked[record["chat"], user, kind].before(record["t"]):
            yield f"{name}: {kind} of {user} in {record['chat']} is {value} before it can be"
        if kind == "read" and value > values[user, "delivered"]:
            yield f"{name}: {user} has read {value} in {record['chat']}, and got {values[user, 'delivered']}"


def counts_tell_the_truth(view):
    """I6. Of each message in a group its sender is told how many acknowledged and read it, which only grows."""
    acked = acknowledged_in(view)
    for device in view.devices:
        told = {}
        for record in device.records:
            for seq in counted_by(view, device, record) if record["e"] == "counts" else ():
                yield from untrue_count_of(view, device, record, seq, acked)
                before = told.get((record["chat"], seq), record)
                told[record["chat"], seq] = record
                if record["delivered"] < before["delivered"] or record["read"] < before["read"]:
                    yield (f"{device.name}: was told that {record['delivered']} have and {record['read']} read"
                           f" {record['chat']} {seq} after {before['delivered']} and {before['read']}")


def acknowledged_in(view):
    """How far each user's devices had acknowledged and read when, as far as they say: {(chat, user, kind): Highest}."""
    acked = collections.defaultdict(Highest)
    for name, record in view.each("hello", "ack", "read"):
        user = view.clients[name]["user"]
        cursors = {record["chat"]: record["seq"]} if record["e"] == "read" else record["cursors"]
        for chat, seq in cursors.items():
            acked[chat, user, "delivered"].add(record["t"], seq)
            if record["e"] == "read":
                acked[chat, user, "read"].add(record["t"], seq)
    return acked


def counted_by(view, device, record):
    """The places of a device's user's messages that a record of counts speaks of."""
    places = view.chats[record["chat"]].places
    return [seq for seq in range(record["first"], record["last"] + 1)
            if seq in places and places[seq].sender == device.user and places[seq].id in view.first_send]


def untrue_count_of(view, device, record, seq, acked):
    """What counts say of one message, and cannot be so."""
    others = view.chats[record["chat"]].others_at(device.user, seq)
    if record["recipients"] != len(others) or not record["read"] <= record["delivered"] <= len(others):
        yield (f"{device.name}: {record['chat']} {seq} went to {len(others)} others, and is told that of"
               f" {record['recipients']} {record['delivered']} have it and {record['read']} read it")
    for kind in ("delivered", "read"):
        reached = sum(acked[record["chat"], user, kind].before(record["t"]) >= seq for user in others)
        if record[kind] > reached:
            yield f"{device.name}: {record['chat']} {seq} is {kind} by {record[kind]}, and only {reached} said so"


def status_never_goes_back(view):
    """I6. Sent, delivered, read; and the counts behind it."""
    seen = collections.defaultdict(Highest)
    for name, record in view.each("status"):
        recipients, delivered, read = record["counts"]
        if not read <= delivered <= recipients:
            yield f"{name}: {record['id']} has {recipients} recipients, {delivered} got it, {read} read it"
        for kind, value in (("status", RANKS[record["status"]]), ("delivered", delivered), ("read", read)):
            before = seen[record["id"], kind].before(record["asked"])
            if value < before:
                yield f"{name}: {kind} of {record['id']} is {value}, and was {before} before"
            seen[record["id"], kind].add(record["t"], value)


def ticks_are_right_at_the_end(view):
    """I6, I10. Of a chat of two each device knows how far the other is, as the last question about it was answered."""
    final = {record["chat"]: record["members"] for _, record in view.each("watermarks")}
    for device in view.devices:
        known = {}
        for record in device.records:
            if record["e"] == "receipt":
                known[record["chat"], record["user"]] = [record["delivered"], record["read"]]
        for chat_id, members in final.items():
            if not view.chats[chat_id].is_pair or device.user not in members:
                continue
            for other in set(members) - {device.user}:
                if known.get((chat_id, other), [0, 0]) != members[other]:
                    yield (f"{device.name}: knows {known.get((chat_id, other))} of {other} in {chat_id}, and it is"
                           f" {members[other]}")
