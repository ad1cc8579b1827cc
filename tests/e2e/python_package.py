# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The Python package as its users have it: the wheel, installed into a folder of its own, and a caller made of it."""
import base64
import json
import os
import pathlib
import subprocess
import sys

import pytest
from api_client import Caller

WAIT_S = 120
CALLS = pathlib.Path(__file__).parent / "python_package_calls.py"
OPTIONS = {"x-api-key": "api_key", "parley-user": "acting_user", "authorization": "token"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a program that has the package."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "install",
                    "--no-index", "--no-deps", "--target", folder, os.environ["PARLEY_PYTHON_WHEEL"]], check=True,
                   timeout=WAIT_S)
    return dict(os.environ, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")


class PackageCaller(Caller):
    """Calls by a program that has the package."""

    def __init__(self, installed, address, **metadata):
        super().__init__(**metadata)
        options = {OPTIONS[name]: value.removeprefix("Bearer ") for name, value in self.metadata}
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([sys.executable, CALLS, address, json.dumps(options)], env=installed,
                                        text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(self, method, request):
        self.process.stdin.write(f"{method.name} {base64.b64encode(request.SerializeToString()).decode()}\n")
        self.process.stdin.flush()
        # pylint: disable-next=protected-access
        reply_class = method.output_type._concrete_class
        line = self.process.stdout.readline()
        assert line, f"the program ended at {method.name}"
        return reply_class.FromString(base64.b64decode(line))

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=WAIT_S)
        self.process.stdout.close()
