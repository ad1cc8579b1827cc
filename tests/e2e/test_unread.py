# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What is unread, per chat and in all, and the flags that senders give their messages."""
import pytest
from groups import Group, devices, group, named, wait_for  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import refused
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")

COUNTABLE, URGENT, EPHEMERAL = (messages.MESSAGE_FLAG_COUNTABLE, messages.MESSAGE_FLAG_URGENT,
                                messages.MESSAGE_FLAG_EPHEMERAL)


def unread(person, chat_id):
    """As every method tells it; they agree."""
    shown = person.api.GetChat(chat_id=chat_id).unread_count
    (listed,) = [chat.unread_count for chat in person.api.ListChats().chats if chat.chat_id == chat_id]
    page = person.api.ListHeads(count_unread=True)
    (counted,) = [head.unread_count for head in page.heads if head.chat_id == chat_id]
    assert shown == listed == counted
    assert page.unread_count == sum(head.unread_count for head in page.heads)
    assert not any(head.unread_count for head in person.api.ListHeads().heads)
    return shown


def test_messages_of_others_are_counted_until_they_are_read(group):
    """Own ones are not, and sending reads nothing; edits, deletions and changes of the group do not count."""
    sent = [group.olga.api.SendMessage(chat_id=group.chat_id, content=str(number)) for number in range(4)]
    group.say(group.mary, "mine")
    assert [unread(person, group.chat_id) for person in (group.olga, group.adam, group.mary)] == [1, 5, 4]
    group.olga.api.EditMessage(message_id=sent[1].message_id, content="anew")
    group.update(group.olga.api, add=[named(group.sam)])
    group.olga.api.DeleteMessage(message_id=sent[3].message_id)
    assert unread(group.mary, group.chat_id) == 3
    group.mary.api.MarkRead(message_id=sent[1].message_id)
    assert unread(group.mary, group.chat_id) == 1
    group.say(group.mary, "mine again")
    assert unread(group.mary, group.chat_id) == 1
    assert unread(group.adam, group.chat_id) == 5
    group.mary.api.MarkRead(message_id=sent[2].message_id)
    assert unread(group.mary, group.chat_id) == 0


def test_new_members_begin_with_nothing_unread(world):
    """Whatever they may read of the time before."""
    group = Group(world, settings=chats.ChatSettings(history_for_new=chats.HISTORY_FOR_NEW_ALL))
    group.say(group.olga, "before")
    group.update(group.olga.api, add=[named(group.sam)])
    assert unread(group.sam, group.chat_id) == 0
    group.say(group.olga, "after")
    assert unread(group.sam, group.chat_id) == 1
    group.sam.api.LeaveChat(chat_id=group.chat_id)
    group.say(group.olga, "between")
    assert group.world.backend_as(group.sam).ListHeads(count_unread=True).unread_count == 0
    group.update(group.olga.api, add=[named(group.sam)])
    assert unread(group.sam, group.chat_id) == 0
    group.close()


def test_the_total_is_over_all_chats(group):
    """Individual ones, too."""
    group.say(group.olga, "one")
    group.adam.api.SendMessage(recipient_id=group.mary.user_id, content="two")
    group.adam.api.SendMessage(recipient_id=group.mary.user_id, content="three")
    assert group.mary.api.ListHeads(count_unread=True).unread_count == 3


def test_counting_ends_at_a_thousand(group):
    """Which stands for that many or more."""
    for _ in range(10):
        group.olga.api.SendMessages(messages=[messages.SendMessageRequest(chat_id=group.chat_id, content="x")] * 100)
    assert unread(group.mary, group.chat_id) == 1000
    group.say(group.olga, "one more")
    assert unread(group.mary, group.chat_id) == 1000
    assert unread(group.olga, group.chat_id) == 0


def test_flags_are_the_senders(group, devices):
    """They go with the message everywhere, and only what is countable counts."""
    mary = devices(group.mary)
    cases = {(): [COUNTABLE], (COUNTABLE, URGENT): [COUNTABLE, URGENT], (URGENT,): [URGENT], (EPHEMERAL,): [EPHEMERAL],
             (EPHEMERAL, URGENT): [URGENT, EPHEMERAL]}
    for flags, told in cases.items():
        sent = group.olga.api.SendMessage(chat_id=group.chat_id, content="x", flags=flags)
        assert list(sent.flags) == told
        assert list(group.mary.api.GetMessage(message_id=sent.message_id).flags) == told
    assert [list(one.flags) for one in group.mary.api.ListMessages(chat_id=group.chat_id).messages] == list(
        cases.values())[::-1]
    wait_for(mary, group.chat_id, len(cases))
    assert [list(entry.flags) for entry in mary.entries[group.chat_id]] == list(cases.values())
    assert unread(group.mary, group.chat_id) == 2


def test_flags_that_make_no_sense(group):
    """Are refused; and another flag makes another message."""
    for flags in ([COUNTABLE, EPHEMERAL], [0], [4]):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            group.olga.api.SendMessage(chat_id=group.chat_id, content="x", flags=flags)
    message = {"chat_id": group.chat_id, "message_id": uuid7(), "content": "x"}
    group.olga.api.SendMessage(**message)
    group.olga.api.SendMessage(**message, flags=[COUNTABLE])
    with refused("ALREADY_EXISTS", "MESSAGE_ID_REUSED"):
        group.olga.api.SendMessage(**message, flags=[URGENT])
