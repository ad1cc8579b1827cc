#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Asserts the invariants of design on the histories of a run, and reads nothing else: check.py FOLDER.

Prints a sentence for each violation and, at last, how much was looked at. Exit 0: none; 1: some.
"""
import argparse
import collections
import functools
import pathlib
import sys

import history
from invariants import INVARIANTS, devices_are_complete_soon_after_faults
from view import View

COMPLETE_WITHIN_S = 5
SHOWN_EACH = 10


def violations_of(histories, complete_within_s=COMPLETE_WITHIN_S, names=None):
    """(invariant, sentence) of each violation. names: of the invariants that are looked at, instead of all."""
    view = View(histories)
    complete = functools.partial(devices_are_complete_soon_after_faults, limit_s=complete_within_s)
    return [(name, sentence) for name, invariant in (*INVARIANTS, ("I10", complete)) if not names or name in names
            for sentence in invariant(view)]


def summary_of(histories):
    """What a run consisted of."""
    counts = collections.Counter(record["e"] for records in histories.values() for record in records)
    kinds = collections.Counter(record["kind"] for records in histories.values() for record in records
                                if record["e"] == "fault")
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return (f"{counts['send']} sends, {counts['sent']} acknowledged, {counts['entry']} entries, {counts['receipt']}"
            f" receipts, {counts['reacted']} reactions, {counts['changed']} changes of members, {counts['welcome']}"
            f" sessions, {counts['acked']} pages, {counts['log_start']} beginnings of logs;"
            f" faults: {faults or 'none'}")


def main():
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--complete-within", type=float, default=COMPLETE_WITHIN_S, metavar="SECONDS",
                        help="how soon after a fault every device has everything (%(default)s)")
    arguments = parser.parse_args()
    histories = history.read_folder(arguments.folder)
    if not histories:
        sys.exit(f"check: there are no histories in {arguments.folder}")
    shown = collections.Counter()
    found = violations_of(histories, arguments.complete_within)
    for name, sentence in found:
        shown[name] += 1
        if shown[name] <= SHOWN_EACH:
            print(f"violation of {name}: {sentence}")
    print(f"{len(found)} violations; {summary_of(histories)}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
