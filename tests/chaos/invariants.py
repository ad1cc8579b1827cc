# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The invariants of a chat's log and its cursors, as far as clients can see them.

Each is a function of a View that yields sentences, one for each violation. The relation "before" is only taken from the
machine's clock where it is certain: what was recorded as seen, before what was recorded as about to be asked for.
"""
import collections

from view import Highest

DEFINITE = {"NOT_A_MEMBER", "MESSAGE_ID_REUSED", "INVALID_ARGUMENT", "PERMISSION_DENIED"}  # refused, and not stored
ENDS = {None, "UNAVAILABLE", "DRAINING", "DATABASE_UNAVAILABLE", "OVERLOADED", "SESSION_REPLACED", "OUTCOME_UNKNOWN"}
RANKS = {"sent": 1, "delivered": 2, "read": 3}
RESOURCE_EXHAUSTED = 8
MEMORY_MAX = 512 << 20


def nothing_acknowledged_is_lost(view):
    """I1. The log at the end has what was acknowledged or seen, and each device has what its user may see of it."""
    if not view.sents:
        yield "nothing was acknowledged in this run, which therefore says nothing"
    for chat in view.chats.values():
        if chat.is_declared and chat.listed_last is None:
            yield f"{chat.chat_id}: its log was not listed at the end"
        elif chat.is_declared:
            yield from lost_of(chat)
    for name, record in view.each("missing"):
        yield f"{name}: {record['id']} was acknowledged, and then not found"
    for device in view.devices:
        if not any(record["e"] == "finished" and record["is_complete"] for record in device.records):
            yield f"{device.name} did not get what there is before the run's end"
        for chat in view.chats.values():
            missed = [seq for seq in chat.places if device.is_due(chat, seq)
                      and (chat.chat_id, seq) not in device.got_at]
            if missed:
                yield f"{device.name}: never got {len(missed)} of {chat.chat_id}, the first is {min(missed)}"


def lost_of(chat):
    """What somebody saw of a log and is not in it at the end. (Edits and deletions are not listed; there are none.)"""
    for seq, place in sorted(chat.places.items()):
        if chat.listed.get(seq) != place.id:
            yield f"{chat.chat_id} {seq}: {place.id} is not there at the end, but {chat.listed.get(seq)}"
    holes = set(range(1, chat.listed_last + 1)) - set(chat.listed)
    if holes:
        yield f"{chat.chat_id}: no entry {min(holes)}, and the log goes up to {chat.listed_last}"


def one_id_has_one_place_and_one_body(view):
    """I2. Everybody sees the same entry at the same place, an id is there once, and has the bytes that were sent."""
    for chat in view.chats.values():
        yield from chat.conflicts
        for seq, place in sorted(chat.places.items()):
            before = chat.places.get(seq - 1)
            if before and place.prev is not None and place.prev != before.id:
                yield f"{chat.chat_id} {seq}: the entry before is {before.id}, and it says {place.prev}"
            sent = view.first_send.get(place.id)
            if sent and (sent["chat"] != chat.chat_id or place.hash not in (None, sent["hash"])):
                yield f"{chat.chat_id} {seq}: {place.id} is not what was sent"
            if sent and place.known_at < sent["t"]:
                yield f"{chat.chat_id} {seq}: {place.id} was there before it was sent"
            if not sent and seq not in chat.events and chat.is_declared:
                yield f"{chat.chat_id} {seq}: nobody sent {place.id}"
    for name, record in view.each("reused"):
        if record["reason"] != "MESSAGE_ID_REUSED":
            yield f"{name}: another message was taken under the id {record['id']}: {record['reason']}"


def devices_see_prefixes_in_order(view):
    """I3, I4. From what hello said on, a session gets its user's entries one by one: none again, none left out."""
    for device in view.devices:
        last = {}
        for record in device.records:
            if record["e"] == "hello":
                last = dict(record["cursors"])
            elif record["e"] == "entry":
                chat, seq = view.chats[record["chat"]], record["seq"]
                had = last.get(chat.chat_id, device.begun[chat.chat_id])
                due = chat.next_visible(device.user, had)
                if seq <= had:
                    yield f"{device.name}: {chat.chat_id} {seq} came after {had}: again, or out of order"
                elif seq != due and chat.is_visible(device.user, seq):
                    yield f"{device.name}: {chat.chat_id} {seq} came after {had}, and {due} was due"
                last[chat.chat_id] = max(had, seq)


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
        yield (f"{device.name}: {record['chat']} {seq} went to {len(others)} others, and of {record['recipients']} it is"
               f" told that {record['delivered']} have it and {record['read']} read it")
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


def replies_come_after_what_was_read(view):
    """I5, and more: what is sent after somebody saw a place of the chat gets a higher one."""
    for chat in view.chats.values():
        seen = Highest()
        for seq, place in sorted(chat.places.items(), key=lambda item: item[1].known_at):
            seen.add(place.known_at, seq)
        for seq, place in sorted(chat.places.items()):
            sent = view.first_send.get(place.id)
            if sent and seen.before(sent["t"]) >= seq:
                yield f"{chat.chat_id} {seq}: {place.id} was sent after {seen.before(sent['t'])} was seen"


