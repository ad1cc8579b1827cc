#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Runs Parley with clients that write histories while faults happen by a seed, then checks the histories.

Each seed gets a PostgreSQL, a parleyd and a gateway of its own, and a folder with histories and logs, which is kept
when the check finds something. Exit 0: no violations.
"""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import queue
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent
sys.path += [str(TESTS / "support" / "python"), str(TESTS / "e2e")]

# pylint: disable=wrong-import-position
import faults  # noqa: E402
from api_client import GrpcServer  # noqa: E402
from auditor import Auditor  # noqa: E402
from client import PATIENCE_S  # noqa: E402
from history import DAYS, UNTIL_DELIVERED, Writer  # noqa: E402
from parley_pb import chat_service_pb2 as chats  # noqa: E402
from programs import MANY_THREADS, ONE_THREAD, Gateway, Postgres  # noqa: E402
from proxy import Network  # noqa: E402
from raw_websocket import JSON, PROTO  # noqa: E402
from stream import GRPC  # noqa: E402

USERS = ("alice", "bob", "carol", "dave", "erin", "rita", "sven")  # sven has no device
ARCHIVES = {"dan": ("dora", DAYS), "paul": ("petra", UNTIL_DELIVERED)}  # apps of two users: how long they keep messages
DEVICES = {"alice-phone": "alice", "alice-desk": "alice", "bob-phone": "bob", "carol-phone": "carol",
           "dave-phone": "dave", "erin-phone": "erin", "rita-poll": "rita", "dan-phone": "dan", "dora-poll": "dora",
           "paul-phone": "paul", "petra-poll": "petra"}
POLLERS = ("rita-poll", "dora-poll", "petra-poll")
WEBSOCKETS = {"alice-desk": JSON, "dave-phone": PROTO}  # the others' streams are over gRPC
PAIRS = (("alice", "bob"), ("carol", "alice"), ("rita", "bob"))
GROUPS = {"crowd": (("alice", "bob", "carol", "dave", "erin", "rita", "sven"), ("carol", "dave", "erin")),
          "club": (("alice", "dave", "erin"), ("dave", "erin"))}  # members at first, and those who come and go
WHISPERERS = ("alice", "bob", "erin")  # of a group where messages expire
TTL_S = 5
SENDERS = {"rita-rest": "rita", "bob-rest": "bob"}
REACTORS = {"alice-reacts": "alice", "bob-reacts": "bob", "dave-reacts": "dave"}  # dave comes and goes
SWEEP_INTERVAL_MS = 100
SESSION_QUEUE_BYTES = 16384  # so that slow readers are soon too slow
UPSTREAM_DEADLINE_MS = 3000
# What an address sanitizer keeps back of what was freed, which is 256 MiB else, is no memory of the program's.
SANITIZER = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=32")))
ANSWER_S = 240  # what clients take above that is a violation; they give up before when nothing happens
MEMORY_EVERY_S = 1


class Client:
    """A process of a client; see client.py."""

    def __init__(self, script, environment, **settings):
        self.name = settings["name"]
        self._command = [sys.executable, "-B", HERE / script, settings["folder"] / f"{self.name}.settings"]
        self._environment, self._log = environment, settings["folder"] / f"{self.name}.log"
        self._command[-1].write_text(json.dumps(settings, default=str), encoding="utf-8")
        self._command[-1].chmod(0o600)
        self.process, self._answers = None, None

    def launch(self):
        """Starts it, for the first time or after kill."""
        with open(self._log, "ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(self._command, env=self._environment, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        self._answers = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(self.process, self._answers), daemon=True).start()

    @staticmethod
    def _read(process, answers):
        for line in process.stdout:
            answers.put(line.strip())
        answers.put(None)

    def kill(self):
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    def tell(self, **command):
        """Gives it a command."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()

    def answer(self, deadline):
        """Waits for its answer; None when it ended without, or took too long."""
        with contextlib.suppress(queue.Empty):
            while (word := self._answers.get(timeout=max(0, deadline - time.monotonic()))) == "ready":
                continue
            return word
        return None

    def wait_until_ready(self):
        """After the first launch."""
        assert self._answers.get(timeout=ANSWER_S) == "ready", f"{self.name} does not start: see its log"


