#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Writes the seeds of the fuzz targets: well-formed inputs that a fuzzer would take long to find.

  tests/fuzz/seeds.py tests/fuzz/corpus

What fuzzers found beyond them lies beside them, named by its SHA-1 or by what it showed.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import struct
import sys

KEY = b"an hmac key of thirty-two bytes!"  # of fuzz_jwt.c
KID = "0198c0de-0000-7000-8000-00000000000a"
APP = "0198c0de-0000-7000-8000-0000000000a0"
USER = "0198c0de-0000-7000-8000-000000000b0b"
DEVICE = "0198c0de-0000-7000-8000-000000000de0"
NOW = 1700000000


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def jwt_seeds():
    header = {"alg": "HS256", "typ": "JWT", "kid": KID}
    claims = {"aud": "parley", "app": APP, "sub": USER, "device": DEVICE, "iat": NOW, "exp": NOW + 3600}
    signed = base64url(compact(header)) + b"." + base64url(compact(claims))
    token = signed + b"." + base64url(hmac.new(KEY, signed, hashlib.sha256).digest())
    yield "token", token
    yield "token_unsigned", signed + b"."
    yield "token_four_parts", token + b".AAAA"
    # Signed with the private keys of RFC 7515 appendix A.3 and RFC 8037 appendix A.1.
    for algorithm, signature in (
            ("ES256", b"fOOZlVyndhL7byJbNTChaFK7YXkGYn4d2BeDn2shXWlEFnpN6zqjix7Rbhbt543nKmvqxwZBNHPGeMROSQXU7Q"),
            ("EdDSA", b"UgqwmGY6cz5SG8PwtnRBzgzg100mQ6t9rKAHERhDPXAykvkkjFBmrnIR4GJsKyBtYw2QkLJ1gezoMol5HumqDQ")):
        yield f"token_{algorithm.lower()}", (base64url(compact({"alg": algorithm, "kid": KID, "typ": "JWT"})) + b"."
                                             + base64url(compact(claims)) + b"." + signature)
        yield f"token_{algorithm.lower()}_zeros", (base64url(compact({"alg": algorithm, "kid": KID})) + b"."
                                                   + base64url(compact(claims)) + b"." + b"A" * 86)
    yield "token_rs256_zeros", (base64url(compact({"alg": "RS256", "kid": KID})) + b"." + base64url(compact(claims))
                                + b"." + b"A" * 342)
    yield "claims", compact(header) + b"\n" + compact(claims)
    yield "claims_audiences", compact(header) + b"\n" + compact({**claims, "aud": ["other", "parley"], "nbf": NOW})
    yield "claims_expired", compact(header) + b"\n" + compact({**claims, "iat": NOW - 7200, "exp": NOW - 3600})
    yield "claims_float", compact(header) + b"\n" + compact({**claims, "exp": NOW + 3600.5})
    yield "claims_duplicate", compact(header) + b"\n" + compact(claims)[:-1] + b',"exp":1}'
    yield "header_none", compact({**header, "alg": "none"}) + b"\n" + compact(claims)
    yield "header_crit", compact({**header, "crit": ["exp"]}) + b"\n" + compact(claims)
    yield "header_escaped", b'{"\\u0061lg":"HS256","kid":"' + KID.encode() + b'"}\n' + compact(claims)
    yield "nested", b"[" * 64 + b"\n" + b'{"a":' * 64


