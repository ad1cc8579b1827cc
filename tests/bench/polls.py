#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Measures calls of GET /sync that rest at parley-gateway, each on a connection of its own and of a device of its own.

While all rest no statement may be made; then one message in a group of everybody must end every call with that message,
once: a violation fails the run. CPU and memory are those of the gateway and of parleyd, apart. Started by
tests/bench/run.
"""
import argparse
import asyncio
import json
import os
import pathlib
import re
import sys
import time
import urllib.request

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
WAIT_S = 60
DEVICES_EACH = 10
MEMBERS_MAX = 1000
ASKERS = 16  # connections of the set-up
STATEMENTS = ("queries_total", "cursor_flushes_total", "append_batches_total")
CONNECT_AT_ONCE = 200


def fail(sentence):
    """The run is over."""
    sys.exit(f"bench: {sentence}")


def usage_of(pid):
    """(CPU seconds, bytes of memory) of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    pages = pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S, int(pages) * PAGE_BYTES


class Connection:
    """HTTP/1.1, kept alive, with one set of credentials."""

    def __init__(self, reader, writer, **headers):
        self._reader, self._writer = reader, writer
        self._headers = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())

    @classmethod
    async def open(cls, address, **headers):
        """A new connection."""
        return cls(*await asyncio.open_connection(*address.split(":"), limit=1 << 20), **headers)

    async def ask(self, verb, path, body=None, **headers):
        """The JSON of the answer, which must be good."""
        said = self._headers + "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        text = b"" if body is None else json.dumps(body).encode()
        if body is not None:
            said += f"content-type: application/json\r\ncontent-length: {len(text)}\r\n"
        self._writer.write(f"{verb} /v1{path} HTTP/1.1\r\nhost: bench\r\n{said}\r\n".encode() + text)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        answer = await self._reader.readexactly(int(re.search(r"content-length: (\d+)", head)[1]))
        if head.split(" ", 2)[1][0] != "2":
            fail(f"{verb} {path} answered {head.splitlines()[0]}: {answer.decode()}")
        return json.loads(answer)

    def close(self):
        """Lets go."""
        self._writer.close()


async def each(address, items, do):
    """do(connection, item) of every item, over some connections; the results in the order of items."""
    waiting, results = list(enumerate(items))[::-1], [None] * len(items)

    async def work():
        connection = await Connection.open(address)
        while waiting:
            number, item = waiting.pop()
            results[number] = await do(connection, item)
        connection.close()

    await asyncio.gather(*(work() for _ in range(ASKERS)))
    return results


