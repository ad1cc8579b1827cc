# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The parts of api/generate.py."""
