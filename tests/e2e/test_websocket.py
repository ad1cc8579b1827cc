# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Devices over WebSocket: the same stream as over gRPC, and what it ends with."""
import contextlib
import operator
import socket
import time
import urllib.request

import pytest
from parley_pb import message_service_pb2, stream_service_pb2 as pb
from programs import Gateway, standing_still
from raw_websocket import CLOSE, JSON, PING, PONG, PROTO, Closed, frame_bytes
from uuid7 import uuid7
from websocket_device import NPM, WAIT_S, NpmDevice, RawDevice, hello_frame

npm = pytest.mark.skipif(not (NPM / "ws").is_dir(), reason="npm's ws is not in build/npm (`./dev test` installs it)")
EXIT_S = 120
FRAMES_NO_SOCKET_HOLDS = 5000  # of 40 KB: 200 MB, some five times the largest buffers that a system grows by itself


@pytest.fixture(scope="module")
def start_gateway(tmp_path_factory, server):
    """Starts gateways, by their settings."""
    with contextlib.ExitStack() as stack:
        def start(**settings):
            settings = {"websocket_idle_ms": 600000, **settings}
            gateway = Gateway(tmp_path_factory.mktemp("gateway"), server.address, **settings)
            gateway.start()
            stack.callback(gateway.stop)
            gateway.wait_until_ready()
            return gateway
        yield start


@pytest.fixture(scope="module")
def gateway(start_gateway):
    """One with the usual settings."""
    return start_gateway()


def bearer(person):
    """The headers of a device."""
    return {"authorization": f"Bearer {person.token}"}


def message_to(person, content="x"):
    """A message to be sent."""
    return message_service_pb2.SendMessageRequest(recipient_id=person.user_id, message_id=uuid7(), content=content)


def send_one(device, person, content="x", request_id=1):
    """Sends a message and waits until it is on disk."""
    device.say(sends=[pb.Send(request_id=request_id, message=message_to(person, content))])
    return device.wait_for("sents").sents[0]


def metric(gateway, name):
    """A metric of a gateway."""
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.admin_port}/metrics", timeout=WAIT_S) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"parley_gateway_{name} "):
                return int(line.split()[1])
    raise KeyError(name)


def wait_for_metric(gateway, name, value, reached=operator.eq):
    """Until it is that."""
    deadline = time.monotonic() + WAIT_S
    while not reached(metric(gateway, name), value):
        assert time.monotonic() < deadline, gateway.log_text()
        time.sleep(0.01)


# ---- the stream ----

@npm
@pytest.mark.parametrize("protocol", (JSON, PROTO))
@pytest.mark.parametrize("by_header", (True, False), ids=("header", "first frame"))
def test_conversation(gateway, world, protocol, by_header):
    """hello, welcome, send, sent, entries, acks, receipts, reads, reauth; and the end."""
    alice = NpmDevice(gateway.port, protocol, **(bearer(world.alice) if by_header else {})).opened()
    assert alice.greet(None if by_header else world.alice.token).frame_bytes_max == 1 << 20
    bob = NpmDevice(gateway.port, protocol, **bearer(world.bob)).opened()
    bob.greet()
    sent = send_one(alice, world.bob, "Grüße 𝄞")
    entry = bob.wait_for("entries").entries[-1]
    assert (entry.seq, entry.chat_id, entry.message_id, entry.content, entry.sender_id) == (
        sent.seq, sent.chat_id, sent.message_id, "Grüße 𝄞", world.alice.user_id)
    bob.say(acks=[pb.Cursor(chat_id=sent.chat_id, seq=sent.seq)])
    assert alice.wait_for("receipts").receipts[0].delivered_seq == sent.seq
    bob.say(reads=[pb.Cursor(chat_id=sent.chat_id, seq=sent.seq)])
    assert bob.wait_for("read_oks").read_oks[0].seq == sent.seq
    assert alice.wait_for("receipts").receipts[0].read_seq == sent.seq
    alice.say(reauth=pb.Reauth(token=world.backend.CreateToken(user_id=world.alice.user_id,
                                                               device_id=world.alice.device_id).token))
    assert send_one(alice, world.bob, "again", 2).seq == sent.seq + 1
    alice.do(ping="are you there?")
    while "pong" not in (event := alice.event()):
        pass
    assert event == {"pong": "are you there?"}
    alice.do(close=1000)
    assert alice.closed().code == 1000
    bob.say(reauth=pb.Reauth(token=world.alice.token))
    assert bob.wait_for("going_away").going_away.reason == "TOKEN_INVALID"
    assert bob.closed() == Closed(4401, "TOKEN_INVALID")


