# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The calls of the C SDK, by a program that uses its public header."""
import os
import subprocess


def test_an_app_from_its_creation_to_its_groups(server):
    """The program itself says what is wrong."""
    run = subprocess.run([os.environ["PARLEY_SDK_CALLS"], server.address, server.operator_key], timeout=300, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr
