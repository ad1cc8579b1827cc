# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""UUIDv7 (RFC 9562, 5.7), which this Python's uuid module does not make yet."""
import secrets
import time
import uuid


def uuid7():
    """A new one, as text of 36 characters."""
    number = time.time_ns() // 1_000_000 << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))
