# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The invariants of a chat's log and its cursors, as far as clients can see them.

Each is a function of a View that yields sentences, one for each violation. The relation "before" is only taken from the
machine's clock where it is certain: what was recorded as seen, before what was recorded as about to be asked for.
"""
import bisect
import collections
import itertools

from amendment_invariants import amendments_last, deleted_bodies_are_gone, is_asked_for
from history import SETTINGS
from reaction_invariants import REACTION_INVARIANTS
from retention_invariants import (log_starts_never_go_back, logs_have_no_holes, nothing_leaves_before_its_time,
                                  what_is_over_is_not_told)
from tick_invariants import (counts_tell_the_truth, receipts_tell_the_truth, status_never_goes_back,
                             ticks_are_right_at_the_end, watermarks_never_go_back)
from view import Highest

DEFINITE = {"NOT_A_MEMBER", "MESSAGE_ID_REUSED", "INVALID_ARGUMENT", "PERMISSION_DENIED"}  # refused, and not stored
ENDS = {None, "UNAVAILABLE", "DRAINING", "DATABASE_UNAVAILABLE", "OVERLOADED", "SESSION_REPLACED", "OUTCOME_UNKNOWN"}
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
    """What somebody saw of a log and is not in it at the end. Edits, deletions and reactions are not listed. Whether
    the log may begin where it does is for others to say."""
    for seq, place in sorted(chat.places.items()):
        listed = chat.listed.get(seq, {}).get("id")
        if seq >= chat.listed_first and listed != (None if place.is_about_another else place.id):
            yield f"{chat.chat_id} {seq}: {place.id} is not there at the end, but {listed}"
    unlisted = {seq for seq, place in chat.places.items() if place.is_about_another}
    holes = set(range(chat.listed_first, chat.listed_last + 1)) - set(chat.listed) - unlisted
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
            if place.is_amendment and not is_asked_for(view, place):
                yield f"{chat.chat_id} {seq}: nobody asked for this amendment of {place.target}"
            elif chat.is_declared and not (sent or place.is_about_another or seq in chat.events
                                           or place.kind == SETTINGS):
                yield f"{chat.chat_id} {seq}: nobody sent {place.id}"
    for name, record in view.each("reused"):
        if record["reason"] != "MESSAGE_ID_REUSED":
            yield f"{name}: another message was taken under the id {record['id']}: {record['reason']}"


def devices_see_prefixes_in_order(view):
    """I3, I4. From what hello said on, a session gets its user's entries one by one: none again, none left out."""
    for device in view.devices:
        last, first = {}, {}
        for record in device.records:
            if record["e"] == "hello":
                last, first = dict(record["cursors"]), {}
            elif record["e"] == "log_start":
                first[record["chat"]] = record["first"]
            elif record["e"] == "entry":
                chat, seq = view.chats[record["chat"]], record["seq"]
                had = last.get(chat.chat_id, device.begun[chat.chat_id])
                due = chat.next_due(device.user, had, first.get(chat.chat_id, 0))
                if seq <= had:
                    yield f"{device.name}: {chat.chat_id} {seq} came after {had}: again, or out of order"
                elif seq != due and chat.is_visible(device.user, seq):
                    yield f"{device.name}: {chat.chat_id} {seq} came after {had}, and {due} was due"
                last[chat.chat_id] = max(had, seq)


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
    """I7. Nobody gets an entry of a time when they were no member, is in the log as the sender of one, or is told how
    far others are in a chat of two that is not theirs."""
    for device in view.devices:
        for chat_id, seq in device.got_at:
            if not view.chats[chat_id].is_visible(device.user, seq):
                yield f"{device.name}: got {chat_id} {seq}, and {device.user} was no member then"
        for record in device.records:
            if record["e"] == "receipt" and device.user not in view.chats[record["chat"]].members:
                yield f"{device.name}: is told how far others are in {record['chat']}, which is not theirs"
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
    for message_id, amends in view.amends.items():
        if not all(amend.answered_at for amend in amends):
            yield f"{message_id}: an edit or a deletion of it was refused, or never got an answer"


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
    """What one device got too late. What it never got is for I1, unless the run ended before that was due. On a busy
    machine its process may have begun long after others."""
    late, begun_at = [], device.records[0]["t"]
    for chat in view.chats.values():
        for seq, place in chat.places.items():
            due = view.spans.calm_from(max(place.known_at, begun_at), limit) + limit
            at = device.got_at.get((chat.chat_id, seq), view.end)
            if at > due and device.is_due(chat, seq):
                late.append((at - due, chat.chat_id, seq))
    if late:
        most, chat_id, seq = max(late)
        yield f"{device.name}: {len(late)} entries came too late, {chat_id} {seq} by {most / 1e9:.1f} s"


def untrue_caught_up_of(view, device):
    """What was known before hello and had not come when caught_up was said."""
    due = sorted((place.known_at, device.got_at.get((chat.chat_id, seq), view.end), chat.chat_id, seq)
                 for chat in view.chats.values() for seq, place in chat.places.items() if device.is_due(chat, seq))
    latest = list(itertools.accumulate((one[1:] for one in due), max))  # of what was known up to there
    hello = 0
    for record in device.records:
        if record["e"] == "hello":
            hello = bisect.bisect_left(due, (record["t"],))
        elif record["e"] == "caught_up" and hello and latest[hello - 1][0] > record["t"]:
            _, chat_id, seq = latest[hello - 1]
            yield f"{device.name}: caught_up was said, and {chat_id} {seq} had not come"


INVARIANTS = [
    ("I1", nothing_acknowledged_is_lost),
    ("I2", one_id_has_one_place_and_one_body),
    ("I1", amendments_last),
    ("I2", deleted_bodies_are_gone),
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
    ("I1", nothing_leaves_before_its_time),
    ("I1", logs_have_no_holes),
    ("I2", what_is_over_is_not_told),
    ("I3 I4", log_starts_never_go_back),
    *REACTION_INVARIANTS,
]
