# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Every kind of bad input over the wire gets its status and reason, stores nothing, and harms nobody else."""
import base64
import hashlib
import hmac
import json
import queue
import time

import grpc
import pytest
from parley_pb import message_service_pb2, stream_service_pb2
from refusals import Refusal, refused
from uuid7 import uuid7

pytestmark = pytest.mark.transports("grpc", "rest")

KIB = 1024
STREAM_S = 120
STORED = """select (select count(*) from apps), (select count(*) from api_keys), (select count(*) from users),
    (select count(*) from devices), (select count(*) from chats), (select count(*) from messages)"""


@pytest.fixture
def world(world, server, postgres):  # pylint: disable=redefined-outer-name
    """Alice and bob have a chat with one message; afterwards there is nothing else, and the server serves."""
    world.first = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    before = postgres.query(STORED)
    yield world
    assert postgres.query(STORED) == before
    assert server.process.poll() is None
    assert world.bob.api.GetMessage(message_id=world.first.message_id).content == "hello"


def field(number, data):
    """A length-delimited field on the wire."""
    size = len(data)
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14]) if size > 127 else bytes([size])
    return bytes([number << 3 & 0x7F | 2]) + length + data if number < 16 else \
        bytes([(number << 3 | 2) & 0x7F | 0x80, number >> 4]) + length + data


CONTENT, RECIPIENT_ID, METADATA = 30, 2, 7

MALFORMED = {
    "not_protobuf": b"\xff" * 40,
    "cut_off_in_a_tag": b"\x80",
    "cut_off_in_a_length": b"\x12\x80",
    "length_beyond_the_end": b"\x12\x7fabc",
    "length_of_four_gigabytes": b"\x12\xff\xff\xff\xff\x0f",
    "field_number_zero": b"\x02\x01a",
    "group": b"\x13\x14",
    "wire_type_seven": b"\x17",
    "varint_of_eleven_bytes": b"\x20" + b"\x80" * 10 + b"\x01",
    "wrong_wire_type": b"\x10\x01",
}


@pytest.mark.transports("grpc")
@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_protobuf(world, request_bytes):
    """No byte of it is believed."""
    with refused("INVALID_ARGUMENT", "MALFORMED_MESSAGE"):
        world.alice.api.raw("SendMessage", request_bytes)


BAD_TEXTS = {
    "lone_continuation": b"\x80",
    "cut_off": b"a\xc3",
    "overlong": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "above_unicode": b"\xf4\x90\x80\x80",
    "nul": b"a\0b",
}


@pytest.mark.transports("grpc")
@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_invalid_text(world, text):
    """In a body, in a name, and inside of a map."""
    recipient = field(RECIPIENT_ID, world.bob.user_id.encode())
    with refused("INVALID_ARGUMENT", "INVALID_TEXT"):
        world.alice.api.raw("SendMessage", recipient + field(CONTENT, text))
    with refused("INVALID_ARGUMENT", "INVALID_TEXT"):
        metadata = field(METADATA, field(1, b"key") + field(2, text))
        world.alice.api.raw("SendMessage", recipient + metadata + field(CONTENT, b"hello"))
    with refused("INVALID_ARGUMENT", "INVALID_TEXT"):
        world.backend.raw("CreateUser", field(1, text))


def test_text_with_nul(world):
    """In JSON, too, it can be said."""
    for change in ({"content": "a\0b"}, {"metadata": {"key": "a\0b"}}, {"metadata": {"a\0b": "value"}}):
        with refused("INVALID_ARGUMENT", "INVALID_TEXT"):
            world.alice.api.SendMessage(**send_fields(world, **change))
    with refused("INVALID_ARGUMENT", "INVALID_TEXT"):
        world.backend.CreateUser(username="a\0b")


def send_fields(world, **changes):
    """A good send to bob, changed."""
    fields = {"recipient_id": world.bob.user_id, "content": "hello", **changes}
    return {name: value for name, value in fields.items() if value is not None}


