# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A device's stream, over gRPC from parleyd or over WebSocket from the gateway: the same frames, and how it ended."""
import contextlib
import json
import queue
import socket
import threading

import grpc
from json_form import read, request_of
from parley_pb import stream_service_pb2 as pb
from programs import RETRY_FAST
from raw_websocket import BINARY, CLOSE, JSON, PING, PONG, PROTO, TEXT, Raw, frame_bytes
from refusals import refusal_of

GRPC = "grpc"
SWITCHING_PROTOCOLS = 101


def open_stream(settings):
    """By the device's settings: transport (GRPC, or the WebSocket subprotocol), address, token."""
    kind = GrpcStream if settings["transport"] == GRPC else WebSocketStream
    return kind(**{name: settings[name] for name in ("transport", "address", "token")})


class GrpcStream:
    """send and close from any thread. When frames is exhausted, end has (code, reason)."""

    def __init__(self, transport, address, token):
        assert transport == GRPC
        self.end = None
        self._out = queue.SimpleQueue()
        self._channel = grpc.insecure_channel(address, options=RETRY_FAST)
        connect = self._channel.stream_stream("/parley.v1.StreamService/Connect",
                                              request_serializer=pb.ClientFrame.SerializeToString,
                                              response_deserializer=pb.ServerFrame.FromString)
        self._call = connect(iter(self._out.get, None), metadata=(("authorization", f"Bearer {token}"),))

    def send(self, frame):
        """Writes a ClientFrame some time, or never."""
        self._out.put(frame)

    def frames(self):
        """Each ServerFrame."""
        try:
            yield from self._call
            self.end = "OK", None
        except grpc.RpcError as error:
            refusal = refusal_of(error)
            self.end = refusal.code, refusal.reason or refusal.code

    def close(self):
        """Lets go."""
        self._out.put(None)
        self._channel.close()


class WebSocketStream:
    """As GrpcStream; it connects when frames are asked for. A connection that breaks has no reason."""

    def __init__(self, transport, address, token):
        assert transport in (JSON, PROTO)
        self.end = "BROKEN", None
        self._protocol, self._address, self._token = transport, address, token
        self._out = queue.SimpleQueue()  # bytes
        self._raw = None

    def send(self, frame):
        """Writes a ClientFrame some time, or never."""
        if self._protocol == PROTO:
            self._out.put(frame_bytes(BINARY, frame.SerializeToString()))
        else:
            self._out.put(frame_bytes(TEXT, json.dumps(request_of(frame)).encode()))

    def frames(self):
        """Each ServerFrame."""
        with contextlib.suppress(OSError, EOFError):
            self._raw = Raw(int(self._address.split(":")[1]), self._protocol, authorization=f"Bearer {self._token}")
            if self._raw.status != SWITCHING_PROTOCOLS:
                self.end = "REFUSED", str(self._raw.status)
                return
            self._raw.socket.settimeout(None)  # it may be quiet for long
            threading.Thread(target=self._write, daemon=True).start()
            yield from map(self._unpack, self._messages())

    def _messages(self):
        while (frame := self._raw.next()).opcode != CLOSE:
            if frame.opcode == PING:
                self._out.put(frame_bytes(PONG, frame.payload))
            elif frame.opcode != PONG:
                assert frame.fin and frame.opcode == (BINARY if self._protocol == PROTO else TEXT)
                yield frame.payload
        reason = frame.payload[2:].decode().split(":")[0]
        self.end = str(int.from_bytes(frame.payload[:2], "big")), reason or None
        self._out.put(frame_bytes(CLOSE, frame.payload[:2]))

    def _unpack(self, payload):
        if self._protocol == PROTO:
            return pb.ServerFrame.FromString(payload)
        return read(json.loads(payload), pb.ServerFrame)

    def _write(self):
        with contextlib.suppress(OSError):
            for data in iter(self._out.get, None):
                self._raw.raw(data)
        self._raw.close()

    def close(self):
        """Lets go, when what was sent before is written."""
        self._out.put(None)

    def cancel(self):
        """Lets go at once; frames end."""
        with contextlib.suppress(OSError, AttributeError):  # not connected, or not any more
            self._raw.socket.shutdown(socket.SHUT_RDWR)
        self.close()
