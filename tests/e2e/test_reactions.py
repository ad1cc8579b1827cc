# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Reactions to messages: one of each user, an entry of its own for devices, counted where messages are shown."""
import concurrent.futures

import pytest
from api_client import Person
from google.protobuf import field_mask_pb2
from groups import Group, devices, group, named, seqs, wait_for  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import refused
from test_expiry import HOUR_S, let_expire, let_last
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")

UP, HEART, PARTY = "\U0001F44D", "\u2764\uFE0F", "\U0001F389"
REACTION = messages.ENTRY_KIND_REACTION


@pytest.fixture
def message(group):
    """What mary said, as entry 1."""
    return group.mary.api.SendMessage(chat_id=group.chat_id, content="hello")


def react(person, message, emoji):
    """ReactToMessage; the reactions that it answers."""
    return counts(person.api.ReactToMessage(message_id=message.message_id, emoji=emoji))


def counts(message):
    """What a message shows: emoji, how many, whether the caller's."""
    return [(one.emoji, one.count, one.mine) for one in message.reactions]


def shown(person, message):
    """The same in GetMessage, and in the list."""
    (listed,) = [entry for entry in person.api.ListMessages(chat_id=message.chat_id).messages
                 if entry.message_id == message.message_id]
    got = counts(person.api.GetMessage(message_id=message.message_id))
    assert got == counts(listed)
    return got


def who(person, message):
    """ListReactions, by user."""
    found = person.api.ListReactions(message_id=message.message_id).reactions
    assert all(one.HasField("reacted_at") for one in found)
    return {one.user_id: one.emoji for one in found}


def said(device, chat_id):
    """The reactions that a device has: place, emoji, and whether it has a target."""
    return [(entry.seq, entry.content, bool(entry.target_message_id)) for entry in device.entries[chat_id]
            if entry.kind == REACTION]


def test_everybody_sees_who_reacted_and_how(group, message, devices):
    """All devices live, at its place; whoever asks, in counts and by name."""
    olga, adam = devices(group.olga), devices(group.adam)
    assert react(group.olga, message, UP) == [(UP, 1, True)]
    assert react(group.adam, message, HEART) == [(UP, 1, False), (HEART, 1, True)]
    assert react(group.mary, message, HEART) == [(HEART, 2, True), (UP, 1, False)]
    assert group.say(group.mary, "next") == 5
    for device in (olga, adam):
        wait_for(device, group.chat_id, 5)
        assert said(device, group.chat_id) == [(2, UP, True), (3, HEART, True), (4, HEART, True)]
        assert [entry.sender_id for entry in device.entries[group.chat_id][1:4]] == [
            person.user_id for person in (group.olga, group.adam, group.mary)]
        assert {entry.target_message_id for entry in device.entries[group.chat_id][1:4]} == {message.message_id}
    assert shown(group.olga, message) == [(HEART, 2, False), (UP, 1, True)]
    assert who(group.olga, message) == {group.olga.user_id: UP, group.adam.user_id: HEART, group.mary.user_id: HEART}
    listed = group.olga.api.ListMessages(chat_id=group.chat_id).messages
    assert [(entry.seq, len(entry.reactions)) for entry in listed] == [(5, 0), (1, 2)]


def test_a_user_has_one_reaction(group, message, devices):
    """The last one; of what it replaced the place is left, for devices that come later."""
    live = devices(group.mary)
    for emoji in (UP, HEART, HEART, PARTY):
        react(group.olga, message, emoji)
    assert shown(group.olga, message) == [(PARTY, 1, True)]
    assert react(group.olga, message, "") == react(group.olga, message, "") == []
    assert who(group.mary, message) == {}
    assert react(group.olga, message, UP) == [(UP, 1, True)]
    assert group.say(group.mary, "next") == 7
    late = devices(group.adam)
    for device in (live, late):
        wait_for(device, group.chat_id, 7)
        assert seqs(device, group.chat_id) == [1, 2, 3, 4, 5, 6, 7]
    assert said(live, group.chat_id) == [(2, UP, True), (3, HEART, True), (4, PARTY, True), (5, "", True),
                                         (6, UP, True)]
    assert said(late, group.chat_id) == [(2, "", False), (3, "", False), (4, "", False), (5, "", False),
                                         (6, UP, True)]


