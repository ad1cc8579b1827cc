# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Devices over WebSocket, in both subprotocols: over npm's ws, as an app would be, and over a raw socket."""
import base64
import json
import pathlib
import queue
import subprocess
import threading

from json_form import read, request_of
from parley_pb import stream_service_pb2 as pb
from programs import DEV
from raw_websocket import BINARY, JSON, PROTO, TEXT, Closed, Raw

WAIT_S = 120
NPM = pathlib.Path(DEV).parent / "build" / "npm" / "node_modules"
CLIENT = pathlib.Path(__file__).with_name("websocket_client.mjs")


def hello_frame():
    """What opens a session."""
    return pb.ClientFrame(hello=pb.Hello(protocol_version=1, client="e2e"))


class Stream:
    """What devices share: frames by parts."""

    protocol = JSON

    def pack(self, frame):
        """A frame as a message."""
        return frame.SerializeToString() if self.protocol == PROTO else json.dumps(request_of(frame)).encode()

    def unpack(self, data):
        """A message as a frame."""
        return pb.ServerFrame.FromString(data) if self.protocol == PROTO else read(json.loads(data), pb.ServerFrame)

    def greet(self, token=None):
        """Says the token, when there was none in the handshake, and hello; waits until all is caught up."""
        if token:
            self.say(reauth=pb.Reauth(token=token))
        self.send(hello_frame())
        welcome = self.wait_for("welcome").welcome
        self.wait_for("caught_up")
        return welcome

    def say(self, **parts):
        """Sends a frame with these parts."""
        self.send(pb.ClientFrame(**parts))

    def wait_for(self, part):
        """The next frame that has this part."""
        while not (frame := self.frame()).ListFields() or part not in [field.name for field, _ in frame.ListFields()]:
            pass
        return frame

    def send(self, frame):
        """Sends a frame."""
        raise NotImplementedError

    def frame(self):
        """The next frame."""
        raise NotImplementedError


class RawDevice(Stream):
    """Over a raw socket."""

    def __init__(self, port, protocol=JSON, **options):
        self.protocol = protocol
        self.raw = Raw(port, protocol, **options)
        assert self.raw.status == 101, self.raw.head

    def send(self, frame):
        self.raw.frame(BINARY if self.protocol == PROTO else TEXT, self.pack(frame))

    def frame(self):
        frame = self.raw.message()
        assert frame.opcode == (BINARY if self.protocol == PROTO else TEXT)
        return self.unpack(frame.payload)

    def closed(self):
        """Waits for the close frame, and for the end."""
        closed = self.raw.closed()
        self.raw.frame(8, closed.code.to_bytes(2, "big"))
        self.raw.ended()
        return closed

    def close(self):
        """Lets go."""
        self.raw.close()


class NpmDevice(Stream):
    """Over npm's ws, in a process of its own."""

    def __init__(self, port, protocol=JSON, **headers):
        self.protocol = protocol
        self._events = queue.SimpleQueue()
        command = ["node", CLIENT, NPM, f"ws://127.0.0.1:{port}/v1/stream", protocol, json.dumps(headers)]
        # pylint: disable-next=consider-using-with
        self._process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def event(self):
        """What happens next."""
        return self._events.get(timeout=WAIT_S)

    def opened(self):
        """The handshake was well."""
        assert self.event() == {"open": self.protocol}
        return self

    def do(self, **what):
        """Has the client do something."""
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def send(self, frame):
        data = self.pack(frame)
        if self.protocol == PROTO:
            self.do(binary=base64.b64encode(data).decode())
        else:
            self.do(text=data.decode())

    def frame(self):
        event = self.event()
        assert event["isBinary"] == (self.protocol == PROTO), event
        return self.unpack(base64.b64decode(event["message"]))

    def closed(self):
        """Waits for the close frame, and for the end."""
        while "closed" not in (event := self.event()):
            assert "error" not in event, event
        return Closed(event["closed"], event["reason"])

    def close(self):
        """Lets go."""
        self._process.kill()
        self._process.wait()
