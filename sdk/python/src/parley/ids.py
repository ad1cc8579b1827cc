# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Ids that a client chooses."""
import secrets
import time
import uuid


def make_id():
    """A new UUID version 7, as messages carry it."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))
