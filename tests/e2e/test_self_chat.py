# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What users are told of their account, in a chat of their own."""
import concurrent.futures
import hashlib
import subprocess
import threading
import uuid

import pytest
from groups import Group, devices, group, named  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import Refusal, refused

# pylint: disable=redefined-outer-name


def self_chat_id(app_id, user_id):
    """As the API says: UUIDv8 of SHA-256("self", app, user id)."""
    digest = bytearray(hashlib.sha256(b"self" + uuid.UUID(app_id).bytes + uuid.UUID(user_id).bytes).digest()[:16])
    digest[6] = digest[6] & 0x0f | 0x80
    digest[8] = digest[8] & 0x3f | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def said(event):
    """What an account entry says."""
    if event.HasField("chat_joined"):
        return ("joined", event.chat_joined.seq)
    if event.HasField("chat_left"):
        return ("left", event.chat_left.seq)
    if event.HasField("user_updated"):
        return ("updated", list(event.user_updated.fields))
    return ("added", event.device_added) if event.device_added else ("revoked", event.device_revoked)


def told(entries):
    """What account entries say."""
    return [said(entry.event) for entry in entries]


def wait_until_told(device, chat_id, *expected):
    """Until these things are told, in whatever order, and nothing else was."""
    device.wait_for(lambda device: len(device.entries[chat_id]) == len(expected))
    assert sorted(told(device.entries[chat_id])) == sorted(expected)


def test_joining_and_leaving_is_told(group, devices):
    """To devices that are there, to those that come later, and by ListMessages."""
    chat_id = self_chat_id(group.world.app_id, group.sam.user_id)
    sam = devices(group.sam)
    group.update(group.olga.api, add=[named(group.sam)])
    group.sam.api.LeaveChat(chat_id=group.chat_id)
    sam.wait_for(lambda device: len(device.entries[chat_id]) == 2)
    entries = sam.entries[chat_id]
    assert told(entries) == [("joined", 1), ("left", 2)]
    for entry in entries:
        assert (entry.kind, entry.message_type) == (messages.ENTRY_KIND_ACCOUNT, messages.MESSAGE_TYPE_SYSTEM)
        assert (entry.sender_id, entry.recipient_id) == (group.sam.user_id, "")
    assert entries[0].event.chat_joined.chat_id == entries[1].event.chat_left.chat_id == group.chat_id
    listed = group.sam.api.ListMessages(chat_id=chat_id).messages
    assert told(reversed(listed)) == told(entries)


def test_everybody_who_leaves_is_told(group, devices):
    """When a group is deleted, all are."""
    mary, olga = devices(group.mary), devices(group.olga)
    group.olga.api.DeleteChat(chat_id=group.chat_id)
    for person, device in ((group.mary, mary), (group.olga, olga)):
        wait_until_told(device, self_chat_id(group.world.app_id, person.user_id), ("joined", 0), ("left", 1))


def test_a_created_chat_is_told_to_its_members(world, devices):
    """At once and empty, with its entries behind; an individual chat that is created again is not told again."""
    alice, bob = devices(world.alice), devices(world.bob)
    group_id = world.alice.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[named(world.bob)]).chat_id
    for person, device in ((world.alice, alice), (world.bob, bob)):
        chat_id = self_chat_id(world.app_id, person.user_id)
        wait_until_told(device, chat_id, ("joined", 0))
        assert device.entries[chat_id][0].event.chat_joined.chat_id == group_id
    world.alice.api.SendMessage(chat_id=group_id, content="hello")
    bob.wait_for(lambda device: [entry.content for entry in device.entries[group_id]] == ["hello"])
    for person in (world.alice, world.bob):
        other = world.bob if person is world.alice else world.alice
        person.api.CreateChat(chat_type=chats.CHAT_TYPE_INDIVIDUAL, participants=[named(other)])
    for person, device in ((world.alice, alice), (world.bob, bob)):
        wait_until_told(device, self_chat_id(world.app_id, person.user_id), ("joined", 0), ("joined", 0))


def test_a_first_message_tells_of_its_chat(world, devices):
    """Nothing else does, also when the chat is created after it."""
    bob = devices(world.bob)
    chat_id = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello").chat_id
    bob.wait_for(lambda device: device.entries[chat_id])
    world.bob.api.CreateChat(chat_type=chats.CHAT_TYPE_INDIVIDUAL, participants=[named(world.alice)])
    world.backend.UpdateUser(user_id=world.bob.user_id, about="last")
    wait_until_told(bob, self_chat_id(world.app_id, world.bob.user_id), ("updated", ["about"]))


def test_devices_and_profile_are_told(world, devices):
    """To the user's other devices; what only asks or was done before is not told."""
    bob, api = world.bob, world.bob.api
    phone = devices(bob)
    once = world.backend.also(idempotency_key="tablet")
    tablet = {once.CreateDevice(user_id=bob.user_id, name="tablet").device_id for _ in range(3)}.pop()
    ids = {"user_id": bob.user_id, "device_id": tablet}
    api.UpdateDevice(name="pad", **ids)
    for _ in range(2):
        api.RevokeDevice(**ids)
    api.UpdateUser(user_id=bob.user_id, about="away", metadata={"a": "1"})
    world.backend.UpdateUser(user_id=bob.user_id, update_mask={"paths": ["phone_number"]})
    for wrong in ({"about": "x" * 1025}, {"username": "robert"}):
        with pytest.raises(Refusal):
            api.UpdateUser(user_id=bob.user_id, **wrong)
    world.backend.UpdateUser(user_id=bob.user_id, username="robert")
    wait_until_told(phone, self_chat_id(world.app_id, bob.user_id), ("added", tablet), ("revoked", tablet),
                    ("updated", ["about", "metadata"]), ("updated", ["phone_number"]), ("updated", ["username"]))


