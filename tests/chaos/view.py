# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What all histories of a run say together: the log of each chat, who was in it when, and what was known when."""
import bisect
import collections
import dataclasses

from history import DELETE, EDIT, MEMBERS, REACTION, SETTINGS, UNTIL_DELIVERED

FOREVER = 1 << 62


@dataclasses.dataclass
class Place:
    """What is known of one place of a log. known_at: the first time that anybody saw that it is taken."""

    id: str
    hash: str = None
    sender: str = None
    prev: str = None
    kind: int = None
    target: str = None
    known_at: int = FOREVER

    @property
    def is_amendment(self):
        """Whether it edits or deletes another."""
        return self.kind in (EDIT, DELETE)

    @property
    def is_about_another(self):
        """Whether it is no part of lists, but shows in what it is about."""
        return self.is_amendment or self.kind == REACTION

    @property
    def is_control(self):
        """Whether it stays when others leave the log."""
        return self.kind in (MEMBERS, SETTINGS)


class Chat:
    """One log. members: of its beginning; of a SELF chat the user whose device got an entry of it first."""

    def __init__(self, chat_id, members, is_declared, is_pair=False, ttl=0, keeps=None):
        self.chat_id, self.members, self.is_declared = chat_id, set(members), is_declared
        self.is_pair = is_pair
        self.ttl_ns, self.keeps = ttl * 1_000_000_000, keeps
        self.aged = Highest()  # entries that were made old
        self.ends = {}  # seq -> when its message has expired for certain
        self.places = {}  # seq -> Place
        self.seqs = {}  # message id -> seq
        self.events = {}  # seq -> (users added, users removed)
        self.listed = {}  # seq -> record, at the end
        self.listed_first = self.listed_last = None
        self.conflicts = []
        self._times, self._others = {}, {}  # once everything is learned

    def learn(self, name, record):
        """Takes what one client saw of one place, and notes when it contradicts what others saw."""
        seq, message_id = record["seq"], record["id"]
        place = self.places.setdefault(seq, Place(message_id))
        where = f"{name}: {self.chat_id} {seq}"
        if place.id != message_id:
            self.conflicts.append(f"{where} is {message_id}, but also {place.id}")
        if self.seqs.setdefault(message_id, seq) != seq:
            self.conflicts.append(f"{where}: {message_id} has the place {self.seqs[message_id]}, too")
        for field in ("hash", "sender", "prev", "kind", "target"):
            new, old = record.get(field), getattr(place, field)
            if field == "hash" and record.get("edited"):
                continue  # not what it was sent with
            if record.get("kind") == REACTION and not new:
                continue  # when the user reacts again, only the place is left
            if new is not None and old is None:
                setattr(place, field, new)
            elif new is not None and new != old:
                self.conflicts.append(f"{where}: {field} is {new}, but also {old}")
        place.known_at = min(place.known_at, record["t"])
        if record.get("add") or record.get("remove"):
            self.events[seq] = (record["add"], record["remove"])

    def times(self, user):
        """When a user was a member: pairs of first and last seq. The first is the entry that adds them, or 1."""
        if user not in self._times:
            self._times[user] = list(self._times_of(user))
        return self._times[user]

    def _times_of(self, user):
        since = 1 if user in self.members else None
        for seq in sorted(self.events):
            added, removed = self.events[seq]
            if since is None and user in added:
                since = seq
            elif since is not None and user in removed:
                yield since, seq
                since = None
        if since is not None:
            yield since, FOREVER

    def is_visible(self, user, seq):
        """Whether a user gets this entry."""
        return any(first <= seq <= last for first, last in self.times(user))

    def next_visible(self, user, seq):
        """The entry that a user gets after this one; None when no time of theirs is left."""
        return next((max(first, seq + 1) for first, last in self.times(user) if last > seq), None)

    def next_due(self, user, seq, first):
        """The same where the log begins with first: before that only some entries are left."""
        due = self.next_visible(user, seq)
        if due is None or due >= first:
            return due
        left = [place for place in self.controls if due <= place < first and self.is_visible(user, place)]
        return min(left) if left else self.next_visible(user, first - 1)

    @property
    def controls(self):
        """Places that stay."""
        return [seq for seq, place in self.places.items() if place.is_control]

    def others_at(self, user, seq):
        """Who else was a member at an entry."""
        if (user, seq) not in self._others:
            everybody = self.members.union(*(added for added, _ in self.events.values()))
            self._others[user, seq] = {other for other in everybody - {user} if self.is_visible(other, seq)}
        return self._others[user, seq]

    @property
    def last_seq(self):
        """The end of the log, as far as anybody saw it."""
        return max(self.places, default=0)


