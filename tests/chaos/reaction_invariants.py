# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The invariants of reactions, as in invariants.py.

A user's reactions are asked for by one client, one after the other, none of which says again what stands. So in the
log of a chat there is exactly one entry for each that was acknowledged, in this order, however often it was asked for.
"""
import collections
import dataclasses

from history import DELETE, REACTION
from view import Highest


@dataclasses.dataclass
class Reaction:
    """What a user asked for under one number; hash None: to take it back."""

    target: str
    hash: str
    asked_at: int
    asks: int = 0
    answers: list = dataclasses.field(default_factory=list)  # records

    @property
    def acknowledged_at(self):
        """None when it never was."""
        return next((record["t"] for record in self.answers if record["e"] == "reacted"), None)

    @property
    def is_loose(self):
        """Whether it was refused, and may be in the log all the same, as one ask had no answer."""
        return self.acknowledged_at is None and len(self.answers) < self.asks


def reactions_of(view):
    """What was asked for: {(chat, user): [Reaction]}, in the order of asking."""
    found, asked = collections.defaultdict(list), {}
    for name, record in view.each("react", "reacted", "react_failed"):
        key = name, record["n"]
        if record["e"] != "react":
            asked[key].answers.append(record)
            continue
        if key not in asked:
            asked[key] = Reaction(record["id"], record["hash"], record["t"])
            found[record["chat"], view.clients[name]["user"]].append(asked[key])
        asked[key].asks += 1
    return found


def entries_of(chat):
    """The reactions in a log, by user: {user: [(seq, place)]}."""
    entries = collections.defaultdict(list)
    for seq, place in sorted(chat.places.items()):
        if place.kind == REACTION:
            entries[place.sender].append((seq, place))
    return entries


def may_be(place, reaction):
    """Whether this was asked for, as far as it is known. Of an entry that is over nobody may have seen what it said."""
    return (place.target in (None, reaction.target) and place.hash in (None, reaction.hash)
            and reaction.asked_at < place.known_at)


def laid_out(entries, reactions):
    """(Pairs of seq and reaction for as many of the entries, in their order, as can be; whether those are all)."""
    due = [reaction for reaction in reactions if reaction.acknowledged_at]
    loose = [reaction for reaction in reactions if reaction.is_loose]
    paths = {0: []}  # how many of those that are due were met -> pairs
    for seq, place in entries:
        longer = {count: path for count, path in paths.items() if any(may_be(place, one) for one in loose)}
        for count, path in paths.items():
            if count < len(due) and may_be(place, due[count]):
                longer[count + 1] = [*path, (seq, due[count])]
        if not longer:
            return paths[max(paths)], False
        paths = longer
    return paths[max(paths)], max(paths) == len(due)


def pairs_in(view):
    """(chat, user, pairs, whether the log has all that it should and nothing else)."""
    asked = reactions_of(view)
    for chat in view.chats.values():
        entries = entries_of(chat)
        for user in sorted({*entries, *(user for where, user in asked if where == chat.chat_id)}, key=str):
            yield chat, user, *laid_out(entries[user], asked[chat.chat_id, user])


def reactions_are_in_the_log_once(view):
    """I1, I2. What was acknowledged is there, once; and nothing that this user did not ask for."""
    for chat, user, pairs, is_all in pairs_in(view):
        if not is_all:
            last, reaction = pairs[-1] if pairs else (0, None)
            yield (f"{chat.chat_id}: of the reactions of {user} one is not in the log, is there twice, or was never"
                   f" asked for; behind {last}, to {reaction and reaction.target}")


def reactions_come_after_what_was_seen(view):
    """I5. A reaction is behind its message, and behind whatever anybody had seen when it was asked for."""
    for chat, user, pairs, _ in pairs_in(view):
        seen = Highest()
        for seq, place in sorted(chat.places.items(), key=lambda item: item[1].known_at):
            seen.add(place.known_at, seq)
        for seq, reaction in pairs:
            if max(seen.before(reaction.asked_at), chat.seqs.get(reaction.target, 0)) >= seq:
                yield f"{chat.chat_id} {seq}: {user} asked for it after {seen.before(reaction.asked_at)} was seen"


def members_alone_react(view):
    """I7. Nobody reacts at a time when they were no member."""
    for chat in view.chats.values():
        for user, entries in entries_of(chat).items():
            for seq, _ in entries:
                if not chat.is_visible(user, seq):
                    yield f"{chat.chat_id} {seq}: {user} reacted, and was no member then"


def replaced_reactions_are_gone(view):
    """I2. A session that begins after a user said something else to a message is not told what it was before."""
    gone = {}  # (chat, seq) -> when what follows was acknowledged
    for chat, _, pairs, _ in pairs_in(view):
        last = {}  # target -> seq
        for seq, reaction in pairs:
            if reaction.target in last:
                gone[chat.chat_id, last[reaction.target]] = reaction.acknowledged_at
            last[reaction.target] = seq
    for device in view.devices:
        hello = 0
        for record in device.records:
            if record["e"] == "hello":
                hello = record["t"]
            elif record["e"] == "entry" and (record["hash"] or record["target"]):
                if gone.get((record["chat"], record["seq"]), view.end) < hello:
                    yield f"{device.name}: {record['chat']} {record['seq']} says something, and had been replaced"


def may_be_over(view, chat, message_id, at):
    """Whether at a time a message could be deleted or expired, and its reactions with it."""
    is_deleted = any(amend.operation == DELETE and amend.asked_at < at for amend in view.amends[message_id])
    return is_deleted or bool(chat.ttl_ns)


def answers_show_the_own_reaction(view):
    """I1. What acknowledges a reaction shows it as the user's, and no other."""
    asked = {(name, record["n"]): record for name, record in view.each("react")}
    for name, record in view.each("reacted"):
        reaction = asked[name, record["n"]]
        is_gone = not record["mine"] and may_be_over(view, view.chats[reaction["chat"]], reaction["id"], record["t"])
        if record["mine"] != [reaction["hash"]] * bool(reaction["hash"]) and not is_gone:
            yield f"{name}: reacted to {reaction['id']} with {reaction['hash']}, and is shown {record['mine']}"