def test_nobody_is_told_of_a_first_device(world, devices):
    """There is nobody to tell; nor is another app's user."""
    alice = devices(world.alice)
    world.backend.UpdateUser(user_id=world.alice.user_id, about="last")
    wait_until_told(alice, self_chat_id(world.app_id, world.alice.user_id), ("updated", ["about"]))


def test_self_chats_are_nobody_elses(group, devices):
    """Nor are they in lists, or changed like groups."""
    sam = devices(group.sam)
    group.update(group.olga.api, add=[named(group.sam)])
    chat_id = self_chat_id(group.world.app_id, group.sam.user_id)
    sam.wait_for(lambda device: device.entries[chat_id])
    assert [chat.chat_id for chat in group.sam.api.ListChats().chats] == [group.chat_id]
    assert group.sam.api.GetChat(chat_id=chat_id).chat_type == chats.CHAT_TYPE_SELF
    for call in (group.olga.api.GetChat, group.olga.api.ListMessages):
        with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
            call(chat_id=chat_id)
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.sam.api.SendMessage(chat_id=chat_id, content="note to myself")
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.sam.api.LeaveChat(chat_id=chat_id)
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.sam.api.UpdateParticipants(chat_id=chat_id, add=[named(group.olga)])


def test_telling_survives_a_database_that_was_away(group, devices, server, postgres):
    """What could not be stored is stored later, once; which comes first does not matter."""
    chat_id = self_chat_id(group.world.app_id, group.sam.user_id)
    sam = devices(group.sam)
    for _ in range(3):
        group.update(group.olga.api, add=[named(group.sam)])
        group.update(group.olga.api, remove=[group.sam.user_id])
    postgres.kill()
    postgres.start()
    wait_until_told(sam, chat_id, ("joined", 1), ("left", 2), ("joined", 3), ("left", 4), ("joined", 5), ("left", 6))
    server.wait_until_ready()


def test_unknown_outcomes_are_told_when_they_were_good(world, devices, server, postgres):
    """Of creations that the database may or may not have kept, those that it kept are told and no others."""
    phone = devices(world.bob)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        stop = threading.Event()
        workers = [pool.submit(create_until, world, stop) for _ in range(4)]
        for _ in range(3):
            postgres.kill()
            postgres.start()
            server.wait_until_ready()
        stop.set()
        for worker in workers:
            worker.result()
    rows = postgres.query("select chat_id from user_chats join chats using (chat_id) where chat_type = 2"
                          f" and user_id = '{world.bob.user_id}'")
    chat_id = self_chat_id(world.app_id, world.bob.user_id)
    phone.wait_for(lambda device: len(device.entries[chat_id]) >= len(rows))
    assert sorted(entry.event.chat_joined.chat_id for entry in phone.entries[chat_id]) == sorted(rows)


def test_a_creation_whose_commit_was_not_answered_is_told(world, devices, server, postgres):
    """It is kept, its connection ends before the answer, and whoever asked cannot know."""
    phone = devices(world.bob)
    group_fields = {"chat_type": chats.CHAT_TYPE_GROUP, "participants": [named(world.bob)]}
    demand_standby(postgres)
    server.wait_until_ready()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(world.alice.api.CreateChat, **group_fields),
                 pool.submit(world.backend.CreateDevice, user_id=world.bob.user_id)]
        while not all(call.done() for call in calls):
            end_waiting_commits(postgres)
        set_standbys(postgres, "")
        for call in calls:
            with refused("UNAVAILABLE", "OUTCOME_UNKNOWN"):
                call.result()
    server.wait_until_ready()
    device_id = max(device.device_id for device in world.backend.ListDevices(user_id=world.bob.user_id).devices)
    wait_until_told(phone, self_chat_id(world.app_id, world.bob.user_id), ("joined", 0), ("added", device_id))


def demand_standby(postgres):
    """Commits wait from now on. It is the checkpointer that makes them, some time after it was told to: that is tried
    with a commit that leaves no rows."""
    set_standbys(postgres, "nobody")
    has_waited = False
    while not has_waited:
        command = ["psql", "-XAtq", postgres.conninfo, "-c", "select pg_logical_emit_message(true, '', '')"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as commit:
            while commit.poll() is None:
                has_waited = end_waiting_commits(postgres) or has_waited


def end_waiting_commits(postgres):
    """Ends their connections; whether there were any."""
    return bool(postgres.query("select pg_terminate_backend(pid) from pg_stat_activity"
                               " where wait_event = 'SyncRep' and backend_type = 'client backend'"))


def set_standbys(postgres, names):
    """Commits wait for these, which are not there, once they are on disk."""
    postgres.query(f"alter system set synchronous_standby_names = '{names}'")
    postgres.query("select pg_reload_conf()")


def create_until(world, stop):
    """Creates groups, whatever comes of it."""
    while not stop.is_set():
        try:
            world.alice.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[named(world.bob)])
        except Refusal as error:
            assert error.code == "UNAVAILABLE" or error.reason == "RATE_LIMITED", error
