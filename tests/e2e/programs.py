# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The programs under test: a private PostgreSQL, parleyd, parley-gateway, and the command line client.

Each runs in a private folder, on loopback, and is stopped by its own process id.
"""
import contextlib
import json
import os
import pathlib
import secrets
import select
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import grpc
from parley_pb import health_pb2
from ports import free_port

BUILD = pathlib.Path(os.environ["PARLEY_BUILD"])
DEV = os.environ["PARLEY_DEV"]
PARLEYD = BUILD / "server" / "parleyd"
GATEWAY = BUILD / "gateway" / "parley-gateway"
PARLEY = BUILD / "bin" / "parley"
READY_S = 120


def stand_still(pid):
    """Stops the process until SIGCONT. After the signal alone its threads may run on for a while. Any of them, and the
    process, may end meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            while (thread / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "TZX":
                time.sleep(0.001)


@contextlib.contextmanager
def standing_still(process):
    """While the block runs, the process does nothing."""
    stand_still(process.pid)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


class Postgres:
    """A PostgreSQL of its own below a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.conninfo = None

    def start(self):
        """Starts it, or starts it again after kill. It does not wait for disks: a kill loses no writes."""
        run = subprocess.run([DEV, "postgres", "start", self.folder, "fsync=off"], check=True, stdout=subprocess.PIPE,
                             text=True, timeout=180)
        self.conninfo = run.stdout.strip()

    def pids(self):
        """Its processes, the postmaster first."""
        postmaster = int((self.folder / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], check=True, stdout=subprocess.PIPE,
                                  text=True, timeout=60).stdout.split()
        return [postmaster, *map(int, children)]

    def kill(self):
        """Ends the postmaster as a crash would. It is gone then: while it dies, a start would take it for running."""
        postmaster = os.pidfd_open(self.pids()[0])
        try:
            signal.pidfd_send_signal(postmaster, signal.SIGKILL)
            assert select.select([postmaster], [], [], READY_S)[0]
        finally:
            os.close(postmaster)

    @contextlib.contextmanager
    def hung(self):
        """While the block runs, connections to it are open and nothing is answered."""
        # A postmaster that stands still neither starts children nor lets the pids of those go that end.
        stand_still(self.pids()[0])
        pids = self.pids()
        for pid in pids[1:]:
            stand_still(pid)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def wait_until_ready(self):
        """Waits until it answers again, after one of its children crashed."""
        deadline = time.monotonic() + READY_S
        while subprocess.run(["pg_isready", "-q", "-d", self.conninfo], check=False, timeout=60).returncode:
            assert time.monotonic() < deadline, (self.folder / "log").read_text(encoding="utf-8")[-8000:]
            time.sleep(0.02)

    def stop(self):
        """Stops it if it runs."""
        subprocess.run([DEV, "postgres", "stop", self.folder], check=True, timeout=120)

    def query(self, sql):
        """The rows of a statement, as text."""
        run = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.conninfo, "-c", sql], check=True,
                             stdout=subprocess.PIPE, text=True, timeout=60)
        return run.stdout.splitlines()


class Program:
    """A process below a folder, with a log. Its settings are in its environment."""

    def __init__(self, program, folder, **environment):
        self.program = program
        self.log = folder / f"{program.name}.log"
        self.environment = dict(os.environ, **environment)
        self.process = None

    def launch(self):
        """Starts it; whoever needs it waits until it serves."""
        with open(self.log, "ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen([self.program], env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def kill(self):
        """Ends it as a crash would."""
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Asks it to end; the caller waits."""
        self.process.terminate()

    def stop(self):
        """Ends it if it runs. Its exit status must be 0: a sanitizer or a failed assertion would show here."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                assert self.process.wait(timeout=READY_S) == 0, self.log_text()
            finally:
                self.process.kill()

    def log_text(self):
        """The end of what it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-8000:]


# A parleyd decides by the machine's cores how many threads it has. Tests try both ways on every machine: one for
# everything, and several that share state.
ONE_THREAD = {"PARLEY_RPC_THREADS": "1", "PARLEY_WRITERS": "1"}
MANY_THREADS = {"PARLEY_RPC_THREADS": "2", "PARLEY_WRITERS": "2"}


