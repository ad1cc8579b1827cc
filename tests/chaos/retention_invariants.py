# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The invariants of what leaves: messages that expire, and what an app keeps for a while only. As in invariants.py."""
import collections

from view import FOREVER, Highest


def nothing_leaves_before_its_time(view):
    """I1. A body is gone when its time is over; a row when that is over, too, and long ago."""
    for name, chat, seq, at in emptied_in(view):
        if seq in chat.places and not view.is_over(chat, seq, at):
            yield f"{name}: the body of {chat.chat_id} {seq} is gone before its time"
    for name, chat, first, _, at in beginnings_in(view):
        last = first - 1
        if last and (chat.aged.before(at) < last or last in chat.places and not view.is_over(chat, last, at)):
            yield f"{name}: {chat.chat_id} begins with {first}, and what is before was to stay"


def emptied_in(view):
    """(name, chat, seq, when it was seen) of each message that was shown without a body, as nobody deleted it."""
    for name, record in view.each("entry", "got", "listed"):
        if record["expired"]:
            yield name, view.chats[record["chat"]], record["seq"], record["t"]
    for name, record in view.each("page"):
        for seq in record["gone"]:
            yield name, view.chats[record["chat"]], seq, record["t"]


def beginnings_in(view):
    """(name, chat, first seq, when it was asked for, when it was seen) of each beginning of a log that was told. Of a
    session what it was told before it was asked for is open."""
    for name, record in view.each("page", "log_start", "listed_all"):
        if record["first"]:
            asked = record.get("asked", view.quiet_at if record["e"] == "listed_all" else 0)
            yield name, view.chats[record["chat"]], record["first"], asked, record["t"]


def logs_have_no_holes(view):
    """I1. Rows leave as a prefix: of the end of a log all is there, back to where it begins."""
    for name, record in view.each("page"):
        seqs = sorted(record["has"] + record["gone"])
        if seqs and (seqs != list(range(seqs[0], seqs[-1] + 1)) or record["first"] and seqs[0] != record["first"]):
            yield f"{name}: the log of {record['chat']} begins with {record['first']}, and what there is, is {seqs}"


def what_is_over_is_not_told(view):
    """I2. Who asks after a message has expired, or after anybody saw that its body is gone, is not told the body."""
    gone = collections.defaultdict(lambda: FOREVER)
    for _, chat, seq, at in emptied_in(view):
        gone[chat.chat_id, seq] = min(at, gone[chat.chat_id, seq])
    for name, chat, seq, asked in told_in(view):
        if min(gone[chat.chat_id, seq], chat.ends.get(seq, FOREVER)) < asked:
            yield f"{name}: was told the body of {chat.chat_id} {seq}, and it was over"


def told_in(view):
    """(name, chat, seq, when it was asked for) of each body that was told."""
    for device in view.devices:
        hello = 0
        for record in device.records:
            if record["e"] == "hello":
                hello = record["t"]
            elif record["e"] == "entry" and record["hash"]:
                yield device.name, view.chats[record["chat"]], record["seq"], hello
    for name, record in view.each("page"):
        for seq in record["has"]:
            yield name, view.chats[record["chat"]], seq, record["asked"]
    for name, record in view.each("listed"):
        if record["hash"]:
            yield name, view.chats[record["chat"]], record["seq"], view.quiet_at


def log_starts_never_go_back(view):
    """I3. Who asks after anybody was told where a log begins is not told less; nor is a session."""
    seen = collections.defaultdict(Highest)
    for name, chat, first, asked, at in sorted(beginnings_in(view), key=lambda one: one[-1]):
        before = seen[chat.chat_id].before(asked)
        if first < before:
            yield f"{name}: {chat.chat_id} begins with {first}, and began with {before} before"
        seen[chat.chat_id].add(at, first)
    for device in view.devices:
        told = collections.Counter()
        for record in device.records:
            if record["e"] == "log_start":
                if record["first"] < told[record["chat"]]:
                    yield f"{device.name}: was told that {record['chat']} begins with {record['first']} after" \
                          f" {told[record['chat']]}"
                told[record["chat"]] = record["first"]