def reactions_stand_as_the_log_says(view):
    """I1. At the end each message has of each user the last reaction: by name, and counted."""
    listed = {record["id"]: record for _, record in view.each("reactions")}
    for chat in view.chats.values():
        standing = collections.defaultdict(dict)  # message id -> {user: hash}
        for user, entries in entries_of(chat).items():
            for _, place in entries:
                standing[place.target][user] = place.hash
        standing.pop(None, None)  # somebody said more, elsewhere in the log
        is_due = chat.is_declared and chat.listed_last is not None
        for message_id in sorted(set(standing) - set(listed)) if is_due else ():
            yield f"{chat.chat_id}: nobody looked at the reactions to {message_id}"
    for record in listed.values():
        yield from untrue_reactions_of(view, view.chats[record["chat"]], record)


def untrue_reactions_of(view, chat, record):
    """What is told at the end of the reactions to one message, and cannot be so."""
    last = {user: place.hash for user, entries in entries_of(chat).items() for _, place in entries
            if place.target == record["id"]}
    users = sorted([user, digest] for user, digest in last.items() if digest)
    counts = [[digest, count, last.get(record["by"]) == digest]
              for digest, count in sorted(collections.Counter(digest for _, digest in users).items())]
    final = chat.listed.get(chat.seqs.get(record["id"]), {})
    is_over = final.get("deleted") or final.get("expired")
    for told, true in ((sorted(record["users"]), users), (sorted(record["counts"]), counts)):
        allowed = [[]] if is_over else [true, []] if chat.ttl_ns else [true]
        if told not in allowed:
            yield f"{chat.chat_id}: the reactions to {record['id']} are {told}, and the log says {allowed[0]}"


def reactions_have_answers(view):
    """I8. Each has one at the end; and only those are refused that may be."""
    for (chat_id, user), reactions in reactions_of(view).items():
        comes_and_goes = any(user in removed for _, removed in view.chats[chat_id].events.values())
        for reaction in reactions:
            if not reaction.answers:
                yield f"{chat_id}: a reaction of {user} to {reaction.target} never got an answer"
            for record in reaction.answers:
                is_right = record["e"] == "reacted" or record["reason"] == "FAILED_PRECONDITION" and may_be_over(
                    view, view.chats[chat_id], reaction.target, record["t"])
                if not is_right and not (comes_and_goes and record["reason"] in ("NOT_A_MEMBER", "MESSAGE_NOT_FOUND")):
                    yield f"{chat_id}: a reaction of {user} to {reaction.target} was refused: {record['reason']}"


REACTION_INVARIANTS = [
    ("I1 I2", reactions_are_in_the_log_once),
    ("I5", reactions_come_after_what_was_seen),
    ("I7", members_alone_react),
    ("I2", replaced_reactions_are_gone),
    ("I1", answers_show_the_own_reaction),
    ("I1", reactions_stand_as_the_log_says),
    ("I8", reactions_have_answers),
]
