# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What a stream has to say: places, acknowledgements, read marks and messages, as frames that are due.

Any thread puts things in; gRPC takes the frames of a session one by one, the next when the last is on its way, so what
gathers meanwhile leaves as one frame. Everything is guarded by one condition, and nothing calls out under it.
"""
import collections
import threading
import time

from parley.v1 import stream_service_pb2 as pb

PROTOCOL_VERSION = 1
FETCH_WAIT_S = 5.0
TYPING_EVERY_S = 3.0
TYPING_CHATS_MAX = 4
HELLO_CURSORS_MAX = 10000
CURSORS_MAX = 2048
FRAME_BYTES_SOFT_MAX = 256 << 10

Waiting = collections.namedtuple("Waiting", "request_id message future")


class Outgoing:
    """Of one stream, over all its sessions."""

    def __init__(self, client_name):
        self._changed = threading.Condition()
        self._client_name = client_name
        self._epoch = ""
        self._session = 0
        self._have = {}  # chat_id -> the end of what was taken, without gaps; the latest to move last
        self._gaps = {}  # chat_id -> the entry that jumped ahead
        self._waiting = collections.deque()
        self._requests = 0
        self._reads = {}  # chat_id -> seq, until read_ok
        self._watched = []  # users whose presence is to be told
        self._shown = None  # the chat that the user looks at
        self._reset()

    def _reset(self):
        self._live = self._leaving = self._caught_up = self._busy = False
        self._token = None
        self._limits = pb.Welcome()
        self._dirty = {}  # chat_id -> seq to acknowledge
        self._unacked, self._ack_due = 0, 0.0
        self._flying = collections.OrderedDict()  # request_id -> Waiting
        self._send_due = self._heartbeat_due = 0.0
        self._reads_said = {}
        self._watch_due = bool(self._watched)
        self._typed = {}  # chat_id -> (when it was said that the user writes, whether the user does); few
        self._typings = {}  # chat_id -> whether the user writes; to say
        self._fetches = {}  # chat_id -> [its end, the end when it was last fetched, when it may be fetched]

    def begin(self):
        """The frames of a new session; what was not answered in the one before is said again."""
        with self._changed:
            self._waiting.extendleft(reversed(self._flying.values()))
            self._reset()
            self._session += 1
            hello = pb.Hello(protocol_version=PROTOCOL_VERSION, client=self._client_name, epoch=self._epoch)
            for chat_id, seq in list(self._have.items())[-HELLO_CURSORS_MAX:]:
                if seq > 0:
                    hello.cursors.add(chat_id=chat_id, seq=seq)
            self._changed.notify_all()
            return self._frames(self._session, pb.ClientFrame(hello=hello))

    def over(self):
        """The session has ended: its frames end, too."""
        with self._changed:
            self._session += 1
            self._live = False
            self._changed.notify_all()

    def busy(self, is_busy):
        """While a frame of the server's is worked on, the frames do not end: what it brings is to be acknowledged."""
        with self._changed:
            self._busy = is_busy
            self._changed.notify_all()

    def leave(self):
        """What is to be acknowledged is said, then the frames end."""
        with self._changed:
            self._leaving = True
            self._changed.notify_all()

    def welcome(self, welcome):
        """The server's limits hold from now on. Another epoch: what is known of places is void."""
        with self._changed:
            if welcome.epoch != self._epoch:
                self._have.clear()
                self._gaps.clear()
            self._epoch, self._limits, self._live = welcome.epoch, welcome, True
            self._put_off_heartbeat()
            self._changed.notify_all()

    def reauth(self, token):
        """A newer token for the running session."""
        with self._changed:
            self._token = token
            self._changed.notify_all()

    def caught_up(self):
        """Read marks may be said: the server takes none above what it has sent."""
        with self._changed:
            self._caught_up = True
            self._changed.notify_all()

    def places(self):
        """The epoch, and the end of what was taken of each chat."""
        with self._changed:
            return self._epoch, dict(self._have)

    def verdict(self, chat_id, seq):
        """`next`, `duplicate` or `gap`. A jump is believed when the server makes it again, in another session."""
        with self._changed:
            have = self._have.setdefault(chat_id, seq - 1)
            if seq <= have:
                return "duplicate"
            if seq == have + 1 or self._gaps.get(chat_id) == seq:
                return "next"
            self._gaps[chat_id] = seq
            return "gap"

    def taken(self, chat_id, seq, ack_interval_ms=0):
        """The application has the entry, or had it before: it is to be acknowledged in time; 0: as welcome said."""
        with self._changed:
            have = max(seq, self._have.pop(chat_id, 0))
            self._have[chat_id] = have
            self._gaps.pop(chat_id, None)
            due = time.monotonic() + max(1, ack_interval_ms or self._limits.ack_interval_ms) / 1000
            self._ack_due = min(self._ack_due, due) if self._dirty else due
            self._dirty[chat_id] = max(seq, self._dirty.get(chat_id, 0))
            self._unacked += 1
            self._changed.notify_all()

    def send(self, message, future):
        """Queues a message."""
        with self._changed:
            self._requests += 1
            self._waiting.append(Waiting(self._requests, message, future))
            self._changed.notify_all()

    def unanswered(self):
        """How many messages have no answer yet."""
        with self._changed:
            return len(self._waiting) + len(self._flying)

    def answered(self, request_id):
        """The message that was answered; None when there is none."""
        with self._changed:
            self._changed.notify_all()
            return self._flying.pop(request_id, None)

    def put_back(self, request_id, wait_s):
        """The message keeps its place before later ones, which wait with it."""
        with self._changed:
            item = self._flying.pop(request_id, None)
            if item is not None:
                self._waiting.appendleft(item)
                self._waiting = collections.deque(sorted(self._waiting, key=lambda one: one.request_id))
            self._send_due = time.monotonic() + wait_s
            self._changed.notify_all()

    def drain(self):
        """Takes every message that has no answer."""
        with self._changed:
            items = [*self._flying.values(), *self._waiting]
            self._flying.clear()
            self._waiting.clear()
            return items

    def read(self, chat_id, seq):
        """Only the highest of a chat counts."""
        with self._changed:
            self._reads[chat_id] = max(seq, self._reads.get(chat_id, 0))
            self._changed.notify_all()

    def read_ok(self, chat_id, seq):
        """The mark is on disk."""
        with self._changed:
            if self._reads.get(chat_id, seq + 1) <= seq:
                del self._reads[chat_id]

    def advanced(self, chat_id, last_seq):
        """The chat goes on without its entries being pushed."""
        with self._changed:
            fetch = self._fetches.setdefault(chat_id, [0, 0, time.monotonic() + FETCH_WAIT_S])
            fetch[0] = max(fetch[0], last_seq)
            self._changed.notify_all()

    def show(self, chat_id):
        """The user looks at this chat; None: at none."""
        with self._changed:
            self._shown = chat_id
            self._changed.notify_all()

    def watch(self, user_ids):
        """Of these users the stream is to be told, and of no others."""
        with self._changed:
            self._watched, self._watch_due = list(user_ids), True
            self._changed.notify_all()

    def type(self, chat_id, is_typing):
        """The user writes in this chat, or no more. The server drops what comes more often, or of more chats."""
        with self._changed:
            long_ago = time.monotonic() - TYPING_EVERY_S
            said_at, was_typing = self._typed.get(chat_id, (long_ago, False))
            oldest = min(self._typed, key=lambda one: self._typed[one][0], default=None)
            is_full = chat_id not in self._typed and len(self._typed) == TYPING_CHATS_MAX
            if is_full and self._typed[oldest][0] > long_ago:
                return
            if not self._caught_up or not (said_at <= long_ago if is_typing else was_typing):
                return
            if is_full:
                del self._typed[oldest]
            self._typed[chat_id] = (time.monotonic() if is_typing else said_at, is_typing)
            self._typings[chat_id] = is_typing
            self._changed.notify_all()

    def _frames(self, session, hello):
        yield hello
        while True:
            with self._changed:
                frame = self._due_frame() if session == self._session else None
                while frame is None:
                    if session != self._session or (self._leaving and not self._busy):
                        return
                    self._changed.wait(self._wait_s())
                    frame = self._due_frame() if session == self._session else None
            yield frame

    def _due_frame(self):
        if not self._live:
            return None
        frame = pb.ClientFrame()
        self._put_acks(frame)
        self._put_reads(frame)
        self._put_sends(frame)
        self._put_fetches(frame)
        for chat_id in list(self._typings) if not self._leaving else ():
            frame.typings.add(chat_id=chat_id, is_typing=self._typings.pop(chat_id))
        if self._watch_due and not self._leaving:
            frame.watch.SetInParent()
            frame.watch.user_ids.extend(self._watched)
            self._watch_due = False
        if self._token and not self._leaving:
            frame.reauth.token, self._token = self._token, None
        is_beat_due = self._limits.heartbeat_interval_ms and time.monotonic() >= self._heartbeat_due
        if not frame.ByteSize() and not (is_beat_due and not self._leaving):
            return None
        self._put_off_heartbeat()
        return frame

    def _put_off_heartbeat(self):
        """Any frame says that the device is there; one without parts when there is nothing else to say."""
        self._heartbeat_due = time.monotonic() + self._limits.heartbeat_interval_ms / 1000

    def _put_acks(self, frame):
        due = (time.monotonic() >= self._ack_due or self._leaving or
               self._unacked >= max(1, self._limits.ack_entries_max))
        if not self._dirty or not due:
            return
        for chat_id in list(self._dirty)[:CURSORS_MAX]:
            frame.acks.add(chat_id=chat_id, seq=self._dirty.pop(chat_id))
        self._unacked = 0

    def _put_reads(self, frame):
        if not self._caught_up:
            return
        for chat_id, wanted in self._reads.items():
            seq = min(wanted, self._have.get(chat_id, wanted))
            if seq > self._reads_said.get(chat_id, 0) and len(frame.reads) < CURSORS_MAX:
                frame.reads.add(chat_id=chat_id, seq=seq)
                self._reads_said[chat_id] = seq

    def _put_sends(self, frame):
        """Never above the soft limit, but for one message when the frame is empty."""
        room = FRAME_BYTES_SOFT_MAX
        while (self._waiting and not self._leaving and room > 0 and time.monotonic() >= self._send_due and
               len(self._flying) < max(1, self._limits.sends_in_flight_max)):
            item = self._waiting.popleft()
            self._flying[item.request_id] = item
            frame.sends.add(request_id=item.request_id, message=item.message)
            room -= item.message.ByteSize()

    def _fetch_due(self, chat_id):
        end, asked, due = self._fetches[chat_id]
        if end <= asked:
            return None
        return 0.0 if chat_id == self._shown else due

    def _put_fetches(self, frame):
        now = time.monotonic()
        for chat_id, fetch in self._fetches.items():
            due = self._fetch_due(chat_id)
            if due is not None and due <= now and not self._leaving:
                frame.fetches.add(chat_id=chat_id, after_seq=self._have.get(chat_id, 0))
                fetch[1:] = [fetch[0], now + FETCH_WAIT_S]

    def _wait_s(self):
        """Until the next thing is due by the clock; None: nothing is, or all that will be said is due now."""
        if self._leaving:
            return None
        dues = [self._ack_due] if self._dirty and self._live else []
        if self._live and self._limits.heartbeat_interval_ms:
            dues.append(self._heartbeat_due)
        if self._waiting and self._live and self._send_due > time.monotonic():
            dues.append(self._send_due)
        dues += [due for due in map(self._fetch_due, self._fetches if self._live else ()) if due is not None]
        return max(0.0, min(dues) - time.monotonic()) if dues else None
