# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The rows of api/status.def."""
import dataclasses
import re

ROW = re.compile(r'^PL_STATUS\((\w+), (\d+), (\d+), "(\w+)", "(.*)",\n +"(.*)"\)$', re.MULTILINE)


@dataclasses.dataclass
class Status:
    reason: str
    http: int
    sentence: str
    cure: str


def load(path):
    """Reason to Status, in the order of the file."""
    text = path.read_text(encoding="utf-8")
    rows = ROW.findall(text)
    if len(rows) != len(re.findall(r"^PL_STATUS", text, re.MULTILINE)):
        raise ValueError(f"{path}: a row cannot be read")
    return {reason: Status(reason, int(http), sentence, cure) for _, _, http, reason, sentence, cure in rows}
