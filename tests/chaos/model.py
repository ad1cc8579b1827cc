# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Histories of a small run in which everything was right, for tests of the checker: no server, no clock, one seed.

alice and bob have a chat of two; with carol they have a group, which she leaves and joins again and again. In another
group of the two messages expire, and two more are of apps that keep messages for a while only. All three react.
"""
import collections
import random

from history import DAYS, DELETE, EDIT, MESSAGE, REACTION, SETTINGS, UNTIL_DELIVERED, hash_of

DEVICES = {"alice-phone": "alice", "alice-desk": "alice", "bob-phone": "bob", "carol-phone": "carol"}
USERS = ("alice", "bob", "carol")
STEP_NS = 1_000_000
GROUP, PAIR, WHISPERS, DAILY, POST = "group", "pair", "whispers", "daily", "post"
KEEPS = {DAILY: DAYS, POST: UNTIL_DELIVERED}
TTL_S = 0.1
PAGE, YOUNG = 10, 1
EMOJIS = [hash_of(emoji) for emoji in "abc"]


class Model:
    """The server, its clients, and all histories, which are complete when it is made."""

    def __init__(self, seed, steps=950):
        self.random = random.Random(seed)
        self.now = 0
        self.histories = collections.defaultdict(list)
        self.logs = {chat: [] for chat in (PAIR, GROUP, WHISPERS, DAILY, POST)}
        self.members = {chat: {"alice", "bob"} for chat in self.logs} | {GROUP: {"alice", "bob", "carol"}}
        self.due = {device: {chat: collections.deque() for chat in self.logs} for device in DEVICES}
        self.had = {device: dict.fromkeys(self.logs, 0) for device in DEVICES}
        self.told = {device: collections.Counter() for device in DEVICES}  # where logs begin, in this session
        self.first = dict.fromkeys(self.logs, 1)
        self.swept, self.aged = dict.fromkeys(KEEPS, 0), dict.fromkeys(KEEPS, 0)
        self.ends = {}  # message id -> when it expires
        self.marks = {(chat, user): [0, 0] for chat in self.logs for user in self.members[chat]}
        self.others = {}  # seq in the group -> who else was a member
        self.bodies = {}  # message id -> (hash, of an edit, deleted)
        self.stands = collections.defaultdict(dict)  # message id -> {user: hash of their reaction}
        self.says = {}  # (message id, user) -> id of the last entry about that
        self.made = self.amends = self.reactions = 0
        self._begin()
        for _ in range(steps):
            self.random.choices((self._send, self._deliver, self._hello, self._change, self._watch, self._amend,
                                 self._rename, self._age, self._sweep, self._look, self._react),
                                (60, 150, 4, 4, 14, 8, 12, 8, 20, 16, 30))[0]()
        self._end()

    def note(self, name, event, **fields):
        """One record."""
        self.now += STEP_NS
        self.histories[name].append({"t": self.now, "e": event, **fields})

    def _begin(self):
        self.note("runner", "client", role="runner", user="")
        self.note("changer", "client", role="changer", user="alice")
        self.note("watcher", "client", role="watcher", user="alice")
        self.note("archivist", "client", role="archivist", user="alice")
        for user in USERS:
            self.note(f"{user}-reacts", "client", role="reactor", user=user)
        for chat, members in self.members.items():
            self.note("runner", "chat", chat=chat, members=sorted(members), is_pair=chat == PAIR,
                      ttl=TTL_S if chat == WHISPERS else 0, keeps=KEEPS.get(chat))
        for device, user in DEVICES.items():
            self.note(device, "client", role="device", user=user)
            self._hello(device)

    def _device(self):
        return self.random.choice(sorted(DEVICES))

    def _hello(self, device=None):
        device = device or self._device()
        self.note(device, "hello", cursors=dict(self.had[device]))
        self.told[device].clear()
        while any(self.due[device].values()):
            self._deliver(device)
        self.note(device, "caught_up")

    def _append(self, chat, entry):
        log = self.logs[chat]
        entry = {"chat": chat, "seq": len(log) + 1, "prev": log[-1]["id"] if log else "", "target": "", **entry}
        log.append(entry)
        for device, user in DEVICES.items():
            if user in self.members[chat] or user in entry["add"]:
                self.due[device][chat].append(entry)
        if chat == GROUP:
            self.others[entry["seq"]] = self.members[chat] - {entry["sender"]}
        return entry["seq"]

    def _send(self):
        device = self._device()
        user, chat = DEVICES[device], self.random.choice((PAIR, GROUP, PAIR, GROUP, WHISPERS, DAILY, DAILY, POST))
        self.made += 1
        message = {"chat": chat, "id": f"m{self.made}", "hash": hash_of(f"m{self.made}")}
        self.note(device, "send", **message)
        if user in self.members[chat]:
            self.bodies[message["id"]] = message["hash"], False, False
            seq = self._append(chat, {**message, "sender": user, "kind": MESSAGE, "add": [], "remove": []})
            self.note(device, "sent", chat=chat, id=message["id"], seq=seq)
            if chat == WHISPERS:
                self.ends[message["id"]] = self.now + int(TTL_S * 1e9)
        else:
            self.note(device, "failed", chat=chat, id=message["id"], code=7, reason="NOT_A_MEMBER", retry_ms=0)

    def _amend(self):
        """alice edits what she said, or deletes it."""
        chat = self.random.choice((PAIR, GROUP))
        mine = [entry for entry in self.logs[chat] if entry["kind"] == MESSAGE and entry["sender"] == "alice"
                and not self.bodies[entry["id"]][2]]
        if not mine:
            return
        target, kind = self.random.choice(mine)["id"], self.random.choice((EDIT, EDIT, DELETE))
        self.amends += 1
        digest = hash_of(f"edit {self.amends}") if kind == EDIT else None
        self.note("alice-phone", "amend", n=self.amends, op=kind, chat=chat, id=target, hash=digest)
        self._append(chat, {"id": f"a{self.amends}", "hash": digest, "sender": "alice", "kind": kind, "target": target,
                            "add": [], "remove": []})
        self.bodies[target] = digest, kind == EDIT or self.bodies[target][1], kind == DELETE
        self.note("alice-phone", "amended", n=self.amends)

    def _react(self):
        """Somebody reacts to one of the newest messages, or takes it back; now and then it is asked for twice."""
        user, chat = self.random.choice(USERS), self.random.choice((PAIR, GROUP, WHISPERS))
        said = [entry["id"] for entry in self.logs[chat] if entry["kind"] == MESSAGE][-6:]
        if not said or user == "carol" and chat != GROUP:
            return
        name, target = f"{user}-reacts", self.random.choice(said)
        digest = self.random.choice([other for other in (None, *EMOJIS) if other != self.stands[target].get(user)])
        self.reactions += 1
        for _ in range(self.random.choice((1, 1, 1, 2))):
            self.note(name, "react", n=self.reactions, chat=chat, id=target, hash=digest)
        is_over = self.bodies[target][2] or self.ends.get(target, self.now + STEP_NS) <= self.now
        if user not in self.members[chat] or is_over:
            reason = "FAILED_PRECONDITION" if user in self.members[chat] else "NOT_A_MEMBER"
            self.note(name, "react_failed", n=self.reactions, reason=reason)
            return
        entry_id = f"r{self.reactions}"
        if target in self.ends:
            self.ends[entry_id] = self.ends[target]
        self.stands[target][user], self.says[target, user] = digest, entry_id
        self._append(chat, {"id": entry_id, "hash": digest, "sender": user, "kind": REACTION, "target": target,
                            "add": [], "remove": []})
        self.note(name, "reacted", n=self.reactions, mine=[digest] * bool(digest))

    def _deliver(self, device=None):
        device = device or self._device()
        waiting = [chat for chat, queue in self.due[device].items() if queue]
        if not waiting:
            return
        user, chat = DEVICES[device], self.random.choice(waiting)
        self._begin_log(device, chat)
        if not self.due[device][chat]:
            return
        entry = self.due[device][chat].popleft()
        seq = entry["seq"]
        if entry["kind"] == REACTION and self.says[entry["target"], entry["sender"]] != entry["id"]:
            entry = entry | {"hash": None, "target": ""}
        if self.bodies.get(entry["target"] or entry["id"], (None, False, False))[2]:
            entry = entry | {"hash": None}
        is_gone = self._is_gone(chat, entry)
        self.note(device, "entry", **entry | {"hash": None if is_gone else entry["hash"]}, expired=is_gone)
        self.had[device][chat] = seq
        self.note(device, "ack", cursors={chat: seq})
        marks = self.marks[chat, user]
        marks[0] = max(marks[0], seq)
        if self.random.random() < 0.3:
            self.note(device, "read", chat=chat, seq=seq)
            marks[1] = max(marks[1], seq)
            self.note(device, "read_ok", chat=chat, seq=marks[1])
        for other, their in DEVICES.items():
            if chat == GROUP and their == entry["sender"] != user and entry["kind"] == MESSAGE:
                self._count(other, entry)
            elif chat == PAIR and their != user and their in self.members[chat]:
                self.note(other, "receipt", chat=chat, user=user, delivered=marks[0], read=marks[1])

    def _begin_log(self, device, chat):
        """What a device has not, and is gone, it is told of once in a session, and then gets what is left."""
        first = self.first[chat]
        if self.had[device][chat] + 1 < first and self.told[device][chat] < first:
            self.note(device, "log_start", chat=chat, first=first)
            self.told[device][chat] = first
        queue = self.due[device][chat]
        kept = [entry for entry in queue if entry["seq"] >= first or entry["kind"] == SETTINGS]
        queue.clear()
        queue.extend(kept)

    def _is_gone(self, chat, entry):
        """Whether its body is."""
        is_swept = entry["seq"] <= self.swept.get(chat, 0) and entry["kind"] == MESSAGE
        return is_swept or self.ends.get(entry["id"], self.now + STEP_NS) <= self.now

    def _rename(self):
        chat = self.random.choice(sorted(KEEPS))
        self._append(chat, {"id": f"n{chat}{len(self.logs[chat])}", "hash": None, "sender": "alice", "kind": SETTINGS,
                            "add": [], "remove": []})

    def _age(self):
        chat = self.random.choice(sorted(KEEPS))
        self.aged[chat] = max(self.aged[chat], len(self.logs[chat]) - YOUNG)
        self.note("archivist", "aged", chat=chat, seq=self.aged[chat])

    def _sweep(self):
        """Bodies go as far as they may, rows a little later."""
        chat = self.random.choice(sorted(KEEPS))
        if self.random.random() < 0.4:
            self.first[chat] = max(self.first[chat], min(self.swept[chat], self.aged[chat]) + 1)
        self.swept[chat] = self.aged[chat] if chat == DAILY else min(
            self.had[device][chat] for device, user in DEVICES.items() if user in self.members[chat])

    def _look(self):
        chat = self.random.choice(sorted(KEEPS))
        page = [entry for entry in self.logs[chat] if entry["seq"] >= self.first[chat]][-PAGE:]
        is_all = not page or page[0]["seq"] == self.first[chat]
        gone = [entry["seq"] for entry in page if self._is_gone(chat, entry)]
        self.note("archivist", "page", asked=self.now, chat=chat, first=self.first[chat] if is_all else None,
                  has=[entry["seq"] for entry in page if entry["seq"] not in gone], gone=gone)

    def _count(self, device, entry):
        """Tells a sender's device how far its message is."""
        others = self.others[entry["seq"]]
        delivered, read = (sum(self.marks[GROUP, user][kind] >= entry["seq"] for user in others) for kind in (0, 1))
        self.note(device, "counts", chat=GROUP, first=entry["seq"], last=entry["seq"], recipients=len(others),
                  delivered=delivered, read=read)

    def _change(self):
        number, op = len(self.histories["changer"]), "remove" if "carol" in self.members[GROUP] else "add"
        self.note("changer", "change", n=number, chat=GROUP, op=op, user="carol")
        users = {"add": [], "remove": [], op: ["carol"]}
        seq = self._append(GROUP, {"id": f"c{number}", "hash": None, "sender": "alice", "kind": 2, **users})
        self.members[GROUP] ^= {"carol"}
        self.note("changer", "changed", n=number, chat=GROUP, seq=seq)

    def _watch(self):
        chat = self.random.choice((PAIR, GROUP))
        self.note("watcher", "watermarks", asked=self.now, chat=chat,
                  members={user: list(self.marks[chat, user]) for user in sorted(self.members[chat])})

    def _end(self):
        self.note("runner", "quiet")
        for device in DEVICES:
            self._hello(device)
        for chat, log in self.logs.items():
            for entry in log[self.first[chat] - 1:]:
                is_gone = self._is_gone(chat, entry)
                digest, is_edited, is_deleted = self.bodies.get(entry["id"], (None, False, False))
                if entry["kind"] == MESSAGE:
                    self._show(chat, entry["id"], is_gone or is_deleted)
                if entry["kind"] not in (EDIT, DELETE, REACTION):
                    self.note("auditor", "listed", chat=chat, seq=entry["seq"], id=entry["id"], sender=entry["sender"],
                              hash=None if is_gone else digest, edited=is_edited, deleted=is_deleted,
                              expired=is_gone)
            self.note("auditor", "listed_all", chat=chat, last_seq=len(log), first=self.first[chat])
        for chat in self.logs:
            self.note("watcher", "watermarks", asked=self.now, chat=chat,
                      members={user: list(self.marks[chat, user]) for user in sorted(self.members[chat])})
        self.now += 60_000_000_000
        for device in DEVICES:
            self.note(device, "finished", is_complete=True)

    def _show(self, chat, message_id, is_over):
        """The reactions to a message, to alice."""
        stands = {} if is_over else {user: digest for user, digest in self.stands[message_id].items() if digest}
        counts = [[digest, count, stands.get("alice") == digest]
                  for digest, count in collections.Counter(stands.values()).items()]
        self.note("auditor", "reactions", chat=chat, id=message_id, by="alice", counts=counts,
                  users=[[user, digest] for user, digest in sorted(stands.items())])
