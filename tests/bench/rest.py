#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Measures parley-gateway with wrk on keep-alive connections, next to nginx that answers `return 200`.

Every answer must be a 2xx, and every message that a POST was told of must be stored once, without a gap in seq: a
violation fails the run. CPU is the gateway's process alone. Started by tests/bench/run.
"""
import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE = 50
CONTENT = "x" * 100


def cpu_us(pid):
    """User and system time of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICKS_PER_S


class Caller:
    """REST with one set of credentials."""

    def __init__(self, address, **headers):
        self.address = address
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __call__(self, verb, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        headers = dict(self.headers)
        if body is not None:
            headers["content-type"] = "application/json"
        connection.request(verb, "/v1" + path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status // 100 != 2:
            sys.exit(f"bench: {verb} {path} answered {answer.status}: {text.decode()}")
        return json.loads(text)


def set_up(address, operator_key):
    """An app with alice and bob: (alice's token, their chat)."""
    operator = Caller(address, x_api_key=operator_key)
    app = operator("POST", "/apps", {"name": "bench"})["app_id"]
    backend = Caller(address, x_api_key=operator("POST", f"/apps/{app}/keys", {"name": "bench"})["secret"])
    alice, bob = (backend("POST", "/users", {"username": name})["user_id"] for name in ("alice", "bob"))
    device = backend("POST", f"/users/{alice}/devices", {})["device_id"]
    token = backend("POST", f"/users/{alice}/devices/{device}/tokens", {})["token"]
    chat = backend_chat(address, token, bob)
    return token, chat


def backend_chat(address, token, peer):
    """The chat with a peer, with a page of messages in it."""
    alice = Caller(address, authorization=f"Bearer {token}")
    for _ in range(PAGE):
        message = alice("POST", "/messages", {"recipient_id": peer, "content": CONTENT})
    return message["chat_id"]


def wrk(options, url, verb, path, token="", body=""):
    """One run of wrk: what rest.lua prints."""
    command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s", "-s", str(HERE / "rest.lua"), url,
               "--", verb, path, token, body]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    result = json.loads(out.strip().rsplit("\n", 1)[-1])
    if result["refused"] or result["broken"]:
        sys.exit(f"bench: {verb} {path}: {result['refused']} answers were no 2xx, {result['broken']} had none")
    return result


def measure(options, *request):
    """The median window of a request to the gateway, by requests/s."""
    windows = []
    for _ in range(options.windows):
        before = cpu_us(options.gateway_pid)
        window = wrk(options, f"http://{options.gateway}", *request)
        window["cpu_us"] = (cpu_us(options.gateway_pid) - before) / window["requests"]
        window["per_s"] = window["requests"] / window["seconds"]
        windows.append(window)
    windows.sort(key=lambda window: window["per_s"])
    return windows, windows[len(windows) // 2]


def check_stored(options, token, chat, posted):
    """Every message that was told is there once, in a row of seqs; one request a connection may have lost its answer."""
    alice = Caller(options.gateway, authorization=f"Bearer {token}")
    last = alice("GET", f"/chats/{chat}")["last_seq"]
    rows = int(subprocess.run(
        ["psql", "-XAtq", "-d", options.database, "-c",
         f"select count(*) from messages where chat_id = '{chat}' and seq between 1 and {last}"],
        check=True, stdout=subprocess.PIPE, text=True).stdout)
    lost_answers = last - PAGE - posted
    if rows != last or not 0 <= lost_answers <= options.connections * options.windows:
        sys.exit(f"bench: {posted} messages were told, {rows} are stored, the last seq is {last}")


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--gateway-pid", type=int, required=True)
    parser.add_argument("--nginx", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--operator-key-file", type=pathlib.Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    token, chat = set_up(options.gateway, options.operator_key_file.read_text(encoding="ascii").strip())
    post = json.dumps({"chat_id": chat, "content": CONTENT})
    results = {}
    results["GET /limits"] = measure(options, "GET", "/limits")
    results[f"GET /messages, {PAGE}"] = measure(options, "GET", f"/v1/messages?chat_id={chat}&limit={PAGE}", token)
    windows, _ = results["POST /messages"] = measure(options, "POST", "/v1/messages", token, post)
    check_stored(options, token, chat, sum(window["requests"] for window in windows))
    nginx = [wrk(options, f"http://{options.nginx}", "GET", "/") for _ in range(options.windows)]
    nginx_per_s = statistics.median(window["requests"] / window["seconds"] for window in nginx)
    print(f"{options.connections} keep-alive connections, median of {options.windows} windows of {options.seconds} s")
    print(f"{'request':24}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'gateway CPU us':>16}")
    for name, (_, median) in results.items():
        print(f"{name:24}{median['per_s']:12,.0f}{median['p50_ms']:9.2f}{median['p99_ms']:9.2f}{median['cpu_us']:16.1f}")
    print(f"{'nginx return 200':24}{nginx_per_s:12,.0f}")
    print(f"GET /limits / nginx: {results['GET /limits'][1]['per_s'] / nginx_per_s:.2f}")
    if options.json:
        options.json.write_text(json.dumps({
            "commit": options.commit, "connections": options.connections, "seconds": options.seconds,
            "nginx_per_s": nginx_per_s, "requests": {name: windows for name, (windows, _) in results.items()}}),
            encoding="utf-8")


main()
