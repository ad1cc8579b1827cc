# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The invariants of edits and deletions, as in invariants.py."""
import collections

from history import DELETE, EDIT


def is_asked_for(view, place):
    """Whether somebody asked for the edit or deletion at this place, before it was seen."""
    return any(place.kind == amend.operation and place.hash in (None, amend.hash) and amend.asked_at < place.known_at
               for amend in view.amends[place.target])


def amendments_last(view):
    """I1. Of what was edited everybody gets the last body, of what was deleted none."""
    for chat in view.chats.values():
        logs = collections.defaultdict(list)  # message id -> its amendments, as they are in the log
        for _, place in sorted(chat.places.items()):
            if place.is_amendment:
                logs[place.target].append(place)
        for message_id in set(chat.seqs) & set(view.amends):
            yield from lost_amendments_of(chat, message_id, view.amends[message_id], logs[message_id])
    for name, record in view.each("got"):
        known = [amend for amend in view.amends[record["id"]] if (amend.answered_at or view.end) < record["t"]]
        yield from untrue_body_of(name, record, known, view.amends[record["id"]])


def lost_amendments_of(chat, message_id, amends, log):
    """What was asked for, or is in the log, and does not show at the end."""
    where = f"{chat.chat_id} {chat.seqs[message_id]}"
    for amend in amends:
        if amend.answered_at and not any(place.kind == amend.operation and place.hash in (None, amend.hash)
                                         for place in log):
            yield f"{where}: an amendment ({amend.operation}) was acknowledged, and is not in the log"
    final = chat.listed.get(chat.seqs[message_id])
    if final and log:
        is_deleted = any(place.kind == DELETE for place in log)
        last = [place.hash for place in log if place.kind == EDIT][-1:]
        if is_deleted != final["deleted"] or is_deleted and final["hash"]:
            yield f"{where}: deleted is {is_deleted}, and at the end {final['deleted']}, with the body {final['hash']}"
        if not is_deleted and final["hash"] not in (last[0] or final["hash"],):
            yield f"{where}: at the end its body is {final['hash']}, and it was edited to {last[0]}"


def untrue_body_of(name, record, known, amends):
    """What a message that was read back shows, and cannot be so. known: what was acknowledged before."""
    is_deleted = any(amend.operation == DELETE for amend in known)
    if is_deleted != record["deleted"] and is_deleted or record["deleted"] and record["hash"]:
        yield f"{name}: {record['id']} has the body {record['hash']}, and was deleted"
    if known and not record["deleted"] and record["hash"] not in [amend.hash for amend in amends]:
        yield f"{name}: {record['id']} has the body {record['hash']}, and was edited"


def deleted_bodies_are_gone(view):
    """I2. A session that begins after a deletion was acknowledged gets nothing of the message nor of its edits."""
    gone = {message_id: amend.answered_at for message_id, amends in view.amends.items() for amend in amends
            if amend.operation == DELETE and amend.answered_at}
    for device in view.devices:
        hello = 0
        for record in device.records:
            if record["e"] == "hello":
                hello = record["t"]
            elif record["e"] == "entry" and record["hash"]:
                since = min(gone.get(record["id"], view.end), gone.get(record["target"], view.end))
                if since < hello:
                    yield f"{device.name}: {record['chat']} {record['seq']} has a body, and was deleted"