def test_two_devices_of_a_user_at_once_leave_one_reaction(group, message, devices):
    """That with the highest place."""
    backend = group.world.backend_as(group.olga)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for emoji in (UP, HEART) * 5:
            jobs = [pool.submit(react, group.olga, message, emoji),
                    pool.submit(backend.ReactToMessage, message_id=message.message_id, emoji=PARTY)]
            for job in jobs:
                job.result()
    mary = devices(group.mary)
    last = mary.entries[group.chat_id][-1]
    assert said(mary, group.chat_id)[-1] == (last.seq, last.content, True)
    assert not any(has_target for _, _, has_target in said(mary, group.chat_id)[:-1])
    assert shown(group.olga, message) == [(last.content, 1, True)]
    assert who(group.mary, message) == {group.olga.user_id: last.content}


def test_reactions_are_not_unread(group, message):
    """Nor are they messages of a list."""
    assert group.adam.api.GetChat(chat_id=group.chat_id).unread_count == 1
    react(group.olga, message, UP)
    chat = group.adam.api.GetChat(chat_id=group.chat_id)
    assert (chat.unread_count, chat.last_seq) == (1, 2)


def test_a_resend_of_the_message_is_recognised(group, message):
    """Reactions do not make it another one."""
    react(group.olga, message, UP)
    again = group.mary.api.SendMessage(chat_id=group.chat_id, content="hello", message_id=message.message_id)
    assert (again.seq, list(again.flags)) == (1, [messages.MESSAGE_FLAG_COUNTABLE])


def test_members_react_where_only_admins_send(world):
    """To what admins announce."""
    group = Group(world, settings=chats.ChatSettings(who_may_send=chats.ROLE_ADMIN))
    sent = group.olga.api.SendMessage(chat_id=group.chat_id, content="news")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.say(group.mary, "me too")
    assert react(group.mary, sent, UP) == [(UP, 1, True)]
    group.close()


def test_neither_reacts_while_one_blocks(group):
    """Nor takes a reaction back; what was there stays."""
    sent = group.olga.api.SendMessage(recipient_id=group.mary.user_id, content="hello")
    react(group.mary, sent, UP)
    group.mary.api.BlockUser(user_id=group.mary.user_id, blocked_user_id=group.olga.user_id)
    for person, reason in ((group.mary, "RECIPIENT_BLOCKED"), (group.olga, "RECIPIENT_UNAVAILABLE")):
        for emoji in (HEART, ""):
            with refused("PERMISSION_DENIED", reason):
                react(person, sent, emoji)
    assert shown(group.olga, sent) == [(UP, 1, False)]
    group.mary.api.UnblockUser(user_id=group.mary.user_id, blocked_user_id=group.olga.user_id)
    assert react(group.olga, sent, UP) == [(UP, 2, True)]


def test_deletion_takes_reactions_along(group, message, devices, postgres):
    """Nothing of them is left, and none comes after it."""
    react(group.olga, message, UP)
    react(group.adam, message, HEART)
    group.mary.api.DeleteMessage(message_id=message.message_id)
    assert shown(group.adam, message) == []
    assert who(group.adam, message) == {}
    for emoji in (PARTY, ""):
        with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION") as caught:
            react(group.adam, message, emoji)
        assert "deleted" in caught.value.sentence
    left = postgres.query(f"select count(*) from messages where chat_id = '{group.chat_id}' and content is not null")
    assert left == ["0"]
    late = devices(group.adam)
    wait_for(late, group.chat_id, 4)
    assert [(entry.seq, entry.content, entry.HasField("deleted_at")) for entry in late.entries[group.chat_id]] == [
        (1, "", True), (2, "", True), (3, "", True), (4, "", False)]


def test_reactions_expire_with_their_message(group, devices, postgres):
    """And nobody reacts to what is over."""
    let_last(group.adam.api, group.chat_id, HOUR_S)
    sent = group.mary.api.SendMessage(chat_id=group.chat_id, content="for an hour")
    react(group.olga, sent, UP)
    olga = devices(group.olga)
    wait_for(olga, group.chat_id, 3)
    assert olga.entries[group.chat_id][2].expires_at == sent.expires_at
    let_expire(postgres, group.chat_id)
    assert shown(group.mary, sent) == []
    assert who(group.mary, sent) == {}
    for emoji in (HEART, ""):
        with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION") as caught:
            react(group.mary, sent, emoji)
        assert "expired" in caught.value.sentence
    late = devices(group.adam)
    wait_for(late, group.chat_id, 3)
    assert (late.entries[group.chat_id][2].content, late.entries[group.chat_id][2].kind) == ("", REACTION)


