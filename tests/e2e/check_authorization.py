#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Fails, in sentences, when the table of authorization.py lacks a row or has one too many.

    check_authorization.py --descriptors api.fds

It runs in the build: a method cannot exist without saying who may call it.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "api"))

# pylint: disable=wrong-import-position
import authorization  # noqa: E402
from generator import model  # noqa: E402


def main():
    """Prints what is wrong; the exit status is 1 then."""
    parser = argparse.ArgumentParser(description="Check that every method says who may call it.")
    parser.add_argument("--descriptors", required=True, help="descriptor set of the API, with imports")
    api = model.load(pathlib.Path(parser.parse_args().descriptors).read_bytes())
    scopes = {f"{service.full_name.rpartition('.')[2]}.{method.proto.name}": method.scope
              for file in api.own_files() for service in file.services for method in service.methods}
    frame = api.message("parley.v1.ClientFrame")
    found = authorization.faults(scopes, [field.proto.name for field in frame.fields])
    if found:
        print("\n".join(found), file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