class Device:
    """A client with a stream. It is older than the chats that the runner made; a SELF chat it gets from where that was
    when the device was made, which nobody knows, so from its first entry on."""

    def __init__(self, name, user, records, chats):
        self.name, self.user, self.records = name, user, records
        self.log_starts = collections.Counter()  # chat -> the last that it was told
        self.acked = collections.defaultdict(Highest)  # chat -> how far it said that it is
        self.begun = {}  # chat -> the seq before its first
        self.got_at = {}  # (chat, seq) -> when it first came
        for record in records:
            if record["e"] == "entry":
                chat, seq = record["chat"], record["seq"]
                self.got_at.setdefault((chat, seq), record["t"])
                self.begun.setdefault(chat, 0 if chats[chat].is_declared else seq - 1)
            elif record["e"] == "log_start":
                self.log_starts[record["chat"]] = max(record["first"], self.log_starts[record["chat"]])
            elif record["e"] in ("hello", "ack"):
                for chat, seq in record["cursors"].items():
                    self.acked[chat].add(record["t"], seq)

    def is_due(self, chat, seq):
        """Whether the device is to get an entry."""
        if (chat.chat_id, seq) not in self.got_at and seq < self.log_starts[chat.chat_id]:
            return chat.places[seq].is_control and chat.is_visible(self.user, seq)
        return seq > self.begun.get(chat.chat_id, 0) and chat.is_visible(self.user, seq)


class Spans:
    """Times when something was broken."""

    def __init__(self, records, until):
        begun, self._spans = {}, []
        for record in records:
            if record["e"] == "fault":
                begun[record["n"]] = record["t"]
            elif record["e"] == "healed":
                self._spans.append((begun.pop(record["n"]), record["t"]))
        self._spans += [(since, until) for since in begun.values()]
        self._spans.sort()

    def calm_from(self, since, length):
        """The first time, from since on, that begins a calm of this length."""
        for begin, end in self._spans:
            if begin < since + length and end > since:
                since = end
        return since


