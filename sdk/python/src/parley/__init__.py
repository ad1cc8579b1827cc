# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Client of Parley: see Client and Stream, and the README of the package."""
from parley.client import Client
from parley.errors import Error
from parley.stream import Stream

__all__ = ["Client", "Error", "Stream"]
