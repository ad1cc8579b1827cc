# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Answers to messages: to those of the same chat that the sender may see."""
import pytest
from groups import Group, devices, group, named, wait_for  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import refused
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")


def answer(person, chat_id, asked_id, **fields):
    """A reply."""
    return person.api.SendMessage(chat_id=chat_id, content="yes", reply_to_message_id=asked_id, **fields)


def test_reply_names_what_it_answers(group, devices):
    """Everywhere; also when that was edited or deleted."""
    mary = devices(group.mary)
    asked = group.olga.api.SendMessage(chat_id=group.chat_id, content="tea?")
    replied = answer(group.adam, group.chat_id, asked.message_id)
    assert replied.reply_to_message_id == asked.message_id
    group.olga.api.EditMessage(message_id=asked.message_id, content="coffee?")
    answer(group.adam, group.chat_id, asked.message_id)
    group.olga.api.DeleteMessage(message_id=asked.message_id)
    last = answer(group.mary, group.chat_id, asked.message_id).seq
    wait_for(mary, group.chat_id, last)
    assert [entry.reply_to_message_id for entry in mary.entries[group.chat_id] if entry.reply_to_message_id] == [
        asked.message_id] * 3


def test_what_cannot_be_answered(group):
    """What is not there, is in another chat, or is no message."""
    elsewhere = group.olga.api.SendMessage(recipient_id=group.adam.user_id, content="hello")
    own = uuid7()
    group.update(group.olga.api, add=[named(group.sam)])
    (change,) = group.olga.api.ListMessages(chat_id=group.chat_id).messages
    for message_id, fields in ((uuid7(), {}), (elsewhere.message_id, {}), (change.message_id, {}),
                               (own, {"message_id": own})):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            answer(group.adam, group.chat_id, message_id, **fields)
    assert group.olga.api.GetChat(chat_id=group.chat_id).last_seq == 1


def test_what_was_before_is_not_there_for_new_members(group):
    """They do not learn that it is."""
    asked = group.olga.api.SendMessage(chat_id=group.chat_id, content="tea?")
    group.update(group.olga.api, add=[named(group.sam)])
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        answer(group.sam, group.chat_id, asked.message_id)


def test_history_that_is_shown_may_be_answered(world):
    """By who joined later."""
    group = Group(world, settings=chats.ChatSettings(history_for_new=chats.HISTORY_FOR_NEW_ALL))
    asked = group.olga.api.SendMessage(chat_id=group.chat_id, content="tea?")
    group.update(group.olga.api, add=[named(group.sam)])
    assert answer(group.sam, group.chat_id, asked.message_id).seq == 3
    group.close()


def test_a_reply_may_follow_at_once(group, devices):
    """Also into a chat that begins with what it answers; without that nothing begins."""
    ids = [uuid7() for _ in range(50)]
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.olga.api.SendMessage(recipient_id=group.sam.user_id, content="x", reply_to_message_id=ids[0])
    assert not group.sam.api.ListChats().chats
    olga = devices(group.olga)
    olga.send(*(messages.SendMessageRequest(recipient_id=group.sam.user_id, message_id=message_id, content="x",
                                            reply_to_message_id=before)
                for message_id, before in zip(ids, ["", *ids])))
    olga.wait_for(lambda device: len(device.sents) == len(ids))
    results = group.olga.api.SendMessages(messages=[
        messages.SendMessageRequest(chat_id=group.chat_id, message_id=ids[0], content="x"),
        messages.SendMessageRequest(chat_id=group.chat_id, content="y", reply_to_message_id=ids[0]),
        messages.SendMessageRequest(chat_id=group.chat_id, content="z", reply_to_message_id=uuid7())]).results
    assert [result.error.reason for result in results] == ["", "", "MESSAGE_NOT_FOUND"]


def test_a_reply_that_was_stored_is_stored(group):
    """A resend is told its place."""
    asked = group.olga.api.SendMessage(chat_id=group.chat_id, content="tea?")
    fields = {"message_id": uuid7()}
    assert answer(group.mary, group.chat_id, asked.message_id, **fields).seq == 2
    assert answer(group.mary, group.chat_id, asked.message_id, **fields).seq == 2