@pytest.mark.parametrize("protocol", (JSON, PROTO))
def test_newer_stream_ends_the_older(gateway, world, protocol):
    """Which then does not come back by itself."""
    older = RawDevice(gateway.port, protocol, **bearer(world.alice))
    older.greet()
    newer = RawDevice(gateway.port, protocol, **bearer(world.alice))
    newer.greet()
    going_away = older.wait_for("going_away").going_away
    assert (going_away.reason, going_away.reconnect_after_ms) == ("SESSION_REPLACED", 0)
    assert older.closed() == Closed(4409, "SESSION_REPLACED")
    send_one(newer, world.bob)
    newer.close()


@pytest.mark.parametrize("protocol", (JSON, PROTO))
def test_credentials_that_are_refused(gateway, world, protocol):
    """By header or in the first frame."""
    for headers, code, reason in (({"authorization": "Bearer x.y.z"}, 4401, "TOKEN_INVALID"),
                                  ({"authorization": ""}, 4401, "TOKEN_INVALID"),
                                  ({"x_api_key": "wrong"}, 4401, "API_KEY_INVALID"),
                                  ({"x_api_key": world.api_key, "parley_user": world.bob.user_id}, 4403,
                                   "PERMISSION_DENIED"),
                                  (bearer(world.alice) | {"parley_user": world.bob.user_id}, 4400,
                                   "ACTING_USER_REFUSED")):
        device = RawDevice(gateway.port, protocol, **headers)
        device.send(hello_frame())
        closed = device.closed()
        assert (closed.code, closed.reason.split(":")[0]) == (code, reason)
    for parts, reason in (({"reauth": pb.Reauth(token="x.y.z")}, "TOKEN_INVALID"), ({}, "CREDENTIALS_MISSING"),
                          ({"reauth": pb.Reauth(token="a\r\nb: c")}, "TOKEN_INVALID"),
                          ({"reauth": pb.Reauth(token=world.bob.token), "hello": pb.Hello()}, "CREDENTIALS_MISSING")):
        device = RawDevice(gateway.port, protocol)
        device.say(**parts)
        closed = device.closed()
        assert (closed.code, closed.reason.split(":")[0]) == (4401, reason)
    assert world.alice.token not in gateway.log_text() and "x.y.z" not in gateway.log_text()


def test_silence_instead_of_credentials(gateway):
    """Is borne for 10 s."""
    device = RawDevice(gateway.port)
    assert device.closed() == Closed(4401, "CREDENTIALS_MISSING: no frame with a token came within 10 s")


@pytest.mark.parametrize("protocol,data,code,reason", (
    (JSON, b'{"hullo": {}}', 4400, "UNKNOWN_FIELD: hullo "), (JSON, b"{", 4400, "MALFORMED_JSON: "),
    (JSON, b'{"acks": [{"seq": []}]}', 4400, "INVALID_ARGUMENT: acks[0].seq "),
    (PROTO, b"\x0a", 4400, "MALFORMED_MESSAGE"), (PROTO, b"\x12\x09\x12\x07\x0a\x05\xff\xff\xff\xff\xff", 4400,
                                                  "INVALID_TEXT")))
def test_frames_that_are_wrong(gateway, world, protocol, data, code, reason):
    """End the stream, and say where."""
    device = RawDevice(gateway.port, protocol, **bearer(world.alice))
    device.greet()
    device.raw.frame(1 if protocol == JSON else 2, data)
    closed = device.closed()
    assert closed.code == code and closed.reason.startswith(reason)


def test_rules_of_the_stream_are_parleyds(gateway, world):
    """No hello first; an acknowledgement of what was never sent."""
    device = RawDevice(gateway.port, **bearer(world.alice))
    device.say(acks=[])
    closed = device.closed()
    assert closed.code == 4400 and closed.reason.startswith("INVALID_ARGUMENT: hello ")
    device = RawDevice(gateway.port, **bearer(world.alice))
    device.greet()
    sent = send_one(device, world.bob)
    device.say(acks=[pb.Cursor(chat_id=sent.chat_id, seq=sent.seq + 5)])
    assert device.closed().code == 4400


# ---- processes that end ----