def await_answers(clients):
    """Waits for all answers. What is not answered shows in the histories."""
    deadline = time.monotonic() + ANSWER_S
    for client in clients:
        client.answer(deadline)


Chat = collections.namedtuple("Chat", "users is_pair ttl keeps")


class World:
    """Apps with people and chats, and what each client is to know of them."""

    def __init__(self, server, history):
        self.operator, self.server = server.api(x_api_key=server.operator_key), server
        self.ids, self.keys, self.backends = {}, {}, {}  # by users
        self.chats = {}  # chat id -> Chat
        self._create_app(USERS)
        for user, (other, keeps) in ARCHIVES.items():
            self._create_app((user, other), retention_days=int(keeps == DAYS),
                             retention_until_delivered=keeps == UNTIL_DELIVERED)
        self.tokens = {name: self._token(user, name) for name, user in DEVICES.items()}
        for pair in PAIRS:
            self._create(Chat(pair, True, 0, None))
        self.groups = {self._create(Chat(members, False, 0, None)): [self.ids[user] for user in others]
                       for members, others in GROUPS.values()}
        self._create(Chat(WHISPERERS, False, TTL_S, None))
        self.archives = {self._create(Chat((user, other), False, 0, keeps)): user
                         for user, (other, keeps) in ARCHIVES.items()}
        for chat_id, chat in self.chats.items():
            history.note("chat", chat=chat_id, members=[self.ids[user] for user in chat.users], is_pair=chat.is_pair,
                         ttl=chat.ttl, keeps=chat.keeps)

    def _create_app(self, users, **retention):
        app_id = self.operator.CreateApp(name="Chaos", **retention).app_id
        key = self.operator.CreateApiKey(app_id=app_id, name="chaos").secret
        backend = self.server.api(x_api_key=key)
        for user in users:
            self.keys[user], self.backends[user] = key, backend
            self.ids[user] = backend.CreateUser(username=user).user_id

    def connect(self):
        """Anew: a connection from before a fault may be found dead by the first call on it."""
        self.backends = {user: self.server.api(x_api_key=key) for user, key in self.keys.items()}

    def acting(self, user):
        """The backend of a user's app, for the user."""
        return self.backends[user].also(parley_user=self.ids[user])

    def _create(self, chat):
        others = [chats.NewParticipant(user_id=self.ids[user]) for user in chat.users[1:]]
        settings = {"settings": chats.ChatSettings(message_ttl=chat.ttl)} if chat.ttl else {}
        chat_type = chats.CHAT_TYPE_INDIVIDUAL if chat.is_pair else chats.CHAT_TYPE_GROUP
        chat_id = self.acting(chat.users[0]).CreateChat(chat_type=chat_type, participants=others, **settings).chat_id
        self.chats[chat_id] = chat
        return chat_id

    def _token(self, user, name):
        device_id = self.backends[user].CreateDevice(user_id=self.ids[user], name=name).device_id
        return self.backends[user].CreateToken(user_id=self.ids[user], device_id=device_id).token

    def chats_of(self, user):
        """As clients are told."""
        return [{"chat": chat_id, "ttl": chat.ttl,
                 "recipient": self.ids[next(iter(set(chat.users) - {user}))] if chat.is_pair else None}
                for chat_id, chat in self.chats.items() if user in chat.users]

    def heads_of(self, user):
        """Where each chat ends now."""
        return {head.chat_id: head.last_seq for head in self.acting(user).ListHeads().heads}

    def headers_of(self, user):
        """Of calls of the app's backend for a user."""
        return {"x-api-key": self.keys[user], "parley-user": self.ids[user]}


