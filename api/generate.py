#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Emits what the protos say and protobuf-c does not know.

    generate.py --descriptors api.fds --methods-c methods.c
    generate.py --descriptors api.fds --openapi openapi.yaml --version 1.2.3

The descriptor set is written by `protoc --include_imports --include_source_info`. The path through this program is
load -> model -> checks -> emitters: generator/model.py reads the set, generator/checks.py refuses an incomplete API,
and each emitter is one module that turns the model into the text of one file. When something is refused, every
problem is printed with its file and line, nothing is written, and the exit status is 1.
"""
import argparse
import pathlib
import sys

from generator import checks, model, statuses

STATUS_DEF = pathlib.Path(__file__).with_name("status.def")


def main():
    parser = argparse.ArgumentParser(description="Generate Parley's API tables from its protos.")
    parser.add_argument("--descriptors", required=True, help="descriptor set with imports and source info")
    parser.add_argument("--methods-c", help="where the implementation of api/methods.h goes")
    parser.add_argument("--openapi", help="where the OpenAPI file goes; it needs python3-yaml")
    parser.add_argument("--version", help="of the API, for the OpenAPI file")
    arguments = parser.parse_args()

    api = model.load(pathlib.Path(arguments.descriptors).read_bytes())
    known = statuses.load(STATUS_DEF)
    problems = checks.problems_of(api, known)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        sys.exit(1)
    # Each emitter is imported where it is asked for: a build does not need what only the OpenAPI file does.
    if arguments.methods_c:
        from generator import emit_methods_c  # pylint: disable=import-outside-toplevel
        pathlib.Path(arguments.methods_c).write_text(emit_methods_c.emit(api), encoding="utf-8")
    if arguments.openapi:
        from generator import emit_openapi  # pylint: disable=import-outside-toplevel
        pathlib.Path(arguments.openapi).write_text(emit_openapi.emit(api, known, arguments.version), encoding="utf-8")


if __name__ == "__main__":
    main()
