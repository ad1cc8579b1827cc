# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What users are told of their account, in a chat of their own."""
import hashlib
import uuid

from groups import Group, devices, group, named  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import refused

# pylint: disable=redefined-outer-name


def self_chat_id(app_id, user_id):
    """As the API says: UUIDv8 of SHA-256("self", app, user id)."""
    digest = bytearray(hashlib.sha256(b"self" + uuid.UUID(app_id).bytes + uuid.UUID(user_id).bytes).digest()[:16])
    digest[6] = digest[6] & 0x0f | 0x80
    digest[8] = digest[8] & 0x3f | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def told(entries):
    """What account entries say."""
    return [("joined", entry.event.chat_joined.seq) if entry.event.HasField("chat_joined")
            else ("left", entry.event.chat_left.seq) for entry in entries]


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
        chat_id = self_chat_id(group.world.app_id, person.user_id)
        device.wait_for(lambda device, chat_id=chat_id: device.entries[chat_id])
        assert told(device.entries[chat_id]) == [("left", 1)]


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


def test_telling_survives_a_database_that_was_away(group, devices, postgres):
    """What could not be stored is stored later, once; which comes first does not matter."""
    chat_id = self_chat_id(group.world.app_id, group.sam.user_id)
    sam = devices(group.sam)
    for _ in range(3):
        group.update(group.olga.api, add=[named(group.sam)])
        group.update(group.olga.api, remove=[group.sam.user_id])
    postgres.kill()
    postgres.start()
    sam.wait_for(lambda device: len(device.entries[chat_id]) == 6)
    assert sorted(told(sam.entries[chat_id]), key=lambda what: what[1]) == [
        ("joined", 1), ("left", 2), ("joined", 3), ("left", 4), ("joined", 5), ("left", 6)]