class Run:
    """One seed."""

    def __init__(self, folder, seed, seconds, stack):
        self.folder, self.seed, self.seconds = folder, seed, seconds
        self.history = Writer(folder / "runner.jsonl")
        self.history.note("client", role="runner", user="")
        postgres = Postgres(folder / "postgres")
        stack.callback(postgres.stop)
        postgres.start()
        self.server = GrpcServer(folder, postgres, ONE_THREAD if seed % 2 else MANY_THREADS)
        self.server.environment.update(PARLEY_SESSION_QUEUE_BYTES_MAX=str(SESSION_QUEUE_BYTES), ASAN_OPTIONS=SANITIZER,
                                       PARLEY_SWEEP_INTERVAL_MS=str(SWEEP_INTERVAL_MS))
        self.server.migrate()
        stack.callback(self.server.stop)
        self.server.start()
        self.gateway = Gateway(folder, self.server.address, upstream_deadline_ms=UPSTREAM_DEADLINE_MS)
        self.gateway.environment.update(ASAN_OPTIONS=SANITIZER)
        stack.callback(self.gateway.stop)
        self.gateway.start()
        self.gateway.wait_until_ready()
        self.world = World(self.server, self.history)
        network = Network()
        self.gateway_address = f"127.0.0.1:{self.gateway.port}"
        by_gateway = {*WEBSOCKETS, *POLLERS}
        self.proxies = {name: network.proxy(self.gateway_address if name in by_gateway else self.server.address)
                        for name in DEVICES}
        self.clients = {client.name: client for client in self._clients(postgres)}
        stack.callback(self._kill_clients)
        self.house = faults.House(postgres, self.server, self.gateway, network, self.proxies, self.clients)

    def _clients(self, postgres):
        environment = dict(os.environ, PYTHONPATH=f"{TESTS / 'support' / 'python'}:{TESTS / 'e2e'}")
        world = self.world

        def client(script, name, role, user, pace_s, **settings):
            return Client(script, environment, **{"gateway": self.gateway_address, **settings}, folder=self.folder,
                          seed=self.seed, name=name, role=role, user=world.ids[user], chats=world.chats_of(user),
                          pace_s=pace_s)

        for name, user in DEVICES.items():
            address = self.proxies[name].address
            if name in POLLERS:
                # Who asks now and then only finds that something has left, or keeps it from leaving.
                pace_s = 0 if user in USERS else 0.75
                yield client("poller.py", name, "poller", user, pace_s, gateway=address,
                             headers={"authorization": f"Bearer {world.tokens[name]}"})
            else:
                yield client("device.py", name, "device", user, 0.06, token=world.tokens[name], address=address,
                             transport=WEBSOCKETS.get(name, GRPC), talks=user in USERS)
        for name, user in SENDERS.items():
            yield client("rest_sender.py", name, "rest", user, 0.1, headers=world.headers_of(user))
        for name, user in REACTORS.items():
            yield client("reactor.py", name, "reactor", user, 0.1, headers=world.headers_of(user))
        yield client("changer.py", "changer", "changer", "alice", 1.0, groups=world.groups,
                     headers={"x-api-key": world.keys["alice"]})
        yield client("archivist.py", "archivist", "archivist", "dan", 0.05, database=postgres.conninfo,
                     places=[{"chat": chat, "headers": world.headers_of(user)}
                             for chat, user in world.archives.items()])
        yield client("watcher.py", "watcher", "watcher", "alice", 0.1, headers=world.headers_of("alice"))

    def _kill_clients(self):
        for client in self.clients.values():
            if client.process:
                client.kill()

    def run(self):
        """Faults, then calm until everything is settled."""
        for client in self.clients.values():
            client.launch()
        for client in self.clients.values():
            client.wait_until_ready()
        is_over = threading.Event()
        sampler = threading.Thread(target=self._sample_memory, args=(is_over,))
        sampler.start()
        crashing = [*DEVICES, *SENDERS, *REACTORS]
        faults.run(faults.plan(self.seed, self.seconds, list(DEVICES), crashing), self.house, self.history)
        time.sleep(faults.CALM_S)
        is_over.set()
        sampler.join()
        self.history.note("quiet")
        for client in self.clients.values():
            client.tell(do="quiet")
        await_answers(self.clients.values())
        self.world.connect()
        auditor = Auditor(self.world, self.folder)
        auditor.list_all()
        self._settle(auditor.heads)

    def _sample_memory(self, is_over):
        while not is_over.wait(MEMORY_EVERY_S):
            for program in (self.server, self.gateway):
                with contextlib.suppress(OSError, IndexError):
                    pages = pathlib.Path(f"/proc/{program.process.pid}/statm").read_text(encoding="ascii").split()[1]
                    self.history.note("memory", process=program.program.name,
                                      bytes=int(pages) * os.sysconf("SC_PAGE_SIZE"))

    def _settle(self, heads):
        """Every device has all that its user may see, and knows how far the others are."""
        devices = [self.clients[name] for name in DEVICES]
        for client, user in zip(devices, DEVICES.values()):
            client.tell(do="finish", heads=self.world.heads_of(user))
        await_answers(devices)
        ticks = self._ticks(heads)
        for client, user in zip(devices, DEVICES.values()):
            mine = self.world.ids[user]
            client.tell(do="end", ticks=[tick for tick in ticks if mine != tick[1]
                                         and self.world.chats[tick[0]].is_pair
                                         and user in self.world.chats[tick[0]].users])
        others = [client for client in self.clients.values() if client not in devices]
        for client in others:
            client.tell(do="end")
        await_answers(self.clients.values())

    def _ticks(self, heads):
        """How far everybody is, when every device's acknowledgement of everything is on disk: [chat, user, [d, r]]."""
        people = {self.world.ids[user] for user in DEVICES.values()}
        behind, deadline = None, 0
        while True:
            asked = time.monotonic_ns()
            found = {chat: self.world.acting(users[0]).ListParticipants(chat_id=chat).participants
                     for chat, (users, *_) in self.world.chats.items()}
            ticks = [[chat, one.user_id, [one.last_delivered_seq, one.last_read_seq]]
                     for chat, participants in found.items() for one in participants]
            before = behind
            behind = [tick for tick in ticks if tick[1] in people and tick[2][0] < heads[tick[0]]]
            if behind != before:
                deadline = time.monotonic() + PATIENCE_S
            if not behind or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        for chat in found:
            self.history.note("watermarks", asked=asked, chat=chat,
                              members={user: values for where, user, values in ticks if where == chat})
        return ticks


