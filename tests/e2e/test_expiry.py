# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Messages that last for a while: when that is over nobody gets them any more, in whatever way."""
import pytest
from google.protobuf import field_mask_pb2
from groups import devices, group, wait_for  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import refused
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")

HOUR_S = 3600


def let_last(api, chat_id, seconds):
    """Messages of the chat last that long from now on."""
    return api.UpdateChat(chat_id=chat_id, settings=chats.ChatSettings(message_ttl=seconds),
                          update_mask=field_mask_pb2.FieldMask(paths=["settings.message_ttl"]))


def let_expire(postgres, chat_id):
    """What was to last is over now."""
    postgres.query(f"update messages set expires_at = now() where chat_id = '{chat_id}' and expires_at is not null")


def test_a_message_is_gone_for_everybody_when_its_time_is_over(group, devices, postgres):
    """With its edits; its place and the answers to it stay."""
    let_last(group.adam.api, group.chat_id, HOUR_S)
    mary = devices(group.mary)
    before = group.olga.api.SendMessage(chat_id=group.chat_id, content="secret", metadata={"k": "v"}, media_id=uuid7(),
                                        message_id=uuid7())
    assert before.expires_at.ToMicroseconds() == before.timestamp.ToMicroseconds() + HOUR_S * 1000000
    group.olga.api.EditMessage(message_id=before.message_id, content="still secret")
    wait_for(mary, group.chat_id, 3)
    live, edit = mary.entries[group.chat_id][1:]
    assert (live.content, live.expires_at) == ("secret", before.expires_at)
    assert (edit.content, edit.expires_at) == ("still secret", before.expires_at)
    let_expire(postgres, group.chat_id)
    gone = group.mary.api.GetMessage(message_id=before.message_id)
    assert gone.status == messages.MESSAGE_STATUS_EXPIRED
    assert not gone.WhichOneof("body") and not gone.metadata and not gone.media_id
    assert (gone.seq, gone.recipient_count) == (2, 2)
    listed = group.mary.api.ListMessages(chat_id=group.chat_id).messages[0]
    assert (listed.seq, listed.status, listed.WhichOneof("body")) == (2, messages.MESSAGE_STATUS_EXPIRED, None)
    olga = devices(group.olga)
    wait_for(olga, group.chat_id, 3)
    for entry in olga.entries[group.chat_id][1:]:
        assert (entry.status, entry.WhichOneof("body")) == (messages.MESSAGE_STATUS_EXPIRED, None)
        assert not entry.metadata and not entry.media_id
    assert group.mary.api.GetChat(chat_id=group.chat_id).unread_count == 0
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.olga.api.EditMessage(message_id=before.message_id, content="again")
    assert group.mary.api.SendMessage(chat_id=group.chat_id, content="what?",
                                      reply_to_message_id=before.message_id).seq == 4
    again = group.olga.api.SendMessage(chat_id=group.chat_id, content="secret", metadata={"k": "v"},
                                       media_id=before.media_id, message_id=before.message_id)
    assert (again.seq, again.status, again.content) == (2, messages.MESSAGE_STATUS_EXPIRED, "")


def test_only_messages_from_then_on_expire(group):
    """And none any more when it is off again; nor do entries that are no messages."""
    let_last(group.olga.api, group.chat_id, HOUR_S)
    let_last(group.olga.api, group.chat_id, 0)
    group.say(group.mary, "stays")
    let_last(group.olga.api, group.chat_id, 31536000)
    group.say(group.mary, "stays for a year")
    found = group.mary.api.ListMessages(chat_id=group.chat_id).messages
    assert [message.HasField("expires_at") for message in found] == [True, False, False, False, False]


def test_either_of_two_sets_how_long_messages_last(group):
    """In their chat, and nothing else."""
    chat_id = group.olga.api.SendMessage(recipient_id=group.mary.user_id, content="hello").chat_id
    for person, seconds in ((group.olga, 60), (group.mary, 3600), (group.olga, 0)):
        chat = let_last(person.api, chat_id, seconds)
        assert chat.settings == chats.ChatSettings(message_ttl=seconds)
        assert group.mary.api.GetChat(chat_id=chat_id).etag == chat.etag
        message = group.olga.api.SendMessage(chat_id=chat_id, content="x")
        assert message.HasField("expires_at") == (seconds > 0)
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.olga.api.UpdateChat(chat_id=chat_id, settings=chats.ChatSettings(message_ttl=60),
                                  update_mask=field_mask_pb2.FieldMask(paths=["settings"]))
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        let_last(group.adam.api, chat_id, 60)
    assert let_last(group.world.backend_as(group.sam), chat_id, 60).settings.message_ttl == 60


@pytest.mark.parametrize("seconds", [-1, 1, 4, 31536001])
def test_bad_times_are_refused(group, seconds):
    """And change nothing."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        let_last(group.olga.api, group.chat_id, seconds)
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        let_last(group.mary.api, group.chat_id, 60)
    assert group.olga.api.GetChat(chat_id=group.chat_id).last_seq == 0