def test_parleyd_killed(gateway, server, world):
    """Clients are told to come back at once, then to wait; when it is back, what was sent twice is there once."""
    alice, bob = (RawDevice(gateway.port, PROTO, **bearer(person)) for person in (world.alice, world.bob))
    alice.greet()
    bob.greet()
    message = message_to(world.bob)
    alice.say(sends=[pb.Send(request_id=1, message=message)])
    seq = alice.wait_for("sents").sents[0].seq
    server.kill()
    for device in (alice, bob):
        assert device.closed() == Closed(1012, "UNAVAILABLE")
    alice = RawDevice(gateway.port, PROTO, **bearer(world.alice))
    assert alice.closed() == Closed(1013, "UNAVAILABLE")
    server.start()
    gateway.wait_until_ready()
    while True:
        alice = RawDevice(gateway.port, PROTO, **bearer(world.alice))
        with contextlib.suppress(AssertionError):
            alice.greet()
            break
    alice.say(sends=[pb.Send(request_id=2, message=message)])
    assert alice.wait_for("sents").sents[0].seq == seq
    alice.close()


def test_parleyd_drains(gateway, server, world):
    """Its going_away comes through, and the code says to come back."""
    devices = [RawDevice(gateway.port, protocol, **bearer(person))
               for protocol, person in ((JSON, world.alice), (PROTO, world.bob))]
    for device in devices:
        device.greet()
    server.terminate()
    for device in devices:
        going_away = device.wait_for("going_away").going_away
        assert going_away.reason == "DRAINING" and going_away.reconnect_after_ms > 0
        assert device.closed() == Closed(1012, "DRAINING")
    assert server.process.wait(timeout=EXIT_S) == 0
    server.start()
    gateway.wait_until_ready()


def test_gateway_drains(start_gateway, world):
    """What was asked for is answered, then clients are told to come back; with and without credentials."""
    gateway = start_gateway()
    alice = RawDevice(gateway.port, PROTO, **bearer(world.alice))
    alice.greet()
    bob = RawDevice(gateway.port, JSON, **bearer(world.bob))
    bob.greet()
    nobody = RawDevice(gateway.port, JSON)
    wait_for_metric(gateway, "websockets", 3)
    for number in range(1, 101):
        alice.say(sends=[pb.Send(request_id=number, message=message_to(world.bob))])
    sents = list(alice.wait_for("sents").sents)
    gateway.terminate()
    while not (frame := alice.frame()).HasField("going_away"):
        sents += frame.sents
    for going_away in (frame.going_away, bob.wait_for("going_away").going_away, nobody.frame().going_away):
        assert going_away.reason == "DRAINING" and 0 < going_away.reconnect_after_ms <= 2000
    for device in (alice, bob, nobody):
        assert device.closed() == Closed(1001, "DRAINING")
    assert [sent.request_id for sent in sents] == list(range(1, len(sents) + 1))
    assert gateway.process.wait(timeout=EXIT_S) == 0, gateway.log_text()


def test_gateway_drains_past_clients_that_say_nothing(start_gateway, world):
    """They cannot hold it up."""
    gateway = start_gateway()
    deaf = RawDevice(gateway.port, PROTO, **bearer(world.alice))
    deaf.greet()
    gateway.terminate()
    assert gateway.process.wait(timeout=EXIT_S) == 0, gateway.log_text()
    assert deaf.raw.closed() == Closed(1001, "DRAINING")


# ---- who is slow ----

def fall_behind(gateway, world, count):
    """Bob's device, which has not read while so many messages of 60 kB came; and the seqs of these."""
    slow = RawDevice(gateway.port, PROTO, receive_bytes=4096, **bearer(world.bob))
    slow.greet()
    seqs = [world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="x" * 60000).seq for _ in range(count)]
    return slow, seqs


def test_slow_reader(start_gateway, world):
    """Gets everything, in order, when he reads; meanwhile it waits in parleyd, and others are served."""
    gateway = start_gateway()
    slow, sent = fall_behind(gateway, world, 300)
    assert metric(gateway, "websocket_frames_sent_total") < len(sent) / 2
    alice = RawDevice(gateway.port, PROTO, **bearer(world.alice))
    alice.greet()
    sent.append(send_one(alice, world.bob).seq)
    alice.close()
    seen = []
    while not seen or seen[-1] < sent[-1]:
        seen += [entry.seq for entry in slow.wait_for("entries").entries if entry.content]
    assert seen == sent
    slow.close()


