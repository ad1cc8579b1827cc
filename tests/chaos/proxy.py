# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A TCP proxy in front of a server, for one client, with the faults of a network: cut, stalled, slow.

All proxies of a process live on one thread.
"""
import asyncio
import socket
import threading

CHUNK = 1 << 14
SEGMENT = 1400
SLOW_BYTES_S = 5_000
TURN_S = 120  # for the thread to come to it


class Network:
    """The thread."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def proxy(self, address):
        """A new proxy of the server at this host:port, listening."""
        return self.run(Proxy.listen(*address.split(":")))

    def run(self, coroutine):
        """Has the thread run it, and waits."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=TURN_S)


class Proxy:
    """Lives on the network's thread."""

    def __init__(self, host, port):
        self._host, self._port = host, port
        self.address = None
        self._writers = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_slow = False

    @classmethod
    async def listen(cls, host, port):
        """Listens on a port of its own."""
        proxy = cls(host, int(port))
        server = await asyncio.start_server(proxy._accept, "127.0.0.1", 0, limit=CHUNK)
        proxy.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return proxy

    async def cut(self):
        """Resets every connection."""
        for writer in list(self._writers):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            writer.transport.abort()

    async def stall(self, is_stalled):
        """Passes nothing on, in both directions, and says nothing."""
        (self._flows.clear if is_stalled else self._flows.set)()

    async def slow(self, is_slow):
        """Passes little on: the client is a slow reader."""
        self._is_slow = is_slow

    async def _accept(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, upstream_writer}
        await asyncio.gather(self._pass_on(reader, upstream_writer), self._pass_on(upstream_reader, writer))
        self._writers -= {writer, upstream_writer}

    async def _connect(self):
        upstream = socket.socket()
        upstream.setblocking(False)
        # Else the kernel takes megabytes for a client that reads nothing, and the server never learns of it. Segments
        # must be smaller than what is taken, and of loopback they are as large.
        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * CHUNK)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        await asyncio.get_running_loop().sock_connect(upstream, (self._host, self._port))
        return await asyncio.open_connection(sock=upstream, limit=CHUNK)

    async def _pass_on(self, reader, writer):
        try:
            while chunk := await reader.read(2048 if self._is_slow else CHUNK):
                await self._flows.wait()
                if self._is_slow:
                    await asyncio.sleep(len(chunk) / SLOW_BYTES_S)
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        writer.transport.abort() if writer.transport.is_closing() else writer.close()