def public_key_seeds():
    pems = {
        1: """MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV7
6e8Tus9uPHvRVEXH8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==
""",
        2: """MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJj
NiuSfb4p4fAkd/wWJcyQoTbji9k0l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEz
P1Pt0Bm4d4QlL+yRT+SFd2lZS+pCgNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo
9wGzjb/7OMg0LOL+bSf63kpaSHSXndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTB
EMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxX
FvUK+DWNmoudF8NAco9/h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp
oQIDAQAB
""",
        3: "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n",
    }
    for algorithm, lines in pems.items():
        pem = f"-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n".encode()
        der = base64.b64decode(lines)
        yield f"pem_{algorithm}", bytes([algorithm]) + pem
        yield f"der_{algorithm}", bytes([algorithm]) + der
        yield f"der_{algorithm}_of_another", bytes([algorithm % 3 + 1]) + der
        yield f"der_{algorithm}_long", bytes([algorithm]) + der + b"\0"
        yield f"der_{algorithm}_short", bytes([algorithm]) + der[:-1]
    yield "der_all_zeros", bytes([3]) + base64.b64decode(pems[3])[:-32] + bytes(32)
    yield "private", b"\3-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def page_token_seeds():
    cursor = struct.pack(">q", 1234567890123456789) + bytes([0xAA, 0xBB, 0xCC] + [0] * 13)
    key = b"0123456789abcdef0123456789abcdef"  # of fuzz_page_token.c
    mac = hmac.new(key, bytes([1]) + bytes(range(1, 17)) + cursor, hashlib.sha256).digest()[:16]
    token = base64url(cursor + mac)
    yield "token", b"\0" + token
    yield "token_short", b"\0" + token[:-1]
    yield "token_long", b"\0" + token + b"A"
    yield "token_padded", b"\0" + token + b"=="
    yield "empty", b"\0"
    yield "cursor", b"\1" + cursor
    yield "cursor_last_character", bytes([53 * 2 + 1]) + cursor


def base64url_seeds():
    for count in range(5):
        yield f"bytes_{count}", base64url(bytes(range(250, 250 + count)))
    yield "stray_bits", b"Zh"
    yield "padding", b"Zg=="
    yield "standard_alphabet", b"+/+/"
    yield "one_left_over", b"Zm9vA"


def codec_seeds():
    uuid = USER.encode()
    text = b"\x0a\x24" + uuid  # field 1, a string of 36 bytes
    nested = b""
    while len(nested) < 120:
        nested = b"\x12" + bytes([len(nested)]) + nested
    wires = {
        "empty": b"",
        "text": text,
        "fields": text + b"\x12\x02hi\x18\x01\x20\x7f",
        "list": text * 3,
        "not_utf8": b"\x0a\x02\xc3\x28",
        "nul": b"\x0a\x01\x00",
        "truncated": b"\x0a\x24" + uuid[:9],
        "nested": nested,
        "map": b"\x62\x06\x0a\x01k\x12\x01v\x3a\x06\x0a\x01k\x12\x01v",
        "time": b"\x1a\x08\x08\x80\xe2\xcf\xaa\x06\x10\x05",
        "negative": b"\x08" + b"\xff" * 9 + b"\x01",
        "varint_too_long": b"\x08" + b"\xff" * 10 + b"\x01",
        "group": b"\x0b\x0c",
        "field_0": b"\x02\x00",
        "unknown": b"\xf8\xff\xff\xff\x0f\x01",
    }
    for name, wire in wires.items():
        yield name, b"\0" + wire
    # Message numbers move when messages are added: seeds are spread over them.
    for message in range(1, 64, 4):
        yield f"message_{message}", bytes([message]) + text + b"\x12\x04\x0a\x02hi"


def json_seeds():
    texts = {
        "empty": b"",
        "ids": b'{"chat_id":"' + USER.encode() + b'","messageId":"m","user_id":"u"}',
        "numbers": b'{"seq":-1,"page_size":"7","last_seq":1e3,"code":9223372036854775807}',
        "enums": b'{"chat_type":"group","role":"ROLE_ADMIN","message_type":2,"status":"read"}',
        "times": b'{"since":"2026-01-02T03:04:05.123456+01:00","timestamp":"0001-01-01T00:00:00Z"}',
        "bytes": b'{"encrypted_content":"-__-AQ"}',
        "escapes": b'{"content":"\\u00e9\\ud83d\\ude00\\n\\"","name":"\\u0000"}',
        "maps": b'{"metadata":{"a":"b","c":"d"}}',
        "lists": b'{"participants":["a",{"user_id":"b","role":"owner"}],"user_ids":["a"],"messages":[{}]}',
        "mask": b'{"name":"n","settings":{"join_policy":"open"},"updateMask":"name,settings.joinPolicy"}',
        "deep": b'{"device_parts":{"parts":[{"device_id":"d","encrypted_content":"AQ=="}]}}',
        "twice": b'{"chat_id":"a","chatId":"b"}',
        "nested": b"[" * 64,
        "not_utf8": b'{"name":"\xc3\x28"}',
    }
    # Message numbers move when messages are added: seeds are spread over them.
    for number, (name, text) in enumerate(texts.items()):
        yield name, bytes([0]) + text
        for message in range(1 + number, 96, 16):
            yield f"{name}_{message}", bytes([message]) + text


