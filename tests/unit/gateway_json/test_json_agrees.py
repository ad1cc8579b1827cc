# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Random messages of every type: Parley reads what google.protobuf.json_format writes; what it then writes is read by
json_format as the same message, apart from the differences of docs/api/json.md, and by Parley as the same JSON.

PARLEY_JSON_SEED is for other messages, PARLEY_JSON_RUNS the number of messages of each type.
"""
import json
import os
import random
import subprocess

import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

import parley_pb

SEED = int(os.environ.get("PARLEY_JSON_SEED", "1"))
RUNS = int(os.environ.get("PARLEY_JSON_RUNS") or 200)
TEXTS = ("", "a", '"', "\\", "/", "\x01\x1f\x7f", "\b\f\n\r\t", "é", "\u2028", "\ud7ff\ue000\uffff", "\U0001f600",
         "<&>'",
         "the quick brown fox", "seven77", "eight888", "nine99999")
INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-1 << 31, (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-1 << 63, (1 << 63) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}
SAFE = (1 << 53) - 1
MASK, TIME = "google.protobuf.FieldMask", "google.protobuf.Timestamp"


class Maker:
    """Makes messages whose every field is now there, now not."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def message(self, message):
        for field in message.DESCRIPTOR.fields:
            oneof = field.containing_oneof
            if self.random.random() < 0.3 or (oneof and message.WhichOneof(oneof.name)):
                continue
            if is_map(field):
                self._map(message, field)
            elif field.label == field.LABEL_REPEATED:
                self._list(message, field)
            elif field.message_type:
                getattr(message, field.name).SetInParent()
                self._content(getattr(message, field.name))
            else:
                setattr(message, field.name, self._scalar(field))
        return message

    def _content(self, message):
        name = message.DESCRIPTOR.full_name
        if name == TIME:
            message.seconds = self.random.choice((-62135596800, 253402300799, -1, 0, 951782400, self._second()))
            message.nanos = self.random.choice((0, 1, 999_999_999, 5_000_000, 123_456_000, self._below(10 ** 9)))
        elif name == MASK:
            message.paths.extend(self.random.sample(("name", "display_name", "settings.join_policy"), self._below(4)))
        else:
            self.message(message)

    def _list(self, message, field):
        values = getattr(message, field.name)
        for _ in range(self._below(4)):
            if field.message_type:
                self._content(values.add())
            else:
                values.append(self._scalar(field))

    def _map(self, message, field):
        key, value = field.message_type.fields
        for _ in range(self._below(4)):
            getattr(message, field.name)[self._scalar(key)] = self._scalar(value)

    def _scalar(self, field):
        if field.cpp_type in INTEGERS:
            low, high = INTEGERS[field.cpp_type]
            edges = (low, high, 0, 1, SAFE, SAFE + 1, -SAFE, -SAFE - 1)
            return min(max(low, self.random.choice((*edges, self.random.randint(low, high)))), high)
        if field.cpp_type == field.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if field.cpp_type == field.CPPTYPE_ENUM:
            return self.random.choice([value.number for value in field.enum_type.values] + [4711, -1])
        if field.type == field.TYPE_BYTES:
            return self.random.randbytes(self._below(70))
        return "".join(self.random.choice(TEXTS) for _ in range(self._below(5)))

    def _second(self):
        return self.random.randint(-62135596800, 253402300799)

    def _below(self, end):
        return self.random.randrange(end)


def is_map(field):
    return bool(field.message_type and field.message_type.GetOptions().map_entry)


def names_written(message):
    """Everything but messages and members of oneofs that are not set."""
    return [field.name for field in sorted(message.DESCRIPTOR.fields, key=lambda field: field.number)
            if not field.has_presence or message.HasField(field.name)]


def canonical(message, value):
    """Parley's JSON of a message as json_format reads it; asserts what json_format would not notice."""
    assert list(value) == names_written(message)
    return {field.name: each(field, getattr(message, field.name), value[field.name])
            for field in message.DESCRIPTOR.fields if field.name in value}


def each(field, content, value):
    if is_map(field):
        assert isinstance(value, dict)
        return value
    if field.label == field.LABEL_REPEATED:
        return [single(field, one, text) for one, text in zip(content, value, strict=True)]
    return single(field, content, value)


def single(field, content, value):
    if field.cpp_type in INTEGERS:
        assert isinstance(value, int if abs(content) <= SAFE else str)
    if field.enum_type:
        known = field.enum_type.values_by_number.get(content)
        word = content if known is None else known.name
        if known:
            prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
            assert value == known.name.removeprefix(prefix).lower()
        return word
    if field.message_type and field.message_type.full_name == MASK:
        return json_format.MessageToDict(content) if value == ",".join(content.paths) else value
    if field.message_type and field.message_type.full_name != TIME:
        return canonical(content, value)
    return value


class Parley:
    """The program json_roundtrip."""

    def __init__(self, program):
        self.program = program

    def answers(self, lines):
        text = "".join(f"{name}\t{line}\n" for name, line in lines)
        run = subprocess.run([self.program], input=text.encode(), capture_output=True, check=False)
        assert run.returncode == 0, run.stderr.decode()
        answers = run.stdout.decode().split("\n")[:-1]
        assert len(answers) == len(lines)
        for line, answer in zip(lines, answers):
            assert answer.startswith("ok\t"), (line, answer)
        return [answer.removeprefix("ok\t") for answer in answers]


def message_classes():
    files = [value for value in vars(parley_pb).values() if getattr(value, "__name__", "").startswith("parley.v1.")]
    return [getattr(file, name) for file in files for name in file.DESCRIPTOR.message_types_by_name]


@pytest.fixture(name="parley", scope="session")
def parley_fixture():
    print(f"PARLEY_JSON_SEED={SEED}")
    return Parley(os.environ["PARLEY_JSON_ROUNDTRIP"])


@pytest.mark.parametrize("kind", message_classes(), ids=lambda kind: kind.DESCRIPTOR.name)
def test_json_of_every_message_is_that_of_protobuf(parley, kind):
    print(f"PARLEY_JSON_SEED={SEED}")
    name = kind.DESCRIPTOR.full_name
    maker = Maker(f"{SEED} {name}")
    messages = [maker.message(kind()) for _ in range(RUNS)]
    written = parley.answers([(name, google_json(maker, message)) for message in messages])
    for message, text in zip(messages, written):
        assert json_format.ParseDict(canonical(message, json.loads(text)), kind()) == message
    assert parley.answers([(name, text) for text in written]) == written


def google_json(maker, message):
    """One line, in snake_case or lowerCamelCase, with or without defaults."""
    value = json_format.MessageToDict(message, preserving_proto_field_name=maker.random.random() < 0.5,
                                      including_default_value_fields=maker.random.random() < 0.5)
    if "update_mask" in message.DESCRIPTOR.fields_by_name and not message.HasField("update_mask"):
        message.update_mask.SetInParent()  # set by whoever reads the JSON, unless it is there
        value["update_mask"] = ""
    return json.dumps(value, ensure_ascii=maker.random.random() < 0.5)
