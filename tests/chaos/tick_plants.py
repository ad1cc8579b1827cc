# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Bugs in what is told of watermarks, as in plants.py."""
from planting import counts_of, records_of


def receipt_before_ack(histories, random):
    """Delivered is told before any device of the user acknowledged."""
    records, index = random.choice(records_of(histories, "receipt"))
    records[index] = records[index] | {"delivered": records[index]["delivered"] + 1000}


def receipt_before_commit(histories, random):
    """A receipt is told, and a question that is asked later knows nothing of it: its watermark was not on disk."""
    answers = records_of(histories, "watermarks")
    told = records_of(histories, "receipt", lambda record: record["delivered"] > 0 and any(
        answer[at]["asked"] > record["t"] and record["chat"] == answer[at]["chat"]
        and record["user"] in answer[at]["members"] for answer, at in answers))
    receipt = (lambda records, index: records[index])(*random.choice(told))
    answer, at = next((answer, at) for answer, at in answers if answer[at]["asked"] > receipt["t"]
                      and answer[at]["chat"] == receipt["chat"] and receipt["user"] in answer[at]["members"])
    members = answer[at]["members"] | {receipt["user"]: [receipt["delivered"] - 1, 0]}
    answer[at] = answer[at] | {"members": members}


def read_beyond_delivered(histories, random):
    """Read does not imply delivered."""
    records, index = random.choice(records_of(histories, "receipt", lambda record: record["delivered"] > 0))
    records[index] = records[index] | {"delivered": records[index]["read"] - 1}


def counted_before_ack(histories, random):
    """More have a message than acknowledged it: none had when it was sent."""
    records, index = counts_of(histories, random)
    sends = [others[at]["t"] for others, at in records_of(histories, "send")]
    records[index] = records[index] | {"t": min(sends)}


def count_going_back(histories, random):
    """Fewer have a message than had it."""
    records, index = counts_of(histories, random)
    records.insert(index + 1, records[index] | {"delivered": records[index]["delivered"] - 1, "read": 0})


def counted_without_one(histories, random):
    """Of the members at a message one is forgotten."""
    records, index = counts_of(histories, random)
    records[index] = records[index] | {"recipients": records[index]["recipients"] - 1}


def tick_lost(histories, random):
    """A device that was away is never told how far the other of a chat of two is."""
    pairs = {records[index]["chat"] for records, index in records_of(histories, "chat")
             if records[index]["is_pair"]}
    records, index = random.choice(records_of(histories, "receipt", lambda record: record["chat"] in pairs))
    user, chat = records[index]["user"], records[index]["chat"]
    records[:] = [record for record in records if record["e"] != "receipt" or record["user"] != user
                  or record["chat"] != chat]


def receipt_for_others(histories, random):
    """Whoever is not in a chat of two is told how far its people are."""
    members = {records[index]["chat"]: records[index]["members"] for records, index in records_of(histories, "chat")}
    records, index = random.choice(records_of(histories, "receipt"))
    receipt = records[index]
    others = [records for records in histories.values() if records[0].get("role") == "device"
              and records[0]["user"] not in members[receipt["chat"]]]
    random.choice(others).append(receipt)


def watermark_going_back(histories, random):
    """read_ok names less than it did."""
    records, index = random.choice(records_of(histories, "read_ok", lambda record: record["seq"] > 0))
    records.insert(index + 1, records[index] | {"seq": records[index]["seq"] - 1})