def json_set_seeds():
    texts = ("text", "-7", "true", "group", "read", "2026-01-02T03:04:05Z", "-__-AQ==", "name,settings.joinPolicy",
             "\udcff")
    for message in range(0, 96, 3):
        for field in range(3):
            text = texts[(message + field) % len(texts)]
            yield f"{message}_{field}", bytes([message, message // 3 + field]) + text.encode(errors="surrogateescape")


def route_seeds():
    for name, verb, path in (
            ("word", b"POST", b"/v1/messages"), ("verb_of_word", b"POST", b"/v1/messages:batch"),
            ("variable", b"GET", b"/v1/chats/" + USER.encode()), ("verb_of_variable", b"POST", b"/v1/chats/1:join"),
            ("two_variables", b"POST", b"/v1/users/1/devices/2/tokens"), ("head", b"HEAD", b"/v1/chats"),
            ("options", b"OPTIONS", b"/v1/chats/1/participants"), ("escaped", b"GET", b"/v1/chats/%41%2F%3a"),
            ("escaped_nul", b"GET", b"/v1/chats/%00"), ("escaped_badly", b"GET", b"/v1/chats/%4"),
            ("not_utf8", b"GET", b"/v1/chats/%ff"), ("deep", b"GET", b"/a" * 20), ("star", b"OPTIONS", b"*")):
        yield name, verb + b"\n" + path


def query_seeds():
    for method in range(0, 64, 3):
        yield f"method_{method}", bytes([method]) + b"chat_id=1&limit=20&page_token=a%2Bb+c&since=2026-01-31T12:00:00Z"
    yield "ids", b"\x06user_id=" + USER.encode() + b"&user_ids=1&user_ids=2"
    yield "enum", b"\x0achat_type=group&role=ROLE_ADMIN&kind=3"
    yield "escaped_badly", b"\x0achat_id=%4"
    yield "not_utf8", b"\x0achat_id=%ff"
    yield "twice", b"\x0achat_id=1&chat_id=2"
    yield "empty", b"\x0a&&=&a&=b&"


def framing_seeds():
    head = b"POST /v1/chats?a=b&c HTTP/1.1\r\nHost: x\r\n"
    requests = {
        "get": b"GET /v1/chats HTTP/1.1\r\nHost: x\r\n\r\n",
        "absolute": b"\r\nGET http://x/ HTTP/1.0\r\nHost: x\r\n\r\n",
        "length": head + b"Content-Length: 5\r\n\r\nhello",
        "two": (head + b"content-length:1\r\n\r\na") * 2,
        "chunked": head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0A;e=f\r\n0123456789\r\n0\r\nT: t\r\n\r\n",
        "both": head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "lengths": head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "too_large": head + b"Content-Length: 999999999999999999\r\n\r\n",
        "bare_lf": b"GET / HTTP/1.1\nHost: x\n\n",
        "folded": head + b"A: b\r\n c\r\n\r\n",
        "tls": bytes.fromhex("16030100a5010000a10303"),
    }
    for number, (name, text) in enumerate(requests.items()):
        yield name, bytes([number]) + text


def websocket_seeds():
    key = b"dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455
    for name, lines in (
            ("handshake", (b"websocket", b"keep-alive, Upgrade", b"13", key, b"parley.v1.proto")),
            ("handshake_json", (b"h2c, WebSocket", b"upgrade", b"13", key, b"mqtt ,\tparley.v1.json\t")),
            ("handshake_of_old", (b"websocket", b"Upgrade", b"8", key, b"parley.v1.json")),
            ("handshake_with_a_bad_key", (b"websocket", b"Upgrade", b"13", key[:-1], b"parley.v1.json")),
            ("handshake_with_commas", (b",,websocket,", b",Upgrade ,", b"13", key, b" , ,")),
            ("handshake_of_nobody", ())):
        yield name, b"\0" + b"\n".join(lines)
    for name, text in (
            ("hello", {"hello": {"protocol_version": 1, "client": "app", "cursors": [{"chat_id": USER, "seq": 7}]}}),
            ("sends", {"sends": [{"request_id": 1, "message": {"recipient_id": USER, "content": "Gr\u00fc\u00dfe"}}]}),
            ("marks", {"acks": [{"chat_id": USER, "seq": 1}], "reads": [{"chat_id": USER, "seq": "1"}]}),
            ("fetches", {"fetches": [{"chat_id": USER, "after_seq": 1}]}),
            ("token", {"reauth": {"token": "a.b.c"}}), ("token_too_long", {"reauth": {"token": "a" * 9000}}),
            ("token_of_two_lines", {"reauth": {"token": "a\r\nb: c"}}),
            ("token_and_more", {"reauth": {"token": "a.b.c"}, "hello": {}}), ("nothing", {}),
            ("wrong_place", {"acks": [{}, {"seq": "x"}]}), ("unknown", {"hullo" * 60: {}})):
        yield name, b"\1" + json.dumps(text).encode()
    yield "not_json", b"\1{"
    reauth = b"\x42\x07\x0a\x05a.b.c"  # field 8 of ClientFrame
    for name, wire in (("binary_token", reauth), ("binary_token_twice", reauth * 2), ("binary_cut_off", reauth[:-1]),
                       ("binary_token_and_hello", reauth + b"\x0a\x02\x08\x01"),
                       ("binary_token_and_unknown", reauth + b"\xf8\x07\x01"),
                       ("binary_not_utf8", b"\x42\x04\x0a\x02\xff\xff"), ("binary_nothing", b"")):
        yield name, b"\2" + wire
    for name, wire in (("server_nothing", b""), ("server_welcome", b"\x0a\x0c\x08\x01\x12\x01s\x1a\x05epoch"),
                       ("server_sents", b"\x12\x07\x08\x07\x12\x01c\x20\x01"),
                       ("server_cut_off", b"\x0a\x0c\x08")):
        yield name, b"\3" + wire


def inbound_seeds():
    def framed(data, flag=0):
        return struct.pack(">BI", flag, len(data)) + data

    two = framed(b"a") + framed(b"message" * 40)
    for name, data in (("one", framed(b"message")), ("none", framed(b"")), ("two", two), ("cut_off", two[:-1]),
                       ("half_a_prefix", framed(b"a") + b"\0\0\0"), ("compressed", framed(b"a") + framed(b"b", 1)),
                       ("largest", framed(b"x" * 300)), ("too_large", framed(b"a") + framed(b"x" * 301)),
                       ("longest", b"\0\xff\xff\xff\xff")):
        for cuts in (0, 0x55, 0xff):
            yield f"{name}_{cuts}", bytes([cuts]) + data


TARGETS = {
    "fuzz_base64url": base64url_seeds,
    "fuzz_codec": codec_seeds,
    "fuzz_framing": framing_seeds,
    "fuzz_inbound": inbound_seeds,
    "fuzz_json": json_seeds,
    "fuzz_json_set": json_set_seeds,
    "fuzz_jwt": jwt_seeds,
    "fuzz_page_token": page_token_seeds,
    "fuzz_public_key": public_key_seeds,
    "fuzz_query": query_seeds,
    "fuzz_route": route_seeds,
    "fuzz_websocket": websocket_seeds,
}


def main():
    for target, seeds in TARGETS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