class View:
    """All of a run. histories: {name: records}."""

    def __init__(self, histories):
        self.histories = histories
        self._events = collections.defaultdict(list)  # kind -> (t, name, number, record)
        for name, records in histories.items():
            for number, record in enumerate(records):
                self._events[record["e"]].append((record["t"], name, number, record))
        self.clients = {name: record for name, records in histories.items() for record in records[:1]
                        if record["e"] == "client"}
        self.end = max((records[-1]["t"] for records in histories.values() if records), default=0)
        self.chats = {}
        self.first_send = {}  # message id -> the first record
        self.attempts = collections.Counter()  # message id -> how often it was sent
        self.sents = collections.defaultdict(list)  # message id -> records, with the client's name
        self.faileds = collections.defaultdict(list)
        self.amends = collections.defaultdict(list)  # message id -> Amendments
        for _, record in self.each("chat"):
            fields = {name: record[name] for name in ("members", "is_pair", "ttl", "keeps")}
            self.chats[record["chat"]] = Chat(record["chat"], is_declared=True, **fields)
        for name, record in self.each("sent", "entry", "got", "listed", "listed_all", "send", "failed"):
            getattr(self, f"_take_{record['e']}")(name, record)
        self._take_amendments()
        for _, record in self.each("aged"):
            self.chats[record["chat"]].aged.add(record["t"], record["seq"])
        for chat in self.chats.values():
            chat.ends = {chat.seqs[sents[0][1]["id"]]: min(record["t"] for _, record in sents) + chat.ttl_ns
                         for sents in self.sents.values() if chat.ttl_ns and sents[0][1]["chat"] == chat.chat_id}
            chat.ends |= {seq: chat.ends[chat.seqs[place.target]] for seq, place in chat.places.items()
                          if place.kind == REACTION and chat.seqs.get(place.target) in chat.ends}
        self.devices = [Device(name, client["user"], histories[name], self.chats)
                        for name, client in self.clients.items() if client["role"] in ("device", "poller")]
        self.quiet_at = min((record["t"] for _, record in self.each("quiet")), default=self.end)
        self.spans = Spans([record for _, record in self.each("fault", "healed")], self.end)

    def is_over(self, chat, seq, at):
        """Whether at a time a message could be over: nobody may be told so before."""
        place = chat.places[seq]
        if place.kind == REACTION and chat.ttl_ns:
            # It ends with its message; of one that is over nobody may have seen which that is.
            return place.target is None or self.is_over(chat, chat.seqs[place.target], at)
        if chat.ttl_ns:
            return place.id in self.first_send and self.first_send[place.id]["t"] + chat.ttl_ns <= at
        if chat.keeps == UNTIL_DELIVERED:
            return all(device.acked[chat.chat_id].before(at) >= seq for device in self.devices
                       if device.user in chat.members)
        return bool(chat.keeps) and chat.aged.before(at) >= seq

    def each(self, *events):
        """Every record of these kinds with the name of its history, in the order of time."""
        found = [one for event in events for one in self._events[event]]
        return [(name, record) for _, name, _, record in sorted(found, key=lambda one: one[:3])]

    def _chat(self, name, record):
        if record["chat"] not in self.chats:
            self.chats[record["chat"]] = Chat(record["chat"], [self.clients[name]["user"]], False)
        return self.chats[record["chat"]]

    def _take_entry(self, name, record):
        self._chat(name, record).learn(name, record)

    _take_got = _take_entry

    def _take_sent(self, name, record):
        self._chat(name, record).learn(name, record)
        self.sents[record["id"]].append((name, record))

    def _take_listed(self, name, record):
        chat = self._chat(name, record)
        chat.learn(name, record)
        chat.listed[record["seq"]] = record

    def _take_listed_all(self, name, record):
        chat = self._chat(name, record)
        chat.listed_last, chat.listed_first = record["last_seq"], record["first"]

    def _take_send(self, _, record):
        self.first_send.setdefault(record["id"], record)
        self.attempts[record["id"]] += 1

    def _take_amendments(self):
        """Those of one message are asked for by one client, one after the other."""
        asked = {}
        for name, record in self.each("amend", "amended"):
            key = name, record["n"]
            if record["e"] == "amended":
                asked[key].answered_at = record["t"]
            elif key not in asked:
                asked[key] = Amendment(record["op"], record["hash"], record["t"])
                self.amends[record["id"]].append(asked[key])

    def _take_failed(self, name, record):
        self.faileds[record["id"]].append((name, record))


@dataclasses.dataclass
class Amendment:
    """An edit or a deletion. answered_at: None when it never was."""

    operation: int
    hash: str
    asked_at: int
    answered_at: int = None


class Highest:
    """The highest of the values that were seen up to a time. Values are added in the order of time."""

    def __init__(self):
        self._times, self._values = [], []

    def add(self, time, value):
        """A value seen at a time."""
        if not self._values or value > self._values[-1]:
            self._times.append(time)
            self._values.append(value)

    def before(self, time):
        """The highest of earlier times; 0 for none."""
        index = bisect.bisect_left(self._times, time)
        return self._values[index - 1] if index else 0
