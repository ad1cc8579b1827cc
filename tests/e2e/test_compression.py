# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What a stream costs on the wire: frames over 1 KiB leave compressed when the client takes gzip, nothing else does."""
import contextlib
import socket
import threading

import grpc
import pytest
from parley_pb import stream_service_pb2 as pb
from programs import RETRY_FAST

TEXT = "lorem ipsum dolor sit amet " * 2000
IDENTITY_ONLY = (("grpc.compression_enabled_algorithms_bitset", 1),)
WAIT_S = 120


class Counter:
    """Between a client and a server: counts what the server sends."""

    def __init__(self, address):
        host, port = address.split(":")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._target = (host, int(port))
        self.received = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._target)
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, counted):
        with contextlib.suppress(OSError):  # the other direction may end first
            while data := source.recv(1 << 16):
                self.received += len(data) if counted else 0
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def bytes_of_entry(server, world, content, options):
    """What bob's stream costs from hello until an entry with this content is there."""
    counter = Counter(server.address)
    end = threading.Event()

    def frames():
        yield pb.ClientFrame(hello=pb.Hello(protocol_version=1, client="e2e"))
        end.wait(WAIT_S)

    with grpc.insecure_channel(counter.address, options=RETRY_FAST + options) as channel:
        connect = channel.stream_stream("/parley.v1.StreamService/Connect",
                                        request_serializer=pb.ClientFrame.SerializeToString,
                                        response_deserializer=pb.ServerFrame.FromString)
        call = connect(frames(), metadata=(("authorization", f"Bearer {world.bob.token}"),), timeout=WAIT_S)
        next(frame for frame in call if frame.caught_up)
        before = counter.received
        world.alice.api.SendMessage(recipient_id=world.bob.user_id, content=content)
        assert next(entry for frame in call for entry in frame.entries if entry.content).content == content
        end.set()
        return counter.received - before


@pytest.mark.parametrize("content,options,shrinks", ((TEXT, (), True), (TEXT, IDENTITY_ONLY, False),
                                                     (TEXT[:500], (), False)), ids=("gzip", "identity", "short"))
def test_bytes_on_the_wire(server, world, content, options, shrinks):
    """A tenth of the text, or all of it."""
    received = bytes_of_entry(server, world, content, options)
    assert received < len(content) / 10 if shrinks else received >= len(content)
