# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What openapi/openapi.yaml says that operations answer."""
import pathlib

import yaml

DOCUMENT = yaml.load((pathlib.Path(__file__).parents[2] / "openapi" / "openapi.yaml").read_text(encoding="utf-8"),
                     yaml.CSafeLoader)


def answer_of(verb, template, status):
    """The response of an operation with this status; None when it says nothing of it."""
    response = DOCUMENT["paths"][template.removeprefix("/v1")][verb.lower()]["responses"].get(str(status))
    if response and "$ref" in response:
        return DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return response


def has_reason(verb, template, status, reason):
    """Whether the operation may be refused so."""
    answer = answer_of(verb, template, status)
    return bool(answer) and reason in answer["content"]["application/problem+json"]["examples"]
