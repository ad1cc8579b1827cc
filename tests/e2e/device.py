# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A device as an app would write one: it keeps what it has, acknowledges it, sends until it is answered, and connects
again with its cursors whenever the stream ends.
"""
import base64
import collections
import json
import queue
import threading

import grpc
from parley_pb import message_service_pb2 as message_pb
from parley_pb import stream_service_pb2 as pb
from programs import RETRY_FAST

WAIT_S = 120
SENDS_PER_FRAME = 50


class Device:
    """Everything below `changed` is guarded by it; wait_for returns when a condition on it holds.

    What it sees of a chat may begin, and go on after a gap, with the entry that adds its user, or where log_start says.
    What it sees of the SELF chat may begin with any event: those before a device was made are not for it.

    At most in_flight_max sends are unanswered at a time; what the server cannot take at the moment is sent again.

    before: the same device as it was until it was closed; what it had is had. The server may or may not have stored
    its last acknowledgements, so whoever forgets everything gets a chat from any place on.
    """

    def __init__(self, address, token, in_flight_max=200, before=None):
        self.changed = threading.Condition()
        self.entries = collections.defaultdict(list)  # chat_id -> entries, seq 1, 2, 3, ...
        self.sents = {}  # message_id -> seq
        self.faileds = []
        self.receipts = []
        self.group_receipts = []
        self.typings = []
        self.presences = []
        self.advanced = []  # hints of busy groups, each fetched at once
        self.going_aways = []
        self.log_starts = {}  # chat_id -> first_seq: up to there entries come with gaps
        self.redelivered = 0
        self.sessions = 0
        self.caught_up = False
        self.problem = None
        self.end = None  # the error that the last stream ended with
        self._address, self._token, self._in_flight_max = address, token, in_flight_max
        self._user_id = user_of(token)
        self._epoch = ""
        if before:
            self.entries.update((chat_id, list(entries)) for chat_id, entries in before.entries.items())
            self._epoch = before._epoch  # pylint: disable=protected-access
        self._unsent = collections.deque()
        self._in_flight = {}  # request_id -> SendMessageRequest
        self._requests = 0
        self._closing = threading.Event()
        self._live = False
        self._call = None
        self._frames = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, *messages):
        """Sends each, with its message_id, until it is answered with `sent`."""
        with self.changed:
            self._unsent.extend(messages)
            self._fill()

    def say(self, **parts):
        """A frame with these parts, on a stream that is live."""
        with self.changed:
            self._frames.put(pb.ClientFrame(**parts))

    def wait_for(self, condition, then=lambda: None):
        """Waits until the condition holds, and then does something before the device goes on.

        Fails when the device finds a breach of order.
        """
        with self.changed:
            reached = self.changed.wait_for(lambda: self.problem or condition(self), WAIT_S)
            assert not self.problem, self.problem
            assert reached, f"{len(self.sents)} sent, {self.end}, {self.faileds[-3:]}"
            then()

    def close(self):
        """Ends the stream and the thread."""
        with self.changed:
            self._closing.set()
            if self._call:
                self._call.cancel()
        self._thread.join(WAIT_S)

    def _run(self):
        while not self._closing.is_set():
            with grpc.insecure_channel(self._address, options=RETRY_FAST) as channel:
                self._session(channel)
            self._closing.wait(0.05)

    def _session(self, channel):
        frames = queue.SimpleQueue()
        connect = channel.stream_stream("/parley.v1.StreamService/Connect",
                                        request_serializer=pb.ClientFrame.SerializeToString,
                                        response_deserializer=pb.ServerFrame.FromString)
        with self.changed:
            if self._closing.is_set():
                return
            self._live = False
            self._frames = frames
            frames.put(pb.ClientFrame(hello=self._hello()))
            self._call = connect(iter(frames.get, None), metadata=(("authorization", f"Bearer {self._token}"),))
        try:
            for frame in self._call:
                with self.changed:
                    self._take(frame)
                    self.changed.notify_all()
        except grpc.RpcError as error:
            with self.changed:
                self.end = error
                self.changed.notify_all()
        frames.put(None)

    def _hello(self):
        hello = pb.Hello(protocol_version=1, client="e2e", epoch=self._epoch)
        for chat_id, entries in self.entries.items():
            hello.cursors.add(chat_id=chat_id, seq=last_of(entries))
        return hello

    def _take(self, frame):
        if frame.HasField("welcome"):
            self._epoch = frame.welcome.epoch
            self.sessions += 1
            self._live = True
            self._unsent.extendleft(reversed(self._in_flight.values()))
            self._in_flight.clear()
        for sent in frame.sents:
            self._in_flight.pop(sent.request_id, None)
            if self.sents.setdefault(sent.message_id, sent.seq) != sent.seq:
                self.problem = f"{sent.message_id} was answered with two places"
        for failed in frame.faileds:
            message = self._in_flight.pop(failed.request_id, None)
            if message and failed.code in (grpc.StatusCode.UNAVAILABLE.value[0],
                                           grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]):
                threading.Timer(max(failed.retry_after_ms, 50) / 1000, self.send, [message]).start()
        self.faileds.extend(frame.faileds)
        self._take_entries(frame.entries)
        self.receipts.extend(frame.receipts)
        self.group_receipts.extend(frame.group_receipts)
        self.typings.extend(frame.typings)
        self.presences.extend(frame.presences)
        self.advanced.extend(frame.chats_advanced)
        for advanced in frame.chats_advanced:
            self._frames.put(pb.ClientFrame(fetches=[pb.Fetch(chat_id=advanced.chat_id,
                                                              after_seq=last_of(self.entries[advanced.chat_id]))]))
        self.log_starts.update((start.chat_id, start.first_seq) for start in frame.log_starts)
        self.caught_up |= frame.caught_up
        if frame.HasField("going_away"):
            self.going_aways.append(frame.going_away)
        self._fill()

    def _take_entries(self, entries):
        chats = set()
        for entry in entries:
            have = self.entries[entry.chat_id]
            is_cut = last_of(have) + 1 < self.log_starts.get(entry.chat_id, 0) >= entry.seq
            begins = not have and entry.kind == message_pb.ENTRY_KIND_ACCOUNT
            if entry.seq > last_of(have) + 1 and not (is_cut or begins or self._is_added(entry)):
                self.problem = f"a gap in {entry.chat_id}: {entry.seq} came after {last_of(have)}"
            elif entry.seq <= last_of(have):
                self.redelivered += 1
            else:
                have.append(entry)
            chats.add(entry.chat_id)
        if chats:
            acks = [pb.Cursor(chat_id=chat_id, seq=last_of(self.entries[chat_id])) for chat_id in chats]
            self._frames.put(pb.ClientFrame(acks=acks))

    def _is_added(self, entry):
        return self._user_id in [member.user_id for member in entry.event.members_added]

    def _fill(self):
        if not self._live:
            return
        while self._unsent and len(self._in_flight) < self._in_flight_max:
            frame = pb.ClientFrame()
            while self._unsent and len(self._in_flight) < self._in_flight_max and len(frame.sends) < SENDS_PER_FRAME:
                self._requests += 1
                message = self._unsent.popleft()
                self._in_flight[self._requests] = message
                frame.sends.add(request_id=self._requests, message=message)
            self._frames.put(frame)


def user_of(token):
    """Whose token it is; empty when it is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    return json.loads(base64.urlsafe_b64decode(parts[1] + "==")).get("sub", "")


def last_of(entries):
    """The place of the last entry; 0 for none."""
    return entries[-1].seq if entries else 0


def longest(device):
    """How many entries the device has of the chat with the most."""
    return max(map(len, device.entries.values()), default=0)
