# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What goes wrong in a run, by its seed: rounds of one to three faults that overlap, with a calm after each."""
import collections
import contextlib
import os
import random
import signal
import socket
import threading
import time

from programs import stand_still, standing_still

ROUND_S, CALM_S = 6, 6
POLL_S = 0.02
KINDS = {"kill server": 3, "stop server": 2, "kill gateway": 2, "stop gateway": 1, "kill postgres": 2,
         "stop postgres": 1, "kill backend": 1, "cut": 4, "stall": 2, "slow": 3, "kill client": 4, "stop client": 3}
SINGLE = {"server", "gateway", "postgres", "backend"}  # what there is one of; clients are picked

Fault = collections.namedtuple("Fault", "at kind target duration")


def plan(seed, seconds, devices, clients):
    """Faults in the order of their times. A target is broken once at a time; the last calm ends with the run."""
    chance = random.Random(seed)
    faults = []
    for begin in range(1, max(2, int(seconds) - ROUND_S - CALM_S + 1), ROUND_S + CALM_S):
        targets = set()
        for kind in chance.choices(list(KINDS), KINDS.values(), k=chance.choice((1, 2, 2, 3))):
            name = kind.rsplit(" ", 1)[-1]
            target = name if name in SINGLE else chance.choice(clients if name == "client" else devices)
            at = begin + chance.uniform(0, ROUND_S / 3)
            duration = chance.uniform(0, ROUND_S * 2 / 3)
            if part_of(target) not in targets:
                targets.add(part_of(target))
                faults.append(Fault(at, kind, target, duration))
    return sorted(faults)


def part_of(target):
    """What is broken by one fault at a time."""
    return "postgres" if target == "backend" else target


def run(faults, house, history):
    """Does all of it, and returns when everything is whole again."""
    begin = time.monotonic()
    threads = [threading.Thread(target=break_and_heal, args=(number, fault, begin, house, history))
               for number, fault in enumerate(faults)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def break_and_heal(number, fault, begin, house, history):
    """One fault from its begin to its end. On a slow machine it waits until what it breaks is whole."""
    time.sleep(max(0, begin + fault.at - time.monotonic()))
    with house.locks[part_of(fault.target)]:
        history.note("fault", n=number, kind=fault.kind, target=fault.target)
        with getattr(house, fault.kind.replace(" ", "_"))(fault.target):
            time.sleep(fault.duration)
        history.note("healed", n=number, kind=fault.kind, target=fault.target)


class House:
    """The programs and clients of a run. Each fault is a context: its target is broken inside, and whole behind it."""

    def __init__(self, postgres, server, gateway, network, proxies, clients):
        self.postgres, self.server, self.gateway = postgres, server, gateway
        self.network, self.proxies, self.clients = network, proxies, clients
        self.locks = {part: threading.Lock() for part in (*SINGLE, *proxies, *clients)}

    @contextlib.contextmanager
    def kill_server(self, _):
        """As a crash would. It gives up while the database is away, and is started again, as a supervisor does."""
        self.server.kill()
        yield
        self.server.launch()
        while not listens(self.server.address):
            if self.server.process.poll() is not None:
                self.server.launch()
            time.sleep(POLL_S)

    def stop_server(self, _):
        """It hangs."""
        return standing_still(self.server.process)

    @contextlib.contextmanager
    def kill_gateway(self, _):
        """As a crash would."""
        self.gateway.kill()
        yield
        self.gateway.start()

    def stop_gateway(self, _):
        """It hangs."""
        return standing_still(self.gateway.process)

    @contextlib.contextmanager
    def kill_postgres(self, _):
        """The postmaster, upon which its children end."""
        self.postgres.kill()
        yield
        self.postgres.start()

    def stop_postgres(self, _):
        """All of it hangs."""
        return self.postgres.hung()

    @contextlib.contextmanager
    def kill_backend(self, _):
        """One of its children, upon which it ends the others and recovers by itself."""
        # Of a postmaster that stands still no child goes whose pid was just read.
        postmaster = self.postgres.pids()[0]
        stand_still(postmaster)
        os.kill(max(self.postgres.pids()[1:]), signal.SIGKILL)
        os.kill(postmaster, signal.SIGCONT)
        yield
        self.postgres.wait_until_ready()

    @contextlib.contextmanager
    def cut(self, device):
        """Its connections are reset."""
        self.network.run(self.proxies[device].cut())
        yield

    @contextlib.contextmanager
    def stall(self, device):
        """Nothing comes through."""
        self.network.run(self.proxies[device].stall(True))
        yield
        self.network.run(self.proxies[device].stall(False))

    @contextlib.contextmanager
    def slow(self, device):
        """Little comes through."""
        self.network.run(self.proxies[device].slow(True))
        yield
        self.network.run(self.proxies[device].slow(False))

    @contextlib.contextmanager
    def kill_client(self, name):
        """A crash; it comes back with what it had written."""
        self.clients[name].kill()
        yield
        self.clients[name].launch()

    def stop_client(self, name):
        """It reads nothing for a while."""
        return standing_still(self.clients[name].process)


def listens(address):
    """Whether connections are taken there."""
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
