# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A WebSocket client that can do everything wrong: handshakes and frames are bytes that the test chooses."""
import base64
import collections
import contextlib
import hashlib
import os
import socket
import struct

WAIT_S = 120
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PROTO, JSON = "parley.v1.proto", "parley.v1.json"

Frame = collections.namedtuple("Frame", "fin rsv opcode payload")
Closed = collections.namedtuple("Closed", "code reason")


def frame_bytes(opcode, payload=b"", *, fin=True, rsv=0, masked=True, length=None):
    """One frame. length: another one than the payload's, or (bits, value) of a longer form than needed."""
    size = len(payload) if length is None else length
    head = bytes([fin << 7 | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if isinstance(size, tuple):
        bits, value = size
        head += bytes([mask_bit | (126 if bits == 16 else 127)]) + struct.pack("!H" if bits == 16 else "!Q", value)
    elif size < 126:
        head += bytes([mask_bit | size])
    elif size < 65536:
        head += bytes([mask_bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    pad = key * (len(payload) // 4 + 1)
    masked_payload = (int.from_bytes(payload, "big") ^ int.from_bytes(pad[:len(payload)], "big")).to_bytes(len(payload),
                                                                                                         "big")
    return head + key + masked_payload


def handshake(port, protocol=JSON, verb="GET", **headers):
    """The bytes of a handshake; headers replace the usual ones, None leaves one out."""
    fields = {"Host": f"127.0.0.1:{port}", "Connection": "Upgrade", "Upgrade": "websocket",
              "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
              "Sec-WebSocket-Protocol": protocol}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"{verb} /v1/stream HTTP/1.1", *lines, "", ""]).encode()


class Raw:
    """A connection after the handshake."""

    def __init__(self, port, protocol=JSON, *, receive_bytes=None, verb="GET", **headers):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(("127.0.0.1", port))
        self._buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(handshake(port, protocol, verb, **{"Sec_WebSocket_Key": key, **headers}))
        if "Content_Length" in headers:
            self.socket.sendall(b"x" * int(headers["Content_Length"]))
        self.head = self._read_head()
        self.status = int(self.head.split(b" ", 2)[1])
        if self.status == 101:
            accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
            assert self.header("sec-websocket-accept") == accept
            assert self.header("sec-websocket-protocol") == protocol
            assert self.header("upgrade").lower() == "websocket"
            assert self.header("connection").lower() == "upgrade"
            assert self.header("sec-websocket-extensions") is None

    def header(self, name):
        """A header of the answer."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            if line.lower().startswith(name + ":"):
                return line.split(":", 1)[1].strip()
        return None

    def _read_head(self):
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return head

    def _fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError
        self._buffer += data

    def _take(self, count):
        while len(self._buffer) < count:
            self._fill()
        data, self._buffer = self._buffer[:count], self._buffer[count:]
        return data

    def frame(self, opcode, payload=b"", **options):
        """Sends a frame; what the server does not want any more may go nowhere."""
        self.raw(frame_bytes(opcode, payload, **options))

    def raw(self, data):
        """Sends bytes."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def next(self):
        """The next frame of the server, which is never masked."""
        first, second = self._take(2)
        assert not second & 0x80
        size = second & 0x7f
        if size == 126:
            size, = struct.unpack("!H", self._take(2))
        elif size == 127:
            size, = struct.unpack("!Q", self._take(8))
        return Frame(bool(first & 0x80), first >> 4 & 7, first & 15, self._take(size))

    def message(self):
        """The next message; control frames between are left out."""
        while True:
            frame = self.next()
            if frame.opcode < CLOSE:
                assert frame.fin and not frame.rsv
                return frame
            assert frame.opcode != CLOSE, frame

    def closed(self):
        """The close frame, whatever comes before it, and then the end of the connection."""
        while True:
            frame = self.next()
            if frame.opcode == CLOSE:
                break
        code = struct.unpack("!H", frame.payload[:2])[0] if frame.payload else None
        return Closed(code, frame.payload[2:].decode())

    def ended(self):
        """The connection is closed by the server, and nothing came before that."""
        with contextlib.suppress(ConnectionResetError):
            assert self._buffer == b"" and self.socket.recv(1) == b""
        self.close()

    def close(self):
        """Lets go."""
        self.socket.close()
