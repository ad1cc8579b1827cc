# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""RFC 6455 by the letter, over raw sockets: what the gateway must take, and how it ends what it must not."""
import json
import os
import socket
import struct

import pytest
from raw_websocket import (BINARY, CLOSE, JSON, PING, PONG, PROTO, TEXT, WAIT_S, Closed, Raw, frame_bytes, handshake)

FRAME_MAX, FIRST_MAX = 1 << 20, 16 << 10
ALL_BUT_LAST = "Ünïcödé 𝄞 end"
CODES_TAKEN = (1000, 1001, 1003, 1007, 1009, 1011, 3000, 3999, 4000, 4999)
CODES_REFUSED = (0, 999, 1004, 1005, 1006, 1015, 5000, 65535)
NOT_UTF8 = (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82")


@pytest.fixture
def raw(gateway, world):
    """A device's stream that has said hello."""
    raw = Raw(gateway.port, authorization=f"Bearer {world.alice.token}")
    raw.frame(TEXT, b'{"hello": {"protocol_version": 1}}')
    assert b"welcome" in raw.message().payload
    yield raw
    raw.close()


def send_text(world, content="x", request_id=1):
    """A frame with one send."""
    send = {"request_id": request_id, "message": {"recipient_id": world.bob.user_id, "content": content}}
    return json.dumps({"sends": [send]}, ensure_ascii=False).encode()


def assert_sent(raw, request_id=1):
    """The send is on disk."""
    while True:
        frame = json.loads(raw.message().payload)
        assert not frame["faileds"], frame
        if frame["sents"]:
            assert frame["sents"][0]["request_id"] == request_id
            return


def assert_alive(raw, world):
    """The stream goes on."""
    raw.frame(TEXT, send_text(world, request_id=77))
    assert_sent(raw, 77)


def assert_failed(raw, code):
    """The stream is closed with this code, and the connection by the server."""
    assert raw.closed().code == code
    raw.ended()


# ---- the handshake ----

@pytest.mark.parametrize("wrong,status", (
    ({"Upgrade": None}, 426), ({"Upgrade": "h2c"}, 426), ({"Connection": None}, 426),
    ({"Connection": "keep-alive"}, 426),
    ({"Sec_WebSocket_Version": None}, 426), ({"Sec_WebSocket_Version": "8"}, 426),
    ({"Sec_WebSocket_Version": "13, 8"}, 426), ({"Sec_WebSocket_Key": None}, 400), ({"Sec_WebSocket_Key": ""}, 400),
    ({"Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA"}, 400), ({"Sec_WebSocket_Key": "A" * 20 + "===="}, 400),
    ({"Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAA!A=="}, 400), ({"Sec_WebSocket_Key": "A" * 24}, 400),
    ({"Sec_WebSocket_Protocol": None}, 400), ({"Sec_WebSocket_Protocol": "mqtt, parley.v2.json"}, 400),
    ({"Sec_WebSocket_Protocol": "PARLEY.V1.JSON"}, 400), ({"Content_Length": "1"}, 400),
    ({"Origin": "https://elsewhere.example"}, 403), ({"Origin": "null"}, 403)))
def test_bad_handshake(gateway, wrong, status):
    """Is answered as a problem, and the connection may be used on, or is closed."""
    raw = Raw(gateway.port, **wrong)
    assert raw.status == status
    assert raw.header("content-type") == "application/problem+json"
    assert (raw.header("sec-websocket-version"), raw.header("upgrade")) == (
        ("13", "websocket") if status == 426 else (None, None))
    raw.close()


@pytest.mark.parametrize("verb,status", (("POST", 405), ("PUT", 405), ("DELETE", 405), ("OPTIONS", 204), ("HEAD", 400)))
def test_other_verbs(gateway, verb, status):
    """The path takes GET."""
    raw = Raw(gateway.port, verb=verb)
    assert raw.status == status
    assert raw.header("allow") == (None if verb == "HEAD" else "GET, OPTIONS")
    raw.close()


@pytest.mark.parametrize("right", (
    {"Upgrade": "WebSocket"}, {"Upgrade": "foo, websocket"}, {"Connection": "keep-alive, Upgrade"},
    {"Connection": "upgrade"}, {"Sec_WebSocket_Protocol": f"mqtt, {JSON}, {PROTO}"},
    {"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"}, {"Origin": "http://127.0.0.1:{port}"}))
def test_good_handshake(gateway, right):
    """Headers as clients and proxies write them; extensions are not taken up."""
    right = {name: value.replace("{port}", str(gateway.port)) for name, value in right.items()}
    raw = Raw(gateway.port, **right)
    assert raw.status == 101
    raw.close()


def test_first_choice_of_subprotocols(gateway):
    """Is what is spoken."""
    raw = Raw(gateway.port, PROTO, Sec_WebSocket_Protocol=f"mqtt, {PROTO}, {JSON}")
    assert raw.header("sec-websocket-protocol") == PROTO
    raw.close()


def test_client_that_does_not_wait_for_the_answer(gateway):
    """Is told so: section 4.1 says that it must."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=WAIT_S) as early:
        early.sendall(handshake(gateway.port) + frame_bytes(PING, b"early"))
        assert early.recv(1 << 16).startswith(b"HTTP/1.1 400 ")


# ---- frames that are right ----

def test_fragments(raw, world):
    """A message in any number of fragments, cut anywhere, also within a character; empty ones are fragments too."""
    data = send_text(world, ALL_BUT_LAST)
    for size in (1, 7, 64):
        parts = [data[at:at + size] for at in range(0, len(data), size)]
        raw.frame(TEXT, b"", fin=False)
        for part in parts:
            raw.frame(0, part, fin=False)
        raw.frame(0, b"")
        assert_sent(raw)


def test_control_frames_between_fragments(raw, world):
    """Are answered before the message is there."""
    data = send_text(world)
    raw.frame(TEXT, data[:10], fin=False)
    raw.frame(PING, b"between")
    while raw.next().opcode != PONG:
        pass
    raw.frame(PONG, b"unasked")
    raw.frame(0, data[10:20], fin=False)
    raw.frame(PING, b"again")
    raw.frame(0, data[20:])
    assert_sent(raw)


def test_pings(raw):
    """The answer has the same bytes; a pong that nobody asked for is nothing."""
    for payload in (b"", b"x", os.urandom(125)):
        raw.frame(PONG, payload)
        raw.frame(PING, payload)
        while (frame := raw.next()).opcode != PONG:
            pass
        assert frame.payload == payload


def test_one_byte_at_a_time(raw, world):
    """Frames are not packets."""
    for byte in frame_bytes(TEXT, send_text(world)):
        raw.raw(bytes([byte]))
    assert_sent(raw)


def test_many_frames_at_once(raw, world):
    """Are taken in their order, and all of them."""
    raw.raw(b"".join(frame_bytes(TEXT, send_text(world, f"{number}", number)) for number in range(1, 201)))
    seen = []
    while len(seen) < 200:
        seen += [sent["request_id"] for sent in json.loads(raw.message().payload)["sents"]]
    assert seen == list(range(1, 201))


def test_largest_message(raw, world):
    """Of frame_bytes_max bytes, in one frame and in fragments."""
    data = send_text(world)
    data += b" " * (FRAME_MAX - len(data))
    raw.frame(TEXT, data)
    assert_sent(raw)
    raw.frame(TEXT, data[:FRAME_MAX // 2], fin=False)
    raw.frame(0, data[FRAME_MAX // 2:])
    assert_sent(raw)


# ---- frames that are wrong ----

@pytest.mark.parametrize("wrong", [
    *(frame_bytes(TEXT, b"{}", rsv=rsv) for rsv in (1, 2, 4, 7)),
    *(frame_bytes(PING, b"", rsv=rsv) for rsv in (1, 4)),
    *(frame_bytes(opcode, b"") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    frame_bytes(TEXT, b"{}", masked=False), frame_bytes(PING, b"", masked=False), frame_bytes(CLOSE, b"", masked=False),
    frame_bytes(0, b"{}"), frame_bytes(0, b"{", fin=False),
    frame_bytes(TEXT, b"{", fin=False) + frame_bytes(TEXT, b"}"),
    frame_bytes(TEXT, b"{", fin=False) + frame_bytes(BINARY, b"}"),
    frame_bytes(PING, b"x", fin=False), frame_bytes(PONG, b"x", fin=False), frame_bytes(CLOSE, b"", fin=False),
    frame_bytes(PING, b"x" * 126), frame_bytes(PONG, b"x" * 126), frame_bytes(CLOSE, b"\x03\xe8" + b"x" * 124),
    frame_bytes(TEXT, b"{}", length=(16, 2)), frame_bytes(TEXT, b"{}", length=(64, 2)),
    frame_bytes(TEXT, b" " * 126, length=(64, 126)), frame_bytes(TEXT, b"{}", length=(64, 1 << 63)),
    frame_bytes(CLOSE, b"\x03"),
    *(frame_bytes(CLOSE, struct.pack("!H", code)) for code in CODES_REFUSED)], ids=lambda data: data[:8].hex())
def test_protocol_error(raw, wrong):
    """Section 7.1.7: the connection fails with 1002, whatever comes behind it."""
    raw.raw(wrong + frame_bytes(PING, b"behind") * 10)
    assert_failed(raw, 1002)


@pytest.mark.parametrize("wrong", NOT_UTF8, ids=bytes.hex)
def test_text_that_is_not_utf8(gateway, world, wrong):
    """In a message, at the end of one, across fragments, in the reason of a close: 1007."""
    for frames in (frame_bytes(TEXT, b'{"a": "' + wrong + b'"}'), frame_bytes(TEXT, wrong),
                   frame_bytes(TEXT, wrong[:1], fin=False) + frame_bytes(0, wrong[1:]),
                   frame_bytes(TEXT, b"{", fin=False) + frame_bytes(0, wrong, fin=False) + frame_bytes(0, b"}"),
                   frame_bytes(CLOSE, b"\x03\xe8" + wrong)):
        raw = Raw(gateway.port, authorization=f"Bearer {world.alice.token}")
        raw.raw(frames)
        assert_failed(raw, 1007)


@pytest.mark.parametrize("frames", (
    frame_bytes(TEXT, b"{", length=FRAME_MAX + 1), frame_bytes(TEXT, b"{", length=(64, (1 << 63) - 1)),
    frame_bytes(TEXT, b" " * FRAME_MAX, fin=False) + frame_bytes(0, b" "),
    frame_bytes(TEXT, b"{", fin=False) + frame_bytes(0, b" ", fin=False) * 16384), ids=range(4))
def test_message_too_large(raw, frames):
    """Is refused with the first byte of the frame that makes it so, by its size or its number of fragments."""
    raw.raw(frames)
    assert_failed(raw, 1009)


def test_first_message_too_large(gateway):
    """Without credentials it must be small."""
    raw = Raw(gateway.port)
    raw.frame(TEXT, b"{", length=FIRST_MAX + 1)
    assert_failed(raw, 1009)


@pytest.mark.parametrize("protocol,opcode", ((JSON, BINARY), (PROTO, TEXT)))
def test_message_of_the_other_kind(gateway, world, protocol, opcode):
    """The subprotocol says which kind is sent."""
    for headers in ({}, {"authorization": f"Bearer {world.alice.token}"}):
        raw = Raw(gateway.port, protocol, **headers)
        raw.frame(opcode, b"{}")
        closed = raw.closed()
        assert closed.code == 1003 and closed.reason.startswith("INVALID_ARGUMENT: ")
        raw.frame(CLOSE, b"\x03\xeb")
        raw.ended()


# ---- the closing handshake ----

@pytest.mark.parametrize("code", CODES_TAKEN)
def test_client_closes(raw, code):
    """The same code comes back, then the server closes the connection."""
    raw.frame(CLOSE, struct.pack("!H", code) + "bye é".encode())
    assert raw.closed().code == code
    raw.ended()


def test_client_closes_without_a_code(raw):
    """Nor has the answer one."""
    raw.frame(CLOSE)
    assert raw.closed() == Closed(None, "")
    raw.ended()


def test_nothing_is_heard_behind_a_close(raw, world):
    """And what came before it has been."""
    raw.raw(frame_bytes(TEXT, send_text(world, "before")) + frame_bytes(CLOSE, b"\x03\xe8") +
            frame_bytes(TEXT, send_text(world, "behind")) + frame_bytes(PING, b"behind"))
    assert raw.closed().code == 1000
    raw.ended()
    seen = []
    while not seen:
        seen = [message.content for chat in world.bob.api.ListChats().chats
                for message in world.bob.api.ListMessages(chat_id=chat.chat_id).messages if message.content]
    assert seen == ["before"]


def test_server_closes(gateway):
    """It sends the code, hears the client's, and closes the connection; what else the client says is dropped."""
    raw = Raw(gateway.port)
    raw.frame(TEXT, b'{"hello": {"protocol_version": 1}}')
    closed = raw.closed()
    assert closed.code == 4401 and closed.reason.startswith("CREDENTIALS_MISSING: ")
    raw.frame(TEXT, b"{}")
    raw.frame(CLOSE, struct.pack("!H", closed.code))
    raw.ended()


def test_server_does_not_wait_for_ever(gateway):
    """For the client's close."""
    raw = Raw(gateway.port)
    raw.frame(TEXT, b"{")
    assert raw.closed().code == 4400
    raw.ended()


def test_connection_that_breaks(gateway, server, world):
    """Without any close: the session ends, and others go on."""
    for _ in range(3):
        raw = Raw(gateway.port, authorization=f"Bearer {world.alice.token}")
        raw.frame(TEXT, b'{"hello": {"protocol_version": 1}}')
        assert b"welcome" in raw.message().payload
        raw.socket.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: the kernel sends a reset
        raw.close()
    raw = Raw(gateway.port, authorization=f"Bearer {world.alice.token}")
    raw.frame(TEXT, b'{"hello": {"protocol_version": 1}}')
    assert b"welcome" in raw.message().payload
    assert_alive(raw, world)
    raw.close()
