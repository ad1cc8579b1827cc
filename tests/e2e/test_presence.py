# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Who is online, when they last were, and who may know."""
import time

import pytest
from api_client import GrpcServer, Person, World
from device import Device
from groups import devices  # noqa: F401 pylint: disable=unused-import
from parley_pb import stream_service_pb2 as pb
from parley_pb import user_service_pb2 as users
from programs import Gateway, tail
from refusals import refused
from stream import GRPC, GrpcStream
from test_blocks import block, say, unblock
from test_idempotency import unfinished
from uuid7 import uuid7
from websocket_device import RawDevice

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")

NOBODY, CHATS = users.PRESENCE_AUDIENCE_NOBODY, users.PRESENCE_AUDIENCE_CHATS
WAIT_S = 300


def presence(api, person):
    """GetPresence: online, and whether it says when they last were."""
    answer = api.GetPresence(user_id=person.user_id)
    assert answer.user_id == person.user_id
    return answer.online, answer.HasField("last_seen")


def wait_for(api, person, expected):
    """Until it is so: the end of a stream takes its way through the server."""
    deadline = time.monotonic() + WAIT_S
    while presence(api, person) != expected:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_online_and_last_seen(world, devices):
    """From the stream's welcome to its end; the app's backend sees it, too."""
    alice, bob = world.alice, world.bob
    say(alice, bob)
    for api in (alice.api, bob.api, world.backend, world.backend_as(alice)):
        assert presence(api, bob) == (False, False)
    phone = devices(bob)
    for api in (alice.api, bob.api, world.backend, world.backend_as(alice)):
        assert presence(api, bob) == (True, False)
    phone.close()
    wait_for(alice.api, bob, (False, True))
    first = alice.api.GetPresence(user_id=bob.user_id).last_seen
    phone = devices(bob)
    assert presence(alice.api, bob) == (True, False)
    phone.close()
    deadline = time.monotonic() + WAIT_S
    while alice.api.GetPresence(user_id=bob.user_id).last_seen.ToNanoseconds() <= first.ToNanoseconds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.transports("grpc")
def test_last_seen_is_told_before_it_is_stored(world, devices, postgres):
    """The table may take its time."""
    phone = devices(world.bob)
    with unfinished(postgres, "lock table last_seen in exclusive mode"):
        phone.close()
        wait_for(world.backend, world.bob, (False, True))


def test_a_stranger_is_told_nothing(world, devices):
    """Nor is who shares a chat no more."""
    alice, bob = world.alice, world.bob
    devices(bob)
    assert presence(alice.api, bob) == (False, False)
    group_id = bob.api.CreateChat(chat_type="CHAT_TYPE_GROUP", participants=[{"user_id": alice.user_id}]).chat_id
    assert presence(alice.api, bob) == (True, False)
    alice.api.LeaveChat(chat_id=group_id)
    assert presence(alice.api, bob) == (False, False)
    assert presence(bob.api, alice) == (False, False)
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        alice.api.GetPresence(user_id=uuid7())
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        alice.api.GetPresence(user_id="bob")


def test_a_block_hides_it_from_both(world, devices):
    """Until it ends."""
    alice, bob = world.alice, world.bob
    say(alice, bob)
    devices(alice)
    devices(bob)
    block(bob, alice)
    assert presence(alice.api, bob) == presence(bob.api, alice) == (False, False)
    unblock(bob, alice)
    assert presence(alice.api, bob) == presence(bob.api, alice) == (True, False)


def test_who_tells_nobody_is_told_of_nobody(world, devices):
    """Of the own user it is told, and the app knows."""
    alice, bob = world.alice, world.bob
    say(alice, bob)
    devices(alice)
    devices(bob)
    changed = bob.api.UpdateUser(user_id=bob.user_id, settings={"presence": NOBODY})
    assert changed.settings.presence == NOBODY
    assert presence(alice.api, bob) == presence(bob.api, alice) == (False, False)
    assert presence(bob.api, bob) == presence(world.backend, bob) == (True, False)
    bob.api.UpdateUser(user_id=bob.user_id, settings={"presence": CHATS})
    assert presence(alice.api, bob) == (True, False)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        bob.api.UpdateUser(user_id=bob.user_id, settings={"presence": 3})


def watch(device, *people):
    """From now on it is told of these."""
    device.say(watch={"user_ids": [person.user_id for person in people]})


def told(device):
    """Of whom, whether they are online, and whether it says when they last were."""
    return [(one.user_id, one.online, one.HasField("last_seen")) for one in device.presences]


@pytest.mark.transports("grpc")
def test_a_stream_is_told_of_those_it_watches(world, devices):
    """How it is with them, then when they come and go; of strangers nothing."""
    alice, bob = world.alice, world.bob
    carol = Person(world.backend, "carol")
    say(alice, bob)
    phone = devices(alice)
    watch(phone, bob, carol)
    phone.wait_for(lambda device: told(device) == [(bob.user_id, False, False)])
    stranger, tablet = devices(carol), devices(bob)
    phone.wait_for(lambda device: told(device)[1:] == [(bob.user_id, True, False)])
    tablet.close()
    phone.wait_for(lambda device: told(device)[2:] == [(bob.user_id, False, True)])
    assert stranger.sessions == 1