def only_members_get_and_send(view):
    """I7. Nobody gets an entry of a time when they were no member, or is in the log as the sender of one."""
    for device in view.devices:
        for chat_id, seq in device.got_at:
            if not view.chats[chat_id].is_visible(device.user, seq):
                yield f"{device.name}: got {chat_id} {seq}, and {device.user} was no member then"
    for chat in view.chats.values():
        for seq, place in sorted(chat.places.items()):
            if place.id in view.first_send and place.sender and not chat.is_visible(place.sender, seq):
                yield f"{chat.chat_id} {seq}: {place.sender} sent it, and was no member then"


def unknown_outcomes_converge(view):
    """I8. At the end every send has its answer, and what was only ever refused is not in the log; so for changes."""
    for message_id, sent in view.first_send.items():
        refusals = [record["reason"] for _, record in view.faileds[message_id]]
        is_refused = any(reason in DEFINITE for reason in refusals)
        if not view.sents[message_id] and not is_refused:
            yield f"{sent['chat']}: {message_id} never got an answer: {refusals[-3:]}"
        is_never_unknown = len(refusals) == view.attempts[message_id] and set(refusals) <= DEFINITE
        if is_never_unknown and message_id in view.chats[sent["chat"]].seqs:
            yield f"{sent['chat']}: {message_id} was refused ({refusals[0]}), and is in the log"
    changes = {(name, record["n"]): record for name, record in view.each("change")}
    for name, record in view.each("changed", "change_failed"):
        change = changes.pop((name, record["n"]), None)
        if record["e"] == "changed" and change and record["seq"]:
            added, removed = view.chats[record["chat"]].events.get(record["seq"], ((), ()))
            if change["user"] not in (added if change["op"] in ("add", "join") else removed):
                yield f"{name}: {record['chat']} {record['seq']} does not {change['op']} {change['user']}"
    for (name, number), change in changes.items():
        yield f"{name}: change {number} ({change['op']}) never got an answer"


def refusals_are_regular(view):
    """I9. Past a bound there is a hint when to retry; memory is bounded; sessions end for reasons that are foreseen."""
    for name, record in view.each("failed"):
        if record["code"] == RESOURCE_EXHAUSTED and not record["retry_ms"]:
            yield f"{name}: {record['id']} was refused ({record['reason']}) without saying when to retry"
    for name, record in view.each("end"):
        if record["reason"] not in ENDS:
            yield f"{name}: a session ended with {record['code']}, {record['reason']}"
    peaks = collections.Counter()
    for _, record in view.each("memory"):
        peaks[record["process"]] = max(peaks[record["process"]], record["bytes"])
    for process, peak in peaks.items():
        if peak > MEMORY_MAX:
            yield f"{process} took {peak >> 20} MiB"


def devices_are_complete_soon_after_faults(view, limit_s):
    """I10. Within the limit of a calm a device has what its user may see; caught_up is said when that is true."""
    limit = int(limit_s * 1e9)
    for device in view.devices:
        yield from late_of(view, device, limit)
        yield from untrue_caught_up_of(view, device)


def late_of(view, device, limit):
    """What one device got too late. What it never got is for I1, unless the run ended before that was due."""
    late = []
    for chat in view.chats.values():
        for seq, place in chat.places.items():
            due = view.spans.calm_from(place.known_at, limit) + limit
            at = device.got_at.get((chat.chat_id, seq), view.end)
            if at > due and device.is_due(chat, seq):
                late.append((at - due, chat.chat_id, seq))
    if late:
        most, chat_id, seq = max(late)
        yield f"{device.name}: {len(late)} entries came too late, {chat_id} {seq} by {most / 1e9:.1f} s"


def untrue_caught_up_of(view, device):
    """What was known before hello and had not come when caught_up was said."""
    hello = 0
    for record in device.records:
        if record["e"] == "hello":
            hello = record["t"]
        elif record["e"] == "caught_up":
            for chat in view.chats.values():
                missed = [seq for seq, place in chat.places.items() if place.known_at < hello
                          and device.got_at.get((chat.chat_id, seq), view.end) > record["t"]
                          and device.is_due(chat, seq)]
                if missed:
                    yield f"{device.name}: caught_up was said, and {chat.chat_id} {min(missed)} had not come"


def ticks_are_right_at_the_end(view):
    """I6, I10. Of a chat of two each device knows how far the other is, as the last question about it was answered."""
    final = {record["chat"]: record["members"] for _, record in view.each("watermarks")}
    for device in view.devices:
        known = {}
        for record in device.records:
            if record["e"] == "receipt":
                known[record["chat"], record["user"]] = [record["delivered"], record["read"]]
        for chat_id, members in final.items():
            if set(members) != view.chats[chat_id].members or device.user not in members or len(members) != 2:
                continue
            for other in set(members) - {device.user}:
                if known.get((chat_id, other), [0, 0]) != members[other]:
                    yield (f"{device.name}: knows {known.get((chat_id, other))} of {other} in {chat_id}, and it is"
                           f" {members[other]}")


INVARIANTS = [
    ("I1", nothing_acknowledged_is_lost),
    ("I2", one_id_has_one_place_and_one_body),
    ("I3 I4", devices_see_prefixes_in_order),
    ("I4 I6", watermarks_never_go_back),
    ("I6", receipts_tell_the_truth),
    ("I6", counts_tell_the_truth),
    ("I6", status_never_goes_back),
    ("I5", replies_come_after_what_was_read),
    ("I7", only_members_get_and_send),
    ("I8", unknown_outcomes_converge),
    ("I9", refusals_are_regular),
    ("I6 I10", ticks_are_right_at_the_end),
]