BAD_SENDS = {
    "no_body": ({"content": None}, "INVALID_CONTENT"),
    "empty_content": ({"content": ""}, "INVALID_CONTENT"),
    "content_of_64_kib_and_one": ({"content": "x" * (64 * KIB + 1)}, "INVALID_CONTENT"),
    "empty_encrypted_content": ({"content": None, "encrypted_content": b""}, "INVALID_CONTENT"),
    "encrypted_content_of_64_kib_and_one": ({"content": None, "encrypted_content": bytes(64 * KIB + 1)},
                                            "INVALID_CONTENT"),
    "no_parts": ({"content": None, "device_parts": {}}, "INVALID_CONTENT"),
    "unknown_enum": ({"message_type": 77}, "INVALID_ARGUMENT"),
    "negative_enum": ({"message_type": -1}, "INVALID_ARGUMENT"),
    "type_of_the_server": ({"message_type": "MESSAGE_TYPE_SYSTEM"}, "INVALID_ARGUMENT"),
    "no_recipient": ({"recipient_id": None}, "INVALID_ARGUMENT"),
    "chat_and_recipient": ({"chat_id": "0190163d-8694-739b-aea5-966c26f8ad90"}, "INVALID_ARGUMENT"),
    "metadata_over_4_kib": ({"metadata": {"key": "x" * (4 * KIB)}}, "INVALID_ARGUMENT"),
    "recipient_id_is_no_id": ({"recipient_id": "bob"}, "INVALID_ID"),
    "message_id_is_no_id": ({"message_id": "1"}, "INVALID_ID"),
    "message_id_with_braces": ({"message_id": "{0190163d-8694-739b-aea5-966c26f8ad9}"}, "INVALID_ID"),
    "reply_to_is_no_id": ({"reply_to_message_id": "x" * 36}, "INVALID_ID"),
}


@pytest.mark.parametrize("changes,reason", BAD_SENDS.values(), ids=BAD_SENDS.keys())
def test_bad_send(world, changes, reason):
    """Nothing is stored and the sentence is there."""
    with refused("INVALID_ARGUMENT", reason):
        world.alice.api.SendMessage(**send_fields(world, **changes))


@pytest.mark.transports("grpc")
@pytest.mark.parametrize("changes,reason", BAD_SENDS.values(), ids=BAD_SENDS.keys())
def test_bad_send_on_a_stream_spares_its_neighbours(world, postgres, changes, reason):
    """A frame with a good send before and after a bad one: the good ones are stored."""
    good = [message_service_pb2.SendMessageRequest(**send_fields(world, message_id=uuid7())) for _ in range(2)]
    bad = message_service_pb2.SendMessageRequest(**send_fields(world, **changes))
    frame = stream_service_pb2.ClientFrame(hello={"protocol_version": 1})
    for request_id, message in enumerate((good[0], bad, good[1]), 1):
        frame.sends.add(request_id=request_id, message=message)
    answers = {}
    with Connection(world.alice) as connection:
        connection.put(frame)
        for reply in connection.replies:
            answers.update({sent.request_id: sent.message_id for sent in reply.sents})
            answers.update({failed.request_id: (failed.code, failed.reason) for failed in reply.faileds})
            if len(answers) == 3:
                break
    invalid_argument = grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert answers == {1: good[0].message_id, 2: (invalid_argument, reason), 3: good[1].message_id}
    postgres.query(f"delete from messages where message_id in ('{good[0].message_id}', '{good[1].message_id}')")


def test_no_access_to_foreign_things(world):
    """What is not there, and what is not the caller's, looks alike."""
    nothing = uuid7()
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        world.alice.api.SendMessage(**send_fields(world, recipient_id=nothing))
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        world.alice.api.SendMessage(chat_id=nothing, content="hello")
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        world.alice.api.GetMessage(message_id=nothing)
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        world.alice.api.GetChat(chat_id=nothing)


def test_reused_message_id(world):
    """The same id with other bytes is refused; with the same bytes it is the first message again."""
    with refused("ALREADY_EXISTS", "MESSAGE_ID_REUSED"):
        world.alice.api.SendMessage(**send_fields(world, message_id=world.first.message_id, content="other"))
    again = world.alice.api.SendMessage(**send_fields(world, message_id=world.first.message_id))
    assert (again.message_id, again.seq) == (world.first.message_id, world.first.seq)


@pytest.mark.parametrize("page_size", [-1, -(2**31), 101, 2**31 - 1])
def test_page_sizes(world, page_size):
    """Both lists refuse them."""
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        world.alice.api.ListMessages(chat_id=world.first.chat_id, page_size=page_size)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        world.alice.api.ListChats(page_size=page_size)