def test_who_left_does_not_see_later_reactions(group, message):
    """Nor reacts; who joins sees what the group lets them."""
    react(group.olga, message, UP)
    group.adam.api.LeaveChat(chat_id=group.chat_id)
    react(group.mary, message, HEART)
    assert counts(group.adam.api.GetMessage(message_id=message.message_id)) == [(UP, 1, False)]
    assert who(group.adam, message) == {group.olga.user_id: UP}
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        react(group.adam, message, UP)
    group.update(group.olga.api, add=[named(group.sam)])
    for call in (lambda: react(group.sam, message, UP), lambda: who(group.sam, message)):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            call()


def test_history_for_new_members_shows_reactions(world):
    """Also to who was away in between, once each."""
    group = Group(world, settings=chats.ChatSettings(history_for_new=chats.HISTORY_FOR_NEW_ALL))
    sent = group.mary.api.SendMessage(chat_id=group.chat_id, content="hello")
    react(group.olga, sent, UP)
    group.adam.api.LeaveChat(chat_id=group.chat_id)
    react(group.mary, sent, UP)
    group.update(group.olga.api, add=[named(group.adam), named(group.sam)])
    for person in (group.adam, group.sam):
        assert shown(person, sent) == [(UP, 2, False)]
        assert who(person, sent) == {group.olga.user_id: UP, group.mary.user_id: UP}
    group.close()


def test_hidden_messages_hide_their_reactions(group, message, devices):
    """From the one who hid the message."""
    react(group.olga, message, UP)
    group.adam.api.HideMessage(message_id=message.message_id)
    for call in (lambda: react(group.adam, message, UP), lambda: who(group.adam, message)):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            call()
    adam = devices(group.adam)
    wait_for(adam, group.chat_id, 2)
    assert (adam.entries[group.chat_id][1].hidden, adam.entries[group.chat_id][1].content) == (True, "")
    assert shown(group.olga, message) == [(UP, 1, True)]


def test_the_list_comes_in_pages(group, message):
    """In the order of user_id, each user once."""
    for person, emoji in ((group.olga, UP), (group.adam, HEART), (group.mary, UP)):
        react(person, message, emoji)
    first = group.olga.api.ListReactions(message_id=message.message_id, page_size=2)
    last = group.olga.api.ListReactions(message_id=message.message_id, page_size=2, page_token=first.next_page_token)
    assert (len(first.reactions), last.next_page_token) == (2, "")
    found = [one.user_id for one in (*first.reactions, *last.reactions)]
    assert found == sorted(person.user_id for person in (group.olga, group.adam, group.mary))
    other = group.mary.api.SendMessage(chat_id=group.chat_id, content="other")
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        group.olga.api.ListReactions(message_id=other.message_id, page_token=first.next_page_token)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        group.olga.api.ListReactions(message_id=message.message_id, page_size=101)


def test_a_message_has_room_for_twenty_emojis(world):
    """Who has one of them may change to another, everybody may join in."""
    people = [Person(world.backend, f"person{i}") for i in range(22)]
    chat = people[0].api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[named(one) for one in people[1:]])
    sent = people[0].api.SendMessage(chat_id=chat.chat_id, content="hello")
    for i in range(20):
        react(people[i], sent, f":{i:02}:")
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION") as caught:
        react(people[20], sent, ":20:")
    assert "20" in caught.value.sentence
    assert react(people[20], sent, ":19:")[0] == (":19:", 2, True)
    assert (":20:", 1, True) in react(people[0], sent, ":20:")
    assert len(shown(people[21], sent)) == 20
    for person in people:
        person.api.close()


def test_bad_requests(group, message, devices):
    """Each has its reason; nothing is stored."""
    for emoji in (" ", "a b", "\n", "\u200d", "x" * 65):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT") as caught:
            react(group.mary, message, emoji)
        assert caught.value.metadata["field"] == "emoji"
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.mary.api.ReactToMessage(message_id="x", emoji=UP)
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.mary.api.ListReactions(message_id="x")
    for person, message_id in ((group.sam, message.message_id), (group.mary, uuid7())):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            person.api.ReactToMessage(message_id=message_id, emoji=UP)
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            person.api.ListReactions(message_id=message_id)
    react(group.mary, message, UP)
    group.olga.api.UpdateChat(chat_id=group.chat_id, name="new",
                              update_mask=field_mask_pb2.FieldMask(paths=["name"]))
    olga = devices(group.olga)
    wait_for(olga, group.chat_id, 3)
    for entry in olga.entries[group.chat_id][1:]:
        with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
            react(group.mary, entry, UP)
    assert group.say(group.mary, "next") == 4
