# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Messages that a user deletes for themselves alone: gone for the user, there for all others."""
import pytest
from parley_pb import chat_service_pb2 as chats
from groups import Group, devices, group, named, seqs, wait_for  # noqa: F401 pylint: disable=unused-import
from refusals import refused
from test_self_chat import self_chat_id
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")


@pytest.fixture
def message(group):
    """What mary said, as entry 1, and edited since."""
    message = group.mary.api.SendMessage(chat_id=group.chat_id, content="helo", metadata={"key": "value"})
    group.mary.api.EditMessage(message_id=message.message_id, content="hello")
    return message


def hide(person, message):
    """HideMessage; its place."""
    return person.api.HideMessage(message_id=message.message_id).seq


def listed(person, chat_id):
    """What ListMessages shows, newest first."""
    return [entry.content for entry in person.api.ListMessages(chat_id=chat_id).messages]


def test_it_is_in_no_answer_of_the_user(group, message):
    """However often it is hidden; others have it as before."""
    group.say(group.mary, "next")
    assert hide(group.adam, message) == hide(group.adam, message) == 1
    assert listed(group.adam, group.chat_id) == ["next"]
    page = group.adam.api.ListMessages(chat_id=group.chat_id, page_size=1)
    assert [entry.content for entry in page.messages] == ["next"] and not page.next_page_token
    for call in (group.adam.api.GetMessage, group.adam.api.ListReceipts, group.adam.api.MarkRead):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            call(message_id=message.message_id)
    for person in (group.mary, group.olga):
        assert listed(person, group.chat_id) == ["next", "hello"]
        assert person.api.GetMessage(message_id=message.message_id).content == "hello"


def test_an_id_in_two_chats_is_one_message_for_all_calls(group, message):
    """The one in the first chat, until it is hidden; then the other one."""
    other_id = group.olga.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[
        named(group.adam), named(group.mary)]).chat_id
    group.mary.api.SendMessage(chat_id=other_id, message_id=message.message_id, content="twin")
    for chat_id in sorted((group.chat_id, other_id)):
        assert group.adam.api.GetMessage(message_id=message.message_id).chat_id == chat_id
        group.adam.api.ReactToMessage(message_id=message.message_id, emoji="\U0001F44D")
        assert [entry.chat_id for entry in group.adam.api.ListMessages(chat_id=chat_id).messages if entry.reactions] == [
            chat_id]
        assert hide(group.adam, message) == 1
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.adam.api.GetMessage(message_id=message.message_id)


def test_the_sender_may_hide_it_too(group, message):
    """And then neither edits nor deletes it for all; the app's backend still does."""
    hide(group.mary, message)
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.mary.api.EditMessage(message_id=message.message_id, content="again")
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.mary.api.DeleteMessage(message_id=message.message_id)
    assert listed(group.olga, group.chat_id) == ["hello"]
    assert group.world.backend_as(group.mary).DeleteMessage(message_id=message.message_id).seq == 3


def test_streams_keep_its_place_without_a_body(group, message, devices):
    """And that of its edits, for a device that comes later; the log has no gap. Other users get all of it."""
    group.say(group.mary, "next")
    hide(group.adam, message)
    adam, olga = devices(group.adam), devices(group.olga)
    for device in (adam, olga):
        wait_for(device, group.chat_id, 3)
        assert seqs(device, group.chat_id) == [1, 2, 3]
    assert [(entry.hidden, entry.WhichOneof("body"), len(entry.metadata)) for entry in adam.entries[group.chat_id]] == [
        (True, None, 0), (True, None, 0), (False, "content", 0)]
    assert [(entry.hidden, entry.content) for entry in olga.entries[group.chat_id]] == [
        (False, "helo"), (False, "hello"), (False, "next")]


def test_the_users_devices_are_told_once(group, message, devices):
    """In the SELF chat, by chat and place."""
    adam = devices(group.adam)
    for _ in range(2):
        hide(group.adam, message)
    group.world.backend.UpdateUser(user_id=group.adam.user_id, about="last")
    chat_id = self_chat_id(group.world.app_id, group.adam.user_id)
    adam.wait_for(lambda device: any(entry.event.HasField("user_updated") for entry in device.entries[chat_id]))
    told = [entry.event.message_hidden for entry in adam.entries[chat_id] if entry.event.HasField("message_hidden")]
    assert [(place.chat_id, place.seq) for place in told] == [(group.chat_id, 1)]


def test_it_is_not_counted_as_unread(group, message):
    """Of the user who hid it."""
    group.say(group.mary, "next")
    assert group.adam.api.GetChat(chat_id=group.chat_id).unread_count == 2
    hide(group.adam, message)
    assert group.adam.api.GetChat(chat_id=group.chat_id).unread_count == 1
    assert group.olga.api.GetChat(chat_id=group.chat_id).unread_count == 2


def test_bad_input_is_refused(group, message):
    """Who does not see a message is told the same as if it were not there; nothing is stored."""
    for person, message_id in ((group.sam, message.message_id), (group.adam, uuid7())):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            person.api.HideMessage(message_id=message_id)
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.adam.api.HideMessage(message_id="1")
    group.update(group.olga.api, add=[named(group.sam)])
    (event, *_) = group.adam.api.ListMessages(chat_id=group.chat_id).messages
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        hide(group.adam, event)
    assert listed(group.adam, group.chat_id) == ["", "hello"]