@pytest.mark.parametrize("token", ["x", "AAAA", "=" * 10, "A" * 500, "../../etc/passwd"])
def test_made_up_page_tokens(world, token):
    """Both lists refuse them."""
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.alice.api.ListMessages(chat_id=world.first.chat_id, page_token=token)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.alice.api.ListChats(page_token=token)


def test_page_tokens_of_another_list(world, postgres):
    """A token that was issued for one chat, forged in its last bit or used for another list, is refused."""
    second = world.alice.api.SendMessage(**send_fields(world))
    token = world.alice.api.ListMessages(chat_id=second.chat_id, page_size=1).next_page_token
    assert token
    middle = len(token) // 2
    forged = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1:]
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.alice.api.ListMessages(chat_id=second.chat_id, page_size=1, page_token=forged)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.alice.api.ListChats(page_token=token)
    postgres.query(f"delete from messages where message_id = '{second.message_id}'")


@pytest.mark.transports("grpc")
@pytest.mark.parametrize("path", ["/parley.v1.MessageService/Destroy", "/parley.v2.MessageService/SendMessage", "/",
                                  "/parley.v1.MessageService/", "/x" * 500])
def test_unknown_methods(world, path):
    """With or without credentials."""
    with refused("UNIMPLEMENTED", "METHOD_UNKNOWN"):
        world.alice.api.path(path)


@pytest.mark.transports("grpc")
def test_request_over_the_limit_of_its_method(world):
    """GetMessage needs no kilobytes."""
    with refused("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE"):
        world.alice.api.raw("GetMessage", field(1, b"x" * (16 * KIB)))
    with refused("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE"):
        world.alice.api.raw("SendMessage", field(CONTENT, b"x" * (512 * KIB)))


@pytest.mark.transports("grpc")
def test_request_over_the_limit_of_every_method(world):
    """It is refused before it is there."""
    with refused("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE"):
        world.alice.api.raw("SendMessage", bytes(8 * KIB * KIB))


@pytest.mark.transports("grpc")
def test_compressed_requests(world):
    """16 MiB of zeros in a few kilobytes are never inflated: compression is not understood, only spoken."""
    with refused("INVALID_ARGUMENT", "MALFORMED_MESSAGE"):
        world.alice.api.raw("SendMessage", bytes(16 * KIB * KIB), compression=grpc.Compression.Gzip)


def token_of(claims, key=b"k" * 32, header=None):
    """A JWT that somebody else made."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    head = header or {"alg": "HS256", "typ": "JWT"}
    signed = part(json.dumps(head).encode()) + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(key, signed, hashlib.sha256).digest())).decode()


def parts_of(token):
    """Header and claims of a token."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def test_no_credentials(world):
    """A caller without a name gets nowhere."""
    with refused("UNAUTHENTICATED", "CREDENTIALS_MISSING"):
        world.server.api().GetMessage(message_id=world.first.message_id)


def test_both_credentials(world):
    """One caller is one caller."""
    both = world.server.api(x_api_key=world.api_key, authorization=f"Bearer {world.alice.token}")
    with pytest.raises(Refusal) as caught:
        both.GetMessage(message_id=world.first.message_id)
    assert caught.value.code in ("INVALID_ARGUMENT", "UNAUTHENTICATED")


@pytest.mark.parametrize("key", ["x", "pk_" + "0" * 60, "x" * 4000])
def test_wrong_api_keys(world, key):
    """Short, alike, and long."""
    with refused("UNAUTHENTICATED", "API_KEY_INVALID"):
        world.server.api(x_api_key=key, parley_user=world.alice.user_id).ListChats()


def test_wrong_tokens(world):
    """Garbage, tokens with another signature or algorithm, and tokens of no length."""
    header, claims = parts_of(world.alice.token)
    signature = world.alice.token.rpartition(".")[2]
    unsigned = token_of(claims, header={**header, "alg": "none"}).rpartition(".")[0] + "."
    wrong = {
        "garbage": "garbage", "dots": "..", "other_key": token_of(claims, header=header), "unsigned": unsigned,
        "other_claims": token_of({**claims, "exp": claims["exp"] + 9}, header=header).rpartition(".")[0] + f".{signature}",
        "cut_off": world.alice.token[:-2], "long": world.alice.token + "A" * 7000,
    }
    for name, token in wrong.items():
        with refused("UNAUTHENTICATED", "TOKEN_INVALID"):
            print(name)
            world.server.api(authorization=f"Bearer {token}").GetMessage(message_id=world.first.message_id)


