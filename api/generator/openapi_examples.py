# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Examples for the OpenAPI file, built from the messages with a small table of values.

A field's value is looked up as "Message.field", then as "field", then follows from its type. In a request, a field
whose value is empty is left out, and of a oneof there is the first member.
"""
from google.protobuf import descriptor_pb2

from generator import comments, openapi_schemas

FIELD = descriptor_pb2.FieldDescriptorProto
LEFT_OUT = None

ALICE = "0190c1d4-7a10-7c3e-9b1f-2f6d8e4a1c01"
BOB = "0190c1d4-7a10-7c3e-9b1f-2f6d8e4a1c02"
MESSAGE = "0190c1d5-3b20-7d41-8a2e-5c7f9b3d2e10"
REQUEST_ID = "0190c1d5-5d40-7f63-8c4a-7e9f1b5d3a22"
TIME = "2026-01-31T12:00:00.123456Z"

VALUES = {
    "app_id": "0190c1d3-10f0-7b11-8c2d-1a2b3c4d5e6f",
    "user_id": BOB,
    "sender_id": ALICE,
    "recipient_id": "",
    "chat_id": "0190c1d4-9c30-7e52-8f3a-6b8d0a2c4e20",
    "message_id": MESSAGE,
    "prev_message_id": "0190c1d5-1a10-7d30-9b1c-4b6e8a2c1d0f",
    "reply_to_message_id": "",
    "target_message_id": "",
    "before_message_id": "",
    "after_message_id": "",
    "media_id": "",
    "avatar_media_id": "",
    "device_id": "0190c1d4-8b20-7d41-9e2f-3a7e9f5b2d11",
    "sender_device_id": "0190c1d4-8b20-7d41-9e2f-3a7e9f5b2d10",
    "key_id": "0190c1d3-20a0-7c22-9d3e-2b3c4d5e6f70",
    "username": "bob",
    "usernames": ["bob"],
    "phone_number": "+4915112345678",
    "phone_numbers": [],
    "display_name": "Bob",
    "about": "",
    "avatar_url": "",
    "name": "Weekend",
    "App.name": "Example",
    "CreateAppRequest.name": "Example",
    "UpdateAppRequest.name": "Example",
    "ApiKey.name": "backend",
    "CreateApiKeyRequest.name": "backend",
    "SigningKey.name": "token service",
    "RegisterSigningKeyRequest.name": "token service",
    "RegisterSigningKeyRequest.secret": "",
    "Device.name": "Bob's phone",
    "CreateDeviceRequest.name": "Bob's phone",
    "UpdateDeviceRequest.name": "Bob's phone",
    "description": "",
    "content": "Hello Bob",
    "metadata": {"order": "4711"},
    "max_group_members": 256,
    "public_key": "-----BEGIN PUBLIC KEY-----\n"
                  "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    "algorithm": "eddsa",
    "registered": True,
    "secret": "pk_0190c1d320a07c229d3e2b3c4d5e6f70_4WjGmB0yT2vXqR8s",
    "grace_seconds": 3600,
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJwYXJsZXkifQ.c2lnbmF0dXJl",
    "ttl_seconds": 3600,
    "chat_type": "group",
    "role": "member",
    "etag": "7",
    "UpdateChatRequest.etag": "",
    "seq": 42,
    "last_seq": 42,
    "last_delivered_seq": 42,
    "last_read_seq": 41,
    "read_seq": 41,
    "left_seq": 42,
    "before_seq": 0,
    "after_seq": 0,
    "participant_count": 3,
    "recipient_count": 2,
    "delivered_count": 1,
    "emoji": "\U0001F44D",
    "page_size": 0,
    "page_token": "",
    "next_page_token": "",
    "remove": [],
    "UpdateParticipantsRequest.participants": [],
    "CreateChatRequest.participants": [BOB, {"user_id": "0190c1d4-7a10-7c3e-9b1f-2f6d8e4a1c03", "role": "admin"}],
    "SendMessageRequest.message_id": "",
    "SendMessageRequest.metadata": {},
    "revoked_at": LEFT_OUT,
    "previous_secret_until": LEFT_OUT,
    "deactivated_at": LEFT_OUT,
    "deleted_at": LEFT_OUT,
    "edited_at": LEFT_OUT,
    "read_at": LEFT_OUT,
    "since": LEFT_OUT,
    "until": LEFT_OUT,
    "update_mask": LEFT_OUT,
}


class Examples:
    """Builds values of messages."""

    def __init__(self, schemas):
        self._schemas = schemas

    def body(self, type_name):
        """The example of a request's body."""
        return self._object(type_name, self._schemas.body_fields(type_name), True)

    def answer(self, type_name):
        """The example of an answer."""
        return self._object(type_name, self._schemas.messages[type_name].fields, False)

    def parameter(self, type_name, field):
        """The example of one field, or None when it is left out."""
        value = self._value(type_name, field, True)
        return value if value not in ("", 0, [], {}) else None

    def _object(self, type_name, fields, asked):
        value, oneofs = {}, set()
        for field in fields:
            oneof = field.proto.oneof_index if field.proto.HasField("oneof_index") else None
            example = LEFT_OUT if oneof in oneofs else self._value(type_name, field, asked)
            if example is LEFT_OUT or (asked and example in ("", 0, [], {})):
                continue
            value[field.proto.name] = example
            if oneof is not None:
                oneofs.add(oneof)
        return value

    def _value(self, type_name, field, asked):
        proto = field.proto
        for key in (f"{openapi_schemas.short(type_name)}.{proto.name}", proto.name):
            if key in VALUES:
                return VALUES[key]
        if proto.label == FIELD.LABEL_REPEATED:
            return [self._single(proto, asked)]
        return self._single(proto, asked)

    def _single(self, proto, asked):
        if proto.type_name in self._schemas.enums:
            enum = self._schemas.enums[proto.type_name]
            return openapi_schemas.enum_word(enum, enum.values[1])
        if proto.type_name in self._schemas.messages:
            return self._object(proto.type_name, self._schemas.messages[proto.type_name].fields, asked)
        if proto.type_name == ".google.protobuf.Timestamp":
            return TIME
        return {FIELD.TYPE_STRING: proto.name, FIELD.TYPE_BYTES: "b3BhcXVl", FIELD.TYPE_BOOL: True}.get(proto.type, 1)


def problem(status, path):
    """The example of an error's answer."""
    return {"type": f"/problems/{status.reason}", "title": status.sentence, "status": status.http,
            "detail": status.sentence, "cure": status.cure, "instance": path, "reason": status.reason,
            "domain": "parley", "metadata": {}, "field_violations": [], "request_id": REQUEST_ID}


def first_sentence(text):
    """The first sentence of a comment, up to what it adds behind a colon or a semicolon, without a full stop."""
    ends = [at for at in (text.find(mark) for mark in (". ", ": ", "; ")) if at > 0]
    return text[:min(ends)] if ends else text.rstrip(".")


def summary(method, schemas):
    return first_sentence(schemas.text(comments.prose(method.comment)[0]))
