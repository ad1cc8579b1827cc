# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Bugs in what leaves, and when, as in plants.py."""
from history import DAYS, SETTINGS, UNTIL_DELIVERED
from planting import SECOND_NS, chats_of, entry_of, records_of


def expired_too_early(histories, random):
    """A device that is quick gets a message that has not expired without its body."""
    fleeting = chats_of(histories, lambda chat: chat["ttl"])
    sends = {others[at]["id"]: others[at]["t"] for others, at in records_of(histories, "send")}
    records, index = entry_of(histories, random, lambda record: record["chat"] in fleeting
                              and record["t"] < sends[record["id"]] + fleeting[record["chat"]]["ttl"] * 1e9)
    records[index] = records[index] | {"hash": None, "expired": True}


def expired_and_told(histories, random):
    """A device that comes later gets the body."""
    fleeting = chats_of(histories, lambda chat: chat["ttl"])
    answered = {others[at]["id"] for others, at in records_of(histories, "sent")}
    records, index = entry_of(histories, random, lambda record: record["chat"] in fleeting and record["id"] in answered)
    entry = records[index]
    end = max(record["t"] for others in histories.values() for record in others) + 100 * SECOND_NS
    records.append({"t": end + 1, "e": "hello", "cursors": {entry["chat"]: entry["seq"] - 1}})
    records.append(entry | {"t": end + 2})


def swept_too_early(histories, random):
    """A body of which an app is to keep a day goes before that."""
    daily = chats_of(histories, lambda chat: chat["keeps"] == DAYS)
    records, index = random.choice(records_of(histories, "page", lambda record: record["chat"] in daily
                                              and record["has"]))
    page = records[index]
    newest = max(page["has"])
    records[index] = page | {"has": [seq for seq in page["has"] if seq != newest], "gone": page["gone"] + [newest]}


def swept_before_delivered(histories, random):
    """A body goes when some devices have it: one of them has nothing yet of what anybody saw empty."""
    kept = chats_of(histories, lambda chat: chat["keeps"] == UNTIL_DELIVERED)
    records, index = random.choice(records_of(histories, "page", lambda record: record["chat"] in kept
                                              and record["gone"]))
    page = records[index]
    members = kept[page["chat"]]["members"]
    device = random.choice([others for others in histories.values() if others[0].get("user") in members
                            and others[0].get("role") in ("device", "poller")])
    for at, record in enumerate(device):
        if record["e"] in ("ack", "hello") and record["t"] < page["t"]:
            cursors = {chat: seq for chat, seq in record["cursors"].items() if chat != page["chat"]}
            device[at] = record | {"cursors": cursors}


def left_too_early(histories, random):
    """A log is said to begin behind what is to stay."""
    records, index = random.choice(records_of(histories, "log_start"))
    records[index] = records[index] | {"first": records[index]["first"] + 1000}


def log_start_going_back(histories, random):
    """What had left is said to be there again."""
    starts = records_of(histories, "log_start", lambda record: record["first"] > 1)
    records, index = random.choice(starts)
    records.insert(index + 1, records[index] | {"first": records[index]["first"] - 1})


def hole_in_what_is_left(histories, random):
    """A row leaves from the middle of a log."""
    records, index = random.choice(records_of(histories, "page", lambda record: len(record["has"]) > 2))
    page = records[index]
    gone = random.choice(page["has"][1:-1] if page["gone"] else sorted(page["has"])[1:-1])
    seqs = sorted(page["has"] + page["gone"])
    gone = gone if gone not in (seqs[0], seqs[-1]) else seqs[1]
    records[index] = page | {name: [seq for seq in page[name] if seq != gone] for name in ("has", "gone")}


def body_coming_back(histories, random):
    """A message that is empty has its body again."""
    records, index = random.choice(records_of(histories, "page", lambda record: record["gone"]))
    page = records[index]
    again = page | {"asked": page["t"] + 1, "t": page["t"] + 2, "has": page["has"] + page["gone"], "gone": []}
    records.insert(index + 1, again)


def control_lost_with_others(histories, random):
    """A device that is told where a log begins does not get what stays of the rest."""
    found = []
    for records in histories.values():
        first = {}  # chat -> where it begins, as this session was told
        for record in records:
            if record["e"] == "hello":
                first = {}
            elif record["e"] == "log_start":
                first[record["chat"]] = record["first"]
            elif record["e"] == "entry" and record["kind"] == SETTINGS and record["seq"] < first.get(record["chat"], 0):
                found.append((records, record["chat"], record["seq"]))
    records, chat, seq = random.choice(found)
    records[:] = [record for record in records
                  if record["e"] != "entry" or (record["chat"], record["seq"]) != (chat, seq)]


RETENTION_PLANTS = {
    expired_too_early: {"I1"}, expired_and_told: {"I2"}, swept_too_early: {"I1"}, swept_before_delivered: {"I1"},
    left_too_early: {"I1"}, log_start_going_back: {"I3 I4"}, hole_in_what_is_left: {"I1"}, body_coming_back: {"I2"},
    control_lost_with_others: {"I1", "I3 I4"},
}