def test_slow_reader_when_the_gateway_drains(start_gateway, world):
    """The close frame does not overtake what comes before it."""
    gateway = start_gateway()
    slow, sent = fall_behind(gateway, world, 150)
    frames = metric(gateway, "websocket_frames_sent_total")
    gateway.terminate()
    wait_for_metric(gateway, "websocket_frames_sent_total", frames + 1, operator.ge)  # going_away
    seen = []
    while not (frame := slow.frame()).HasField("going_away"):
        seen += [entry.seq for entry in frame.entries if entry.content]
    assert seen == sent[:len(seen)]
    assert slow.closed() == Closed(1001, "DRAINING")
    assert gateway.process.wait(timeout=EXIT_S) == 0, gateway.log_text()


def test_parleyd_that_does_not_read(start_gateway, server, world):
    """Is waited for: the gateway takes so much and no more, and loses nothing of it."""
    gateway = start_gateway()
    alice = RawDevice(gateway.port, PROTO, **bearer(world.alice))
    alice.greet()
    wait_for_metric(gateway, "websockets", 1)
    data = frame_bytes(2, pb.ClientFrame(acks=[pb.Cursor(chat_id="not a chat" * 4000)]).SerializeToString())
    sent = 0
    with standing_still(server.process), contextlib.suppress(socket.timeout):
        alice.raw.socket.settimeout(2)
        while sent < FRAMES_NO_SOCKET_HOLDS:
            alice.raw.socket.sendall(data)
            sent += 1
    assert 0 < sent < FRAMES_NO_SOCKET_HOLDS
    assert metric(gateway, "websocket_frames_received_total") < 100
    alice.raw.socket.settimeout(WAIT_S)
    assert alice.raw.closed().code == 4400
    alice.close()


def test_silent_client_is_cut(start_gateway, world):
    """After a ping that it does not answer; who answers, within that time, stays."""
    gateway = start_gateway(websocket_idle_ms=4000)
    silent = RawDevice(gateway.port, PROTO, **bearer(world.bob))
    silent.greet()
    lively = RawDevice(gateway.port, PROTO, **bearer(world.alice))
    lively.greet()
    assert silent.raw.next().opcode == PING
    for _ in range(2):  # until silence is borne no longer
        frame = lively.raw.next()
        assert frame.opcode == PING
        lively.raw.frame(PONG, frame.payload)
    silent.raw.ended()
    assert metric(gateway, "websockets_cut_total") == 1
    send_one(lively, world.bob)
    lively.close()


def test_client_that_takes_nothing_is_cut(start_gateway, world):
    """Whatever it says meanwhile."""
    gateway = start_gateway(websocket_idle_ms=2000)
    deaf = RawDevice(gateway.port, PROTO, receive_bytes=4096, **bearer(world.bob))
    deaf.greet()
    for _ in range(150):
        world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="x" * 60000)
        deaf.raw.frame(PONG, b"I am here")
    while not metric(gateway, "websockets_cut_total"):
        deaf.raw.frame(PONG, b"I am here")
    wait_for_metric(gateway, "websockets", 0)
    deaf.close()


# ---- many ----

def test_no_more_than_so_many(start_gateway, world):
    """429 above; a place is free again when a socket is closed."""
    gateway = start_gateway(websockets_max=2)
    first, second = (RawDevice(gateway.port, JSON, **bearer(person)) for person in (world.alice, world.bob))
    wait_for_metric(gateway, "websockets", 2)
    with pytest.raises(AssertionError, match="429"):
        RawDevice(gateway.port)
    assert metric(gateway, "websockets_refused_total") == 1
    first.raw.frame(CLOSE)
    assert first.raw.closed().code is None
    wait_for_metric(gateway, "websockets", 1)
    RawDevice(gateway.port).close()
    second.close()


def test_no_thread_for_each(start_gateway, world):
    """And none is left over."""
    gateway = start_gateway()

    def threads():
        with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("Threads:")).split()[1])

    first = RawDevice(gateway.port, PROTO, **bearer(world.bob))
    first.greet()
    before = threads()
    devices = []
    for number in range(60):
        user_id = world.backend.CreateUser(username=f"u{number}").user_id
        device_id = world.backend.CreateDevice(user_id=user_id, name="d").device_id
        token = world.backend.CreateToken(user_id=user_id, device_id=device_id).token
        devices.append(RawDevice(gateway.port, PROTO, authorization=f"Bearer {token}"))
        devices[-1].greet()
    assert threads() <= before + 4  # gRPC keeps a few of its own
    for device in devices:
        device.close()
    wait_for_metric(gateway, "websockets", 1)
    first.close()
