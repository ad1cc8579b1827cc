#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Emits what the protos say and protobuf-c does not know.

    generate.py --descriptors api.fds --methods-c methods.c

The descriptor set is written by `protoc --include_imports --include_source_info`. The path through this program is
load -> model -> checks -> emitters: generator/model.py reads the set, generator/checks.py refuses an incomplete API,
and each emitter is one module that turns the model into the text of one file. When something is refused, every
problem is printed with its file and line, nothing is written, and the exit status is 1.
"""
import argparse
import pathlib
import sys

from generator import checks, emit_methods_c, model


def main():
    parser = argparse.ArgumentParser(description="Generate Parley's API tables from its protos.")
    parser.add_argument("--descriptors", required=True, help="descriptor set with imports and source info")
    parser.add_argument("--methods-c", required=True, help="where the implementation of api/methods.h goes")
    arguments = parser.parse_args()

    api = model.load(pathlib.Path(arguments.descriptors).read_bytes())
    problems = checks.problems_of(api)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        sys.exit(1)
    pathlib.Path(arguments.methods_c).write_text(emit_methods_c.emit(api), encoding="utf-8")


if __name__ == "__main__":
    main()
