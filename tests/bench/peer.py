#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Runs the load of `parley-bench pairs` on ejabberd, with its archive in PostgreSQL, and prints how many times faster
Parley was in the run just before, on the same PostgreSQL. Both acknowledge and tell receipts. Started by
tests/bench/run, which has measured Parley.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support" / "python"))

# pylint: disable-next=wrong-import-position
from ports import free_port  # noqa: E402

AIM = 7
START_S = 60
USERS = 20000
SCHEMA = pathlib.Path("/usr/share/ejabberd/sql/pg.sql")

CONFIG = """
loglevel: warning
hosts: [localhost]
listen: [{{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144, starttls: false}}]
auth_method: sql
auth_password_format: plain
default_db: sql
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: {postgres_port}
sql_database: ejabberd
sql_username: parley
sql_password: ""
sql_pool_size: 16
acl: {{local: {{user_regexp: ""}}}}
access_rules: {{local: {{allow: local}}, c2s: {{allow: all}}}}
modules:
  mod_mam: {{db_type: sql, default: always}}
  mod_offline: {{db_type: sql}}
  mod_ping: {{}}
  mod_roster: {{db_type: sql}}
  mod_stream_mgmt: {{resend_on_timeout: if_offline}}
"""

FILL = """
insert into archive (username, timestamp, peer, bare_peer, xml, txt, kind, nick)
select 'old' || n % 200000, n, 'old' || (n + 1) % 200000 || '@localhost/r', 'old' || (n + 1) % 200000 || '@localhost',
    '<message to=''old@localhost'' type=''chat''><body>' || repeat(md5(n::text), 3) || '</body></message>',
    repeat(md5(n::text), 3), 'chat', '' from generate_series(1, {rows}) n
"""


def psql(database, *arguments):
    """What psql prints."""
    return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, *arguments], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()


def make_filled(options):
    """Schema, users and an archive. It has its name only when it is complete."""
    psql(options.database, "-c", "drop database if exists ejabberd_filling")
    psql(options.database, "-c", "create database ejabberd_filling")
    database = options.database.replace("dbname=bench", "dbname=ejabberd_filling")
    psql(database, "-f", str(SCHEMA))
    psql(database, "-c", f"insert into users (username, password) select 'u' || n, 'p' from generate_series(1, {USERS}) n")
    if options.rows:
        print(f"bench: filling the peer's archive with {options.rows} messages", file=sys.stderr)
        psql(database, "-c", "set synchronous_commit = off", "-c", FILL.format(rows=options.rows))
    psql(database, "-c", "vacuum analyze", "-c", "checkpoint")
    psql(options.database, "-c", "alter database ejabberd_filling rename to ejabberd_filled")


def make_database(options):
    """A new one for each run, as ours."""
    if not psql(options.database, "-c", "select 1 from pg_database where datname = 'ejabberd_filled'"):
        make_filled(options)
    psql(options.database, "-c", "drop database if exists ejabberd with (force)")
    psql(options.database, "-c", "create database ejabberd template ejabberd_filled strategy file_copy")


def start(options):
    """ejabberd as a process of its own, without Erlang's distribution: (the process, its port)."""
    port = free_port()
    folder = options.folder
    (folder / "ejabberd.yml").write_text(CONFIG.format(port=port, postgres_port=options.postgres_port), "utf-8")
    environment = os.environ | {"ERL_LIBS": str(next(pathlib.Path("/usr/lib").glob("*/ejabberd-*")).parent),
                                "EJABBERD_CONFIG_PATH": str(folder / "ejabberd.yml"),
                                "EJABBERD_LOG_PATH": str(folder / "ejabberd.log")}
    with open(folder / "ejabberd.out", "w", encoding="utf-8") as out:
        process = subprocess.Popen(["erl", "-noinput", "+K", "true", "+P", "250000", "-mnesia", "dir",
                                    f'"{folder}/spool"', "-s", "ejabberd"], env=environment, cwd=folder, stdout=out,
                                   stderr=out, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + START_S
    while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            sys.exit(f"bench: the peer does not start: see {folder}/ejabberd.out")
        time.sleep(0.2)
    return process, port


def stored(options):
    """Messages of the load in the peer's archive; each is there for both of its users."""
    return int(psql(options.peer_database, "-c", "select count(*) from archive where username not like 'old%'"))


def measure(options):
    """Windows of the peer, by messages/s. Each has its own users: the last messages of a window may wait for those of
    it."""
    process, port = start(options)
    try:
        windows = [json.loads(subprocess.run(
            [options.load, *map(str, (port, options.pairs, options.window, options.seconds, options.body, first_user))],
            check=True, stdout=subprocess.PIPE, text=True).stdout)
            for first_user in range(1, 1 + 2 * options.pairs * options.windows, 2 * options.pairs)]
    finally:
        process.kill()
        process.wait()
    delivered = sum(window["delivered_per_s"] for window in windows) * options.seconds
    if stored(options) < 2 * delivered:
        sys.exit(f"bench: the peer delivered {delivered} messages and did not store all of them twice")
    return sorted(windows, key=lambda window: window["delivered_per_s"])


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--load", required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--postgres-port", type=int, required=True)
    parser.add_argument("--ours", type=pathlib.Path, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    ours = json.loads(options.ours.read_text("utf-8"))
    settings = ours["settings"]
    options.pairs, options.window, options.body = settings["pairs"], settings["window"], settings["body_bytes"]
    options.seconds, options.windows = settings["seconds"], len(ours["windows"])
    options.rows = settings["rows"]
    options.peer_database = options.database.replace("dbname=bench", "dbname=ejabberd")
    make_database(options)
    windows = measure(options)
    peer = windows[len(windows) // 2]
    our_rate = statistics.median(window["delivered_per_s"] for window in ours["windows"])
    ratio = our_rate / peer["delivered_per_s"]
    print(f"ejabberd, the same load  {' '.join(str(w['delivered_per_s']) for w in windows)} messages/s; the median one:")
    print(f"  send -> delivered      p50 {peer['p50_ms']:8.2f}   p99 {peer['p99_ms']:8.2f} ms")
    print(f"  told to senders        {peer['acks']} acks, {peer['receipts']} receipts")
    print(f"  Parley / ejabberd      {ratio:.1f} (aim {AIM})   {'met' if ratio >= AIM else 'NOT MET'}")
    if options.json:
        options.json.write_text(json.dumps(ours | {"peer": windows, "ratio": ratio}, indent=2), "utf-8")


main()