def test_expired_token(world, postgres):
    """A token that was good until five minutes ago, signed with the app's own key."""
    header, claims = parts_of(world.alice.token)
    (secret,) = postgres.query(f"select encode(secret, 'hex') from signing_keys where app_id = '{world.app_id}'")
    now = int(time.time())
    expired = token_of({**claims, "iat": now - 900, "nbf": now - 900, "exp": now - 300}, bytes.fromhex(secret), header)
    with refused("UNAUTHENTICATED", "TOKEN_EXPIRED"):
        world.server.api(authorization=f"Bearer {expired}").GetMessage(message_id=world.first.message_id)


def test_scopes(world):
    """A device is not a backend, a backend is not a device, and neither is the operator."""
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.alice.api.CreateUser(username="mallory")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.backend.CreateApp(name="mine")
    with refused("INVALID_ARGUMENT", "ACTING_USER_MISSING"):
        world.backend.SendMessage(**send_fields(world))
    with refused("INVALID_ARGUMENT", "ACTING_USER_REFUSED"):
        world.server.api(authorization=f"Bearer {world.alice.token}", parley_user=world.bob.user_id).GetMessage(message_id=world.first.message_id)


class Connection:
    """A raw stream of a device."""

    def __init__(self, person, serializer=stream_service_pb2.ClientFrame.SerializeToString):
        self._queue = queue.SimpleQueue()
        connect = person.api.channel.stream_stream(
            "/parley.v1.StreamService/Connect", request_serializer=serializer,
            response_deserializer=stream_service_pb2.ServerFrame.FromString)
        self.replies = connect(iter(self._queue.get, None), metadata=person.api.metadata, timeout=STREAM_S,
                               wait_for_ready=True)
        self.put = self._queue.put

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.replies.cancel()
        self._queue.put(None)


def drain(connection):
    """Reads until the stream ends."""
    for _ in connection.replies:
        pass


@pytest.mark.transports("grpc")
def test_stream_without_hello(world):
    """The first frame opens the session or ends it."""
    for frame in (stream_service_pb2.ClientFrame(), stream_service_pb2.ClientFrame(hello={"protocol_version": 99}),
                  stream_service_pb2.ClientFrame(acks=[{"chat_id": world.first.chat_id, "seq": 1}])):
        with Connection(world.bob) as connection, refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            connection.put(frame)
            drain(connection)


@pytest.mark.transports("grpc")
@pytest.mark.parametrize("seq", [2, 2**62])
def test_ack_above_what_was_sent(world, seq):
    """A device cannot have what it was not given."""
    with Connection(world.bob) as connection, refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        connection.put(stream_service_pb2.ClientFrame(hello={"protocol_version": 1}))
        connection.put(stream_service_pb2.ClientFrame(acks=[{"chat_id": world.first.chat_id, "seq": seq}]))
        drain(connection)


@pytest.mark.transports("grpc")
def test_bad_frames(world):
    """Malformed, not text, too large."""
    hello = stream_service_pb2.ClientFrame(hello={"protocol_version": 1}).SerializeToString()
    send = field(1, b"\xff") + field(2, b"x")
    for frame, code, reason in (
            (b"\xff\xff\xff", "INVALID_ARGUMENT", "MALFORMED_MESSAGE"),
            (field(2, send), "INVALID_ARGUMENT", "MALFORMED_MESSAGE"),
            (field(1, field(2, b"\xff")), "INVALID_ARGUMENT", "INVALID_TEXT"),
            (field(2, field(2, field(CONTENT, b"x" * (1100 * KIB)))), "RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")):
        with Connection(world.bob, serializer=lambda data: data) as connection, refused(code, reason):
            connection.put(hello)
            connection.put(frame)
            drain(connection)


@pytest.mark.transports("grpc")
def test_stream_needs_a_device(world):
    """An API key opens no stream."""
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        acting = world.server.api(x_api_key=world.api_key, parley_user=world.alice.user_id)
        connect = acting.channel.stream_stream("/parley.v1.StreamService/Connect")
        next(connect(iter([b""]), metadata=acting.metadata, timeout=STREAM_S, wait_for_ready=True))