class Server(Program):
    """A parleyd. It keeps its address over restarts."""

    def __init__(self, folder, postgres, threads):
        self.address = f"127.0.0.1:{free_port()}"
        self.socket = f"unix:{folder}/parleyd.sock"
        self.operator_key = secrets.token_hex(32)
        key_file = folder / "operator.key"
        key_file.write_text(self.operator_key, encoding="ascii")
        super().__init__(PARLEYD, folder, PARLEY_GRPC_LISTEN=f"{self.address},{self.socket}",
                         PARLEY_ADMIN_LISTEN=f"127.0.0.1:{free_port()}", PARLEY_DATABASE=postgres.conninfo,
                         PARLEY_OPERATOR_KEY_FILE=str(key_file), **threads)

    def migrate(self):
        """Makes the tables."""
        with open(self.log, "ab") as log:
            subprocess.run([PARLEYD, "migrate"], env=self.environment, check=True, stdout=log, stderr=log, timeout=120)

    def start(self):
        """Starts it and waits until it serves."""
        self.launch()
        with grpc.insecure_channel(self.address, options=RETRY_FAST) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check",
                                        response_deserializer=health_pb2.HealthCheckResponse.FromString)
            answer = check.future(b"", timeout=READY_S, wait_for_ready=True)
            while not answer.done() and self.process.poll() is None:
                with contextlib.suppress(grpc.FutureTimeoutError):
                    answer.exception(timeout=0.1)
            assert answer.done() and answer.code() == grpc.StatusCode.OK, f"parleyd does not serve:\n{self.log_text()}"
        assert answer.result().status == health_pb2.HealthCheckResponse.SERVING, self.log_text()

    def wait_until_ready(self):
        """Waits until all of it has its database again, after a time without."""
        url = f"http://{self.environment['PARLEY_ADMIN_LISTEN']}/readyz"
        deadline = time.monotonic() + READY_S
        while True:
            try:
                with urllib.request.urlopen(url, timeout=READY_S):
                    return
            except urllib.error.HTTPError as error:
                assert error.code == 503 and time.monotonic() < deadline, self.log_text()
                time.sleep(0.02)


class Gateway(Program):
    """A parley-gateway in front of a parleyd, which need not run. settings: more of its settings, by name.

    It is patient: on a busy machine everything takes its time, also what a client has to do.
    """

    def __init__(self, folder, upstream, **settings):
        self.port = free_port()
        self.admin_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        settings = {"listen": f"127.0.0.1:{self.port}", "admin_listen": f"127.0.0.1:{self.admin_port}",
                    "upstream": upstream, "upstream_deadline_ms": 60000, "header_deadline_ms": 60000, **settings}
        super().__init__(GATEWAY, folder, **{f"PARLEY_GATEWAY_{name.upper()}": str(value)
                                             for name, value in settings.items()})

    def start(self):
        """Starts it and waits until it answers."""
        self.launch()
        self._wait_until_answered("/livez")

    def wait_until_ready(self):
        """Waits until it is connected with parleyd."""
        self._wait_until_answered("/readyz")

    def wait_until_refused(self):
        """Waits until it takes no new connections: it was told to end, and knows it."""
        deadline = time.monotonic() + READY_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=READY_S).close()
            except ConnectionRefusedError:
                return
            assert time.monotonic() < deadline, self.log_text()
            time.sleep(0.01)

    def answers(self, path):
        """Whether its admin port answers 200 on a path."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=READY_S):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def wait_until_not_ready(self):
        """Waits until it knows that parleyd is away."""
        deadline = time.monotonic() + READY_S
        while self.answers("/readyz"):
            assert time.monotonic() < deadline, self.log_text()
            time.sleep(0.02)

    def metric(self, name):
        """The value of one of its metrics."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=READY_S) as answer:
            lines = answer.read().decode().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith(f"parley_{name} ")))

    def wait_for_metric(self, name, value):
        """Waits until a metric has a value."""
        deadline = time.monotonic() + READY_S
        while self.metric(name) != value:
            assert time.monotonic() < deadline, self.log_text()
            time.sleep(0.01)

    def _wait_until_answered(self, path):
        deadline = time.monotonic() + READY_S
        while not self.answers(path):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log_text()
            time.sleep(0.02)


# The least of the backoffs is also how long an attempt to connect may take.
RETRY_FAST = (("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", READY_S * 1000),
              ("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1))


def parley(server, token, *arguments):
    """Runs the command line client to its end; its output is JSON lines."""
    return subprocess.run([PARLEY, *arguments, "--json"], env=parley_environment(server, token), text=True, timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


@contextlib.contextmanager
def tail(server, token, *options):
    """`parley tail` while the block runs: a function that waits for what it says next."""
    with subprocess.Popen([PARLEY, "tail", "--json", *options], env=parley_environment(server, token), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            yield lambda: json.loads(process.stdout.readline())
        finally:
            process.terminate()


def parley_environment(server, token):
    """What the command line client reads from its environment."""
    return dict(os.environ, PARLEY_GRPC=server.address, PARLEY_TOKEN=token)
