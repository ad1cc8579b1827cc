# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The JSON form of messages, as docs/api/json.md has it, written a second time: what the gateway answers is held
against this.

Names are snake_case, lists and maps are always there, and so are scalars without presence; enums are words in lower
case, whole numbers are numbers up to 2^53 - 1. For the rest it is protobuf's own JSON.
"""
import base64
import re

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from parley_pb import options_pb2

INTEGER_MAX = 2**53 - 1
LEAVES = {"google.protobuf.Timestamp": lambda time: time.ToJsonString(),
          "google.protobuf.FieldMask": lambda mask: ",".join(mask.paths)}


def prefix_of(enum):
    """What the names of its values begin with: CHAT_TYPE_."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper() + "_"


def word_of(enum, number):
    """A value of an enum; one without a name is a number."""
    value = enum.values_by_number.get(number)
    return value.name.removeprefix(prefix_of(enum)).lower() if value else number


def answer_of(message):
    """A message as the API writes it."""
    return {field.name: value_of(field, getattr(message, field.name), answer_of)
            for field in message.DESCRIPTOR.fields if not field.has_presence or message.HasField(field.name)}


def request_of(message):
    """A message as a caller writes it: what is not set is not there, and the short form is taken where there is one."""
    said = {field.name: value_of(field, value, request_of) for field, value in message.ListFields()}
    shorthand = message.DESCRIPTOR.GetOptions().Extensions[options_pb2.shorthand]
    return said[shorthand] if list(said) == [shorthand] else said


def value_of(field, value, form):
    """A field's value; `form` is that of messages."""
    if is_map(field):
        entry = field.message_type.fields_by_name["value"]
        return {key: one_of(entry, value[key], form) for key in value}
    if field.label == FieldDescriptor.LABEL_REPEATED:
        return [one_of(field, one, form) for one in value]
    return one_of(field, value, form)


def one_of(field, value, form):
    """One value, not a list."""
    if isinstance(value, Message):
        return LEAVES.get(field.message_type.full_name, form)(value)
    if field.enum_type:
        return word_of(field.enum_type, value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, int) and abs(value) > INTEGER_MAX:
        return str(value)
    return value


def is_map(field):
    """Whether it is one."""
    return bool(field.message_type) and field.message_type.GetOptions().map_entry


def read(data, message_class):
    """The message of an answer, which must be in the documented form to the letter."""
    message = json_format.ParseDict(with_names(message_class.DESCRIPTOR, data), message_class())
    assert answer_of(message) == data
    return message


def with_names(descriptor, data):
    """The same JSON with the full names of enums' values, as protobuf's reader wants it."""
    if descriptor.full_name in LEAVES or not isinstance(data, dict):
        return data
    return {name: names_in(descriptor.fields_by_name[name], value) for name, value in data.items()}


def names_in(field, value):
    """with_names for one field."""
    if is_map(field):
        entry = field.message_type.fields_by_name["value"]
        return {key: names_in(entry, one) for key, one in value.items()}
    if isinstance(value, list):
        return [names_in(field, one) for one in value]
    if field.enum_type and isinstance(value, str):
        return prefix_of(field.enum_type) + value.upper()
    return with_names(field.message_type, value) if field.message_type else value