def run_seed(folder, seed, seconds, complete_within_s):
    """Whether the histories of a run have no violation; says what there is to say."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        Run(folder, seed, seconds, stack).run()
    shutil.rmtree(folder / "postgres")
    check = subprocess.run([sys.executable, "-B", HERE / "check.py", folder, "--complete-within",
                            str(complete_within_s)], check=False, stdout=subprocess.PIPE, text=True)
    print(f"seed {seed}: {check.stdout.strip()}", flush=True)
    return check.returncode == 0


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first one (%(default)s)")
    parser.add_argument("--seconds", type=float, default=60, help="of faults, each seed (%(default)s)")
    parser.add_argument("--complete-within", type=float, default=5, metavar="SECONDS",
                        help="how soon after a fault every device has everything (%(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("build/chaos"),
                        help="where histories and logs are (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="keep them when nothing was found, too")
    arguments = parser.parse_args()
    failed = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        folder = arguments.folder.resolve() / f"seed-{seed}"
        if not run_seed(folder, seed, arguments.seconds, arguments.complete_within):
            failed.append(seed)
            print(f"seed {seed}: histories and logs are in {folder}")
        elif not arguments.keep:
            shutil.rmtree(folder)
    print(f"{arguments.seeds} seeds, {len(failed)} with violations{': ' if failed else ''}"
          f"{', '.join(map(str, failed))}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
