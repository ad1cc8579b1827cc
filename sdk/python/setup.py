# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Generates the messages from the protos while the package is built; nothing generated is checked in.

PARLEY_API names the folder that has parley/v1/*.proto (default: api/ of this tree), PARLEY_PROTO_PATH further folders
of protos, separated by colons (for google/api/annotations.proto).
"""
import os
import pathlib
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).resolve().parent
GOOGLEAPIS = "/usr/share/gocode/src/github.com/grpc-ecosystem/grpc-gateway/third_party/googleapis"
sys.path.insert(0, str(HERE))

from generate_stubs import generate  # noqa: E402  pylint: disable=wrong-import-position


class BuildWithStubs(build_py):
    """Puts parley/v1 and parley/error_details_pb2 beside the modules of the package."""

    def run(self):
        super().run()
        api = pathlib.Path(os.environ.get("PARLEY_API", HERE.parent.parent / "api"))
        paths = os.environ.get("PARLEY_PROTO_PATH", GOOGLEAPIS).split(":")
        generate(api, HERE / "protos", paths, pathlib.Path(self.build_lib))


setup(cmdclass={"build_py": BuildWithStubs})