class Crowd:
    """An app with a group of users, each with devices that have everything."""

    def __init__(self, options):
        self.options = options
        self.key = self.owner = self.group = None
        self.devices = []  # (token, sync_token)

    async def set_up(self):
        """Makes all of it."""
        count, address = self.options.polls, self.options.gateway
        operator = await Connection.open(address, x_api_key=self.options.operator_key_file.read_text("ascii").strip())
        app = (await operator.ask("POST", "/apps", {"name": "bench"}))["app_id"]
        self.key = (await operator.ask("POST", f"/apps/{app}/keys", {"name": "bench"}))["secret"]
        operator.close()
        users = await each(address, range(max(2, count // DEVICES_EACH)), self.user)
        self.owner = users[0]
        backend = await Connection.open(address, x_api_key=self.key, parley_user=self.owner)
        self.group = (await backend.ask("POST", "/chats", {
            "chat_type": "group", "name": "bench", "participants": users[1:MEMBERS_MAX]}))["chat_id"]
        backend.close()
        tokens = await each(address, [users[number % len(users)] for number in range(count)], self.device)
        self.devices = await each(address, tokens, self.catch_up)

    async def user(self, connection, number):
        """A new one."""
        return (await connection.ask("POST", "/users", {"username": f"user{number}"}, x_api_key=self.key))["user_id"]

    async def device(self, connection, user):
        """A new one; its token."""
        made = await connection.ask("POST", f"/users/{user}/devices", {}, x_api_key=self.key)
        path = f"/users/{user}/devices/{made['device_id']}/tokens"
        return (await connection.ask("POST", path, {}, x_api_key=self.key))["token"]

    @staticmethod
    async def catch_up(connection, token):
        """The device has acknowledged everything: its tokens."""
        bearer = {"authorization": f"Bearer {token}"}
        while True:
            page = await connection.ask("GET", "/sync", **bearer)
            ends = {entry["chat_id"]: entry["seq"] for entry in page["entries"]}
            if not ends:
                return token, page["sync_token"]
            await connection.ask("POST", "/sync/ack", {
                "acks": [{"chat_id": chat, "seq": seq} for chat, seq in ends.items()]}, **bearer)

    async def say(self):
        """A message to everybody: its id, and when it was sent."""
        backend = await Connection.open(self.options.gateway, x_api_key=self.key, parley_user=self.owner)
        sent = time.monotonic()
        message = await backend.ask("POST", "/messages", {"chat_id": self.group, "content": "x" * 100})
        backend.close()
        return message["message_id"], sent


async def rest(options, gate, token, sync_token):
    """One call: its page, and when it came."""
    async with gate:
        connection = await Connection.open(options.gateway, authorization=f"Bearer {token}")
    page = await connection.ask("GET", f"/sync?wait_seconds={WAIT_S}&sync_token={sync_token}")
    came = time.monotonic()
    connection.close()
    return page, came


class Server:
    """What parleyd counts."""

    def __init__(self, options):
        self._url = f"http://{options.admin}/metrics"

    def metrics(self):
        """The sum of each metric over its labels."""
        totals = {}
        with urllib.request.urlopen(self._url, timeout=60) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith("parley_"):
                    name = re.match(r"parley_(\w+)", line)
                    totals[name[1]] = totals.get(name[1], 0) + float(line.rsplit(" ", 1)[1])
        return totals

    async def wait_for_resting(self, count):
        """Until so many calls rest."""
        deadline = time.monotonic() + WAIT_S
        while (resting := self.metrics()["polls_resting"]) != count:
            if time.monotonic() > deadline:
                fail(f"{resting:.0f} calls rest instead of {count}")
            await asyncio.sleep(0.2)


async def measure(options):
    """Sets up, rests, wakes; prints."""
    crowd, server, gate = Crowd(options), Server(options), asyncio.Semaphore(CONNECT_AT_ONCE)
    await crowd.set_up()
    pids = {"gateway": options.gateway_pid, "parleyd": options.server_pid}
    await asyncio.sleep(options.settle)
    empty = {name: usage_of(pid) for name, pid in pids.items()}
    began = time.monotonic()
    calls = [asyncio.create_task(rest(options, gate, *device)) for device in crowd.devices]
    await server.wait_for_resting(len(calls))
    resting_s = time.monotonic() - began
    before, counted = {name: usage_of(pid) for name, pid in pids.items()}, server.metrics()
    await asyncio.sleep(options.seconds)
    after, recounted = {name: usage_of(pid) for name, pid in pids.items()}, server.metrics()
    if recounted["polls_resting"] != len(calls):
        fail("a rest was over in the window: make it shorter, or the polls fewer")
    statements = {name: recounted[name] - counted[name] for name in STATEMENTS}
    if any(statements.values()):
        fail(f"while all rested there were statements: {statements}")
    message, sent = await crowd.say()
    pages = await asyncio.gather(*calls)
    if any([entry["message_id"] for entry in page["entries"]] != [message] for page, _ in pages):
        fail("a call did not end with the message, and nothing else")
    woken_s = max(came for _, came in pages) - sent
    count = len(calls)
    result = {"commit": options.commit, "polls": count, "resting_s": resting_s, "woken_s": woken_s, "statements": 0}
    print(f"{count} calls at rest after {resting_s:.1f} s, no statement in {options.seconds} s")
    print(f"{'':10}{'KB a call':>12}{'CPU us/s a call':>18}{'of a core':>12}")
    for name in pids:
        kilobytes = (after[name][1] - empty[name][1]) / count / 1000
        cores = (after[name][0] - before[name][0]) / options.seconds
        result[name] = {"kilobytes": kilobytes, "cores": cores}
        print(f"{name:10}{kilobytes:12.1f}{cores * 1e6 / count:18.2f}{cores:12.3f}")
    print(f"one message to all: the last of {count} answers after {woken_s:.2f} s")
    if options.json:
        options.json.write_text(json.dumps(result), encoding="utf-8")


def main():
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--gateway-pid", type=int, required=True)
    parser.add_argument("--server-pid", type=int, required=True)
    parser.add_argument("--admin", required=True)
    parser.add_argument("--operator-key-file", type=pathlib.Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=15, help="of the window in which all rest")
    parser.add_argument("--settle", type=int, default=5, help="seconds of calm before memory is looked at")
    parser.add_argument("--json", type=pathlib.Path)
    asyncio.run(measure(parser.parse_args()))


main()
