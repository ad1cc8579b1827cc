# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Ports for the servers of tests."""
import random
import socket

HELD = []  # UDP sockets


def free_port():
    """A port that is free now, from below the range that the kernel hands out, so that it stays free.

    Other tests do not take it either: the UDP port of the same number is held until this process ends.
    """
    while True:
        port = random.SystemRandom().randrange(15000, 32000)
        held = socket.socket(type=socket.SOCK_DGRAM)
        with socket.socket() as probe:
            try:
                held.bind(("127.0.0.1", port))
                probe.bind(("127.0.0.1", port))
                HELD.append(held)
                return port
            except OSError:
                held.close()