@pytest.mark.transports("grpc")
def test_who_watches_is_told_when_they_may_know_no_more(world, devices):
    """By a block, or by the setting."""
    alice, bob = world.alice, world.bob
    say(alice, bob)
    phone, _ = devices(alice), devices(bob)
    watch(phone, bob)
    phone.wait_for(lambda device: told(device) == [(bob.user_id, True, False)])
    block(bob, alice)
    phone.wait_for(lambda device: told(device)[1:] == [(bob.user_id, False, False)])
    unblock(bob, alice)
    phone.wait_for(lambda device: told(device)[2:] == [(bob.user_id, True, False)])
    bob.api.UpdateUser(user_id=bob.user_id, settings={"presence": NOBODY})
    phone.wait_for(lambda device: told(device)[3:] == [(bob.user_id, False, False)])
    bob.api.UpdateUser(user_id=bob.user_id, settings={"presence": CHATS})
    phone.wait_for(lambda device: told(device)[4:] == [(bob.user_id, True, False)])


@pytest.mark.transports("grpc")
def test_who_watches_is_told_when_a_chat_is_shared_and_when_no_more(world, devices):
    """Though nobody comes or goes; so is who tells nobody from then on."""
    alice, bob = world.alice, world.bob
    phone, _ = devices(alice), devices(bob)
    watch(phone, bob)
    group_id = bob.api.CreateChat(chat_type="CHAT_TYPE_GROUP", participants=[{"user_id": alice.user_id}]).chat_id
    phone.wait_for(lambda device: told(device) == [(bob.user_id, True, False)])
    bob.api.LeaveChat(chat_id=group_id)
    phone.wait_for(lambda device: told(device)[1:] == [(bob.user_id, False, False)])
    say(alice, bob)
    phone.wait_for(lambda device: told(device)[2:] == [(bob.user_id, True, False)])
    alice.api.UpdateUser(user_id=alice.user_id, settings={"presence": NOBODY})
    phone.wait_for(lambda device: told(device)[3:] == [(bob.user_id, False, False)])


@pytest.mark.transports("grpc")
def test_tail_shows_it(server, world, devices):
    """The command, for scripts; the C library tells the server again after an interruption."""
    say(world.alice, world.bob)
    with tail(server, world.alice.token, "--presence", world.bob.user_id) as next_line:
        def next_presence():
            while True:
                line = next_line()
                if line.get("event") == "presence":
                    return line["user_id"], line["online"], "last_seen" in line

        assert next_presence() == (world.bob.user_id, False, False)
        tablet = devices(world.bob)
        assert next_presence() == (world.bob.user_id, True, False)
        tablet.close()
        assert next_presence() == (world.bob.user_id, False, True)


@pytest.fixture
def own(tmp_path, postgres):
    """A server for one test, to be started."""
    server = GrpcServer(tmp_path, postgres)
    server.migrate()
    yield server
    server.stop()


@pytest.fixture
def quick(own):
    """A server for which half a second of silence is much."""
    own.environment["PARLEY_HEARTBEAT_INTERVAL_MS"] = "250"
    own.start()
    return own


def stay(world, send):
    """bob's stream beats until he is there."""
    deadline = time.monotonic() + WAIT_S
    while presence(world.backend, world.bob) != (True, False):
        assert time.monotonic() < deadline
        send(pb.ClientFrame())
        time.sleep(0.02)


@pytest.mark.transports("grpc")
def test_a_websocket_beats_with_an_empty_frame(quick, tmp_path):
    """Its pings keep nobody online."""
    world = World(quick)
    gateway = Gateway(tmp_path, quick.address)
    gateway.start()
    gateway.wait_until_ready()
    browser = RawDevice(gateway.port, authorization=f"Bearer {world.bob.token}")
    assert browser.greet().heartbeat_interval_ms == 250
    wait_for(world.backend, world.bob, (False, True))
    stay(world, browser.send)
    browser.close()
    gateway.stop()
    world.close()


@pytest.mark.transports("grpc")
def test_who_falls_silent_is_offline(quick):
    """Though the stream goes on; a frame without parts brings them back."""
    world = World(quick)
    stream = GrpcStream(GRPC, quick.address, world.bob.token)
    stream.send(pb.ClientFrame(hello={"protocol_version": 1}))
    frames = stream.frames()
    assert next(frames).welcome.heartbeat_interval_ms == 250
    wait_for(world.backend, world.bob, (False, True))
    stay(world, stream.send)
    stream.close()
    world.close()


@pytest.mark.transports("grpc")
def test_nothing_is_kept_of_who_was_deleted(own, postgres):
    """Neither what is stored already, nor what the end of their stream would store."""
    def stored():
        return set(postgres.query("select user_id from last_seen"))

    own.start()
    world = World(own)
    phone, tablet = Device(own.address, world.alice.token), Device(own.address, world.bob.token)
    for device in (phone, tablet):
        device.wait_for(lambda device: device.caught_up)
    phone.close()
    deadline = time.monotonic() + WAIT_S
    while world.alice.user_id not in stored():
        assert time.monotonic() < deadline
    for person in (world.alice, world.bob):
        world.backend.DeleteUser(user_id=person.user_id)
    tablet.wait_for(lambda device: device.going_aways)
    tablet.close()
    world.close()
    own.stop()
    assert not stored() & {world.alice.user_id, world.bob.user_id}
