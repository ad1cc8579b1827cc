# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A group as it is in life: alice with two devices, bob with the command, carol over WebSocket, dave without a stream.

Each follows the group's log by itself, for as long as it lives and through whatever happens to the programs, and
speaks in the way that is its own, until it is answered.
"""
import collections
import concurrent.futures
import contextlib
import http.client
import json
import queue
import socket
import subprocess
import threading
import time

from api_client import Person
from device import WAIT_S, Device, last_of
from json_form import read
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from parley_pb import stream_service_pb2 as stream_pb
from parley_pb import sync_service_pb2 as pb
from programs import PARLEY, parley_environment
from raw_websocket import JSON
from refusals import Refusal
from rest_client import Connections
from stream import WebSocketStream
from uuid7 import uuid7

PAUSE_S = 0.1
REST_S = 60  # longer than a test lets nothing happen

Line = collections.namedtuple("Line", "seq message_id content")


class Follower:
    """Collects entries of chats, each once. Everything below `changed` is guarded by it."""

    def __init__(self):
        self.changed = threading.Condition()
        self.entries = collections.defaultdict(list)  # chat_id -> entries, seq 1, 2, 3, ...
        self.sents = set()  # ids of what was sent in its name
        self.problem = None

    def take(self, entry):
        """An entry came, maybe again."""
        with self.changed:
            have = self.entries[entry.chat_id]
            if have and entry.seq > last_of(have) + 1:
                self.problem = f"a gap in {entry.chat_id}: {entry.seq} came after {last_of(have)}"
            elif not have or entry.seq > last_of(have):
                have.append(entry)
            self.changed.notify_all()

    def wait_for(self, condition):
        """As of Device."""
        with self.changed:
            reached = self.changed.wait_for(lambda: self.problem or condition(self), WAIT_S)
            assert not self.problem, self.problem
            assert reached, {chat_id: last_of(entries) for chat_id, entries in self.entries.items()}


class Tail(Follower):
    """The command `parley tail` in a process of its own."""

    def __init__(self, server, token):
        super().__init__()
        self._command, self._environment = [PARLEY, "tail", "--json"], parley_environment(server, token)
        self.process = self._reader = None
        self.start()

    def start(self):
        """Starts it, for the first time or after kill."""
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(self._command, env=self._environment, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, lines):
        for line in lines:
            with contextlib.suppress(ValueError):  # the half of a line that it was killed in
                said = json.loads(line)
                if "event" not in said:
                    self.take(messages.Message(chat_id=said["chat_id"], seq=said["seq"], message_id=said["message_id"],
                                               content=said.get("content")))

    def kill(self):
        """Ends it as a crash would; what it had written is read."""
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def close(self):
        """Ends it."""
        self.kill()


class Poller(Follower):
    """A device that asks with GET /sync, which rests, and acknowledges with POST /sync/ack."""

    def __init__(self, port, token):
        super().__init__()
        self._port, self._headers = port, {"authorization": f"Bearer {token}", "content-type": "application/json"}
        self._connection = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        token = ""
        while not self._closing.is_set():
            page = self._ask(pb.SyncResponse, "GET", f"/v1/sync?wait_seconds={REST_S}&sync_token={token}")
            for entry in page.entries if page else ():
                self.take(entry)
            if page:
                token = page.sync_token or token
                self._acknowledge({entry.chat_id: entry.seq for entry in page.entries})

    def _acknowledge(self, cursors):
        acks = [{"chat_id": chat_id, "seq": seq} for chat_id, seq in cursors.items()]
        while acks and not self._closing.is_set():
            if self._ask(pb.AckSyncResponse, "POST", "/v1/sync/ack", json.dumps({"acks": acks})):
                return

    def _ask(self, reply_class, *question):
        """The answer; None, after a pause, when there was none."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=2 * REST_S)) as connection:
            self._connection = connection
            try:
                connection.request(*question, headers=self._headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status == 200:
                    return read(json.loads(body), reply_class)
                if answer.status not in (429, 503):
                    with self.changed:
                        self.problem = f"{question[:2]}: {answer.status} {body}"
                        self.changed.notify_all()
            except (OSError, http.client.HTTPException):
                pass
        self._closing.wait(PAUSE_S)
        return None

    def close(self):
        """Breaks its connection off."""
        self._closing.set()
        while self._thread.is_alive():
            with contextlib.suppress(OSError, AttributeError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
            self._thread.join(PAUSE_S)


class WebSocketDevice(Device):
    """A Device over WebSocket."""

    def _run(self):
        while not self._closing.is_set():
            self._session_over(WebSocketStream(JSON, self._address, self._token))
            self._closing.wait(PAUSE_S)

    def _session_over(self, stream):
        frames = queue.SimpleQueue()
        with self.changed:
            if self._closing.is_set():
                return
            self._live, self._frames, self._call = False, frames, stream
            stream.send(stream_pb.ClientFrame(hello=self._hello()))
        writer = threading.Thread(target=lambda: [stream.send(frame) for frame in iter(frames.get, None)], daemon=True)
        writer.start()
        for frame in stream.frames():
            with self.changed:
                self._take(frame)
                self.changed.notify_all()
        frames.put(None)
        stream.close()


class House:
    """Everybody, in a group of alice's."""

    def __init__(self, world, gateway):
        self.server, self.alice, self.bob = world.server, world.alice, world.bob
        self.carol, self.dave = (Person(world.backend, name) for name in ("carol", "dave"))
        desk = world.backend.CreateDevice(user_id=self.alice.user_id, name="desk").device_id
        desk_token = world.backend.CreateToken(user_id=self.alice.user_id, device_id=desk).token
        others = [chats.NewParticipant(user_id=one.user_id) for one in (self.bob, self.carol, self.dave)]
        self.chat_id = self.alice.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=others).chat_id
        self.phone = Device(self.server.address, self.alice.token)
        self.desk = Device(self.server.address, desk_token)
        self.tail = Tail(self.server, self.bob.token)
        self.websocket = WebSocketDevice(f"127.0.0.1:{gateway.port}", self.carol.token)
        self.poller = Poller(gateway.port, self.dave.token)
        self.followers = [self.phone, self.desk, self.tail, self.websocket, self.poller]
        self.connections = Connections(f"127.0.0.1:{gateway.port}")
        self.pool = concurrent.futures.ThreadPoolExecutor(2)

    def message(self, text):
        """One for the group, ready to be sent."""
        return messages.SendMessageRequest(chat_id=self.chat_id, message_id=uuid7(), content=text)

    def speak(self, texts):
        """Everybody begins to say these, in their own way: {message_id: content}, and a function that waits until all
        are answered."""
        said = {name: [self.message(f"{name}: {text}") for text in texts]
                for name in ("phone", "desk", "bob", "carol", "dave")}
        devices = {"phone": self.phone, "desk": self.desk, "carol": self.websocket}
        for name, device in devices.items():
            device.send(*said[name])
        calls = [self.pool.submit(self._say_all, self._by_grpc, said["bob"], self.tail),
                 self.pool.submit(self._say_all, self._by_rest, said["dave"], self.poller)]

        def finish():
            for name, device in devices.items():
                device.wait_for(lambda device, mine=said[name]: {one.message_id for one in mine} <= set(device.sents))
            for call in calls:
                call.result()

        return {one.message_id: one.content for mine in said.values() for one in mine}, finish

    @staticmethod
    def _say_all(say, requests, device):
        for request in requests:
            device.sents.add(request.message_id)
            deadline = time.monotonic() + WAIT_S
            while not say(request):
                assert time.monotonic() < deadline, "it is never answered"
                time.sleep(PAUSE_S)

    def _by_grpc(self, request):
        try:
            return self.bob.api.SendMessage(**{field.name: value for field, value in request.ListFields()})
        except Refusal as refusal:
            assert refusal.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"), refusal
            return None

    def _by_rest(self, request):
        body = json.dumps({"chat_id": request.chat_id, "content": request.content}).encode()
        headers = {"authorization": f"Bearer {self.dave.token}", "content-type": "application/json",
                   "idempotency-key": request.message_id}
        try:
            status = self.connections.exchange("POST", "/v1/messages", headers.items(), body).status
        except (OSError, http.client.HTTPException):
            return False
        assert status in (201, 429, 503), status
        return status == 201

    def page(self, page_token):
        """Of the group's log, as alice can ask for it. Who writes to the database may be back before who reads is."""
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                return self.alice.api.ListMessages(chat_id=self.chat_id, page_size=100, page_token=page_token)
            except Refusal as refusal:
                assert refusal.code == "UNAVAILABLE" and time.monotonic() < deadline, refusal
            time.sleep(PAUSE_S)

    def log(self):
        """The group's log from its beginning."""
        found, page = [], None
        while page is None or page.next_page_token:
            page = self.page(page.next_page_token if page else "")
            found += [Line(one.seq, one.message_id, one.content) for one in page.messages]
        return found[::-1]

    def log_of(self, follower):
        """The same as it came to one of them. A device gets what it sent itself without a body."""
        with follower.changed:
            return [Line(one.seq, one.message_id, one.content) for one in follower.entries[self.chat_id]]

    def assert_one_log(self, said):
        """Everybody gets all of it, in one order, each once."""
        log = self.log()
        assert [line.seq for line in log] == list(range(1, len(log) + 1))
        assert {line.message_id: line.content for line in log} == said and len(log) == len(said)
        for follower in self.followers:
            follower.wait_for(lambda one: last_of(one.entries[self.chat_id]) >= len(log))
            assert self.log_of(follower) == [line._replace(content="") if line.message_id in follower.sents else line
                                             for line in log]

    def tell(self, text):
        """alice says something now, from her phone: the message."""
        request = self.message(text)
        self.phone.send(request)
        self.phone.wait_for(lambda device: request.message_id in device.sents)
        return self.alice.api.GetMessage(message_id=request.message_id)

    def wait_for_alice(self):
        """Until both of her devices have caught up: from then on they are told of every tick."""
        for device in (self.phone, self.desk):
            device.wait_for(lambda device: device.caught_up)

    def crash(self, program):
        """Kills a program and starts it again."""
        program.kill()
        if program is self.server:
            for device in (self.phone, self.desk):
                with device.changed:
                    device.caught_up = False
        program.start()
        self.wait_for_alice()

    def wait_for_ticks(self, message, **counts):
        """Until both of alice's devices are told these counts of her message."""
        def is_told(device):
            return any(told.first_seq <= message.seq <= told.last_seq and told.chat_id == self.chat_id
                       and all(getattr(told, name) == count for name, count in counts.items())
                       for told in device.group_receipts)
        for device in (self.phone, self.desk):
            device.wait_for(is_told)

    def status_of(self, message):
        """What alice is told of a message now, and by whom."""
        names = {one.user_id: name for name, one in (("bob", self.bob), ("carol", self.carol), ("dave", self.dave))}
        found = self.alice.api.GetMessage(message_id=message.message_id)
        receipts = self.alice.api.ListReceipts(message_id=message.message_id).receipts
        return ([found.status, found.recipient_count, found.delivered_count, found.read_count],
                {names[one.user_id]: one.status for one in receipts})

    def close(self):
        """Ends everybody."""
        for follower in self.followers:
            follower.close()
        self.pool.shutdown()
        self.connections.close()
        for one in (self.carol, self.dave):
            one.api.close()
