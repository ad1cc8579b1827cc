# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Messages that are edited and deleted: entries of their own for devices, and what they are about shows it."""
import concurrent.futures

import pytest
from groups import Group, devices, group, named, seqs, wait_for  # noqa: F401 pylint: disable=unused-import
from parley_pb import message_service_pb2 as messages
from refusals import Refusal, refused
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")


@pytest.fixture
def message(group):
    """What mary said, as entry 1."""
    return group.mary.api.SendMessage(chat_id=group.chat_id, content="helo", metadata={"key": "value"})


def edit(person, message, content="hello"):
    """EditMessage."""
    return person.api.EditMessage(message_id=message.message_id, content=content)


def listed(person, chat_id):
    """What ListMessages shows, oldest first."""
    return list(reversed(person.api.ListMessages(chat_id=chat_id).messages))


def test_edit_is_seen_by_all(group, message, devices):
    """Live, by who comes later, and in lists."""
    olga, mary = devices(group.olga), devices(group.mary)
    edited = edit(group.mary, message)
    assert (edited.content, edited.seq, edited.message_id) == ("hello", 1, message.message_id)
    assert edited.HasField("edited_at") and dict(edited.metadata) == {"key": "value"}
    for device in (olga, mary, devices(group.adam)):
        wait_for(device, group.chat_id, 2)
        original, entry = device.entries[group.chat_id]
        assert (original.content, original.HasField("edited_at")) == ("" if device is mary else "helo", False)
        assert (entry.kind, entry.target_message_id, entry.content) == (messages.ENTRY_KIND_EDIT, message.message_id,
                                                                        "hello")
    (shown,) = listed(group.adam, group.chat_id)
    assert (shown.content, shown.edited_at) == ("hello", edited.edited_at)
    edit(group.mary, message, "hello!")
    assert group.adam.api.GetMessage(message_id=message.message_id).content == "hello!"


def test_deletion_is_seen_by_all(group, message, devices):
    """Of the body and of its edits nothing is left."""
    olga = devices(group.olga)
    edit(group.mary, message)
    assert group.mary.api.DeleteMessage(message_id=message.message_id).seq == 3
    assert group.mary.api.DeleteMessage(message_id=message.message_id).seq == 0
    wait_for(olga, group.chat_id, 3)
    entry = olga.entries[group.chat_id][2]
    assert (entry.kind, entry.target_message_id) == (messages.ENTRY_KIND_DELETE, message.message_id)
    late = devices(group.adam)
    assert [(entry.seq, entry.HasField("deleted_at"), entry.content) for entry in late.entries[group.chat_id]] == [
        (1, True, ""), (2, True, ""), (3, False, "")]
    (shown,) = listed(group.adam, group.chat_id)
    assert shown.HasField("deleted_at") and not shown.content and not shown.metadata
    assert shown.WhichOneof("body") is None
    assert group.say(group.mary, "next") == 4


def test_nothing_is_left_in_the_database(group, message, postgres):
    """Nor of earlier edits."""
    edit(group.mary, message, "first edit")
    edit(group.mary, message, "second edit")
    group.mary.api.DeleteMessage(message_id=message.message_id)
    left = postgres.query(f"select count(*) from messages where chat_id = '{group.chat_id}' and content is not null")
    assert left == ["0"]


def test_deletion_beats_edit(group, message):
    """Whichever comes first, the message ends deleted."""
    def try_edit():
        try:
            edit(group.mary, message, "late")
        except Refusal as error:
            assert error.reason == "FAILED_PRECONDITION"

    with concurrent.futures.ThreadPoolExecutor() as pool:
        for job in [pool.submit(try_edit), pool.submit(group.mary.api.DeleteMessage, message_id=message.message_id)]:
            job.result()
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        edit(group.mary, message)
    shown = group.mary.api.GetMessage(message_id=message.message_id)
    assert shown.HasField("deleted_at") and not shown.content


@pytest.mark.parametrize("actor, may", [("mary", True), ("olga", False), ("adam", False), ("sam", None)])
def test_who_may_edit(group, message, actor, may):
    """Only the sender."""
    if may:
        assert edit(group.people[actor], message).content == "hello"
    else:
        expected = ("NOT_FOUND", "MESSAGE_NOT_FOUND") if may is None else ("PERMISSION_DENIED", "PERMISSION_DENIED")
        with refused(*expected):
            edit(group.people[actor], message)
        assert group.mary.api.GetMessage(message_id=message.message_id).content == "helo"


@pytest.mark.parametrize("actor", ["mary", "olga", "adam", "backend"])
def test_who_may_delete(group, message, actor):
    """The sender, who leads the group, and API keys."""
    api = group.world.backend_as(group.sam) if actor == "backend" else group.people[actor].api
    assert api.DeleteMessage(message_id=message.message_id).seq == 2


def test_who_may_not_delete(group, message):
    """Other members, and strangers."""
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.sam.api.DeleteMessage(message_id=message.message_id)
    of_olga = group.olga.api.SendMessage(chat_id=group.chat_id, content="mine")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.mary.api.DeleteMessage(message_id=of_olga.message_id)


def test_individual_chats_have_no_leaders(group):
    """Each deletes their own."""
    sent = group.olga.api.SendMessage(recipient_id=group.adam.user_id, content="hello")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.adam.api.DeleteMessage(message_id=sent.message_id)
    assert group.olga.api.EditMessage(message_id=sent.message_id, content="bye").content == "bye"
    assert group.olga.api.DeleteMessage(message_id=sent.message_id).seq == 3


def test_who_left_does_not_see_later_edits(group, message):
    """Nor edits and deletes."""
    edit(group.mary, message, "while adam is here")
    group.adam.api.LeaveChat(chat_id=group.chat_id)
    edit(group.mary, message, "when adam is gone")
    assert group.adam.api.GetMessage(message_id=message.message_id).content == "helo"
    group.mary.api.LeaveChat(chat_id=group.chat_id)
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        edit(group.mary, message)
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        group.mary.api.DeleteMessage(message_id=message.message_id)


def test_bad_requests(group, message, devices):
    """Each has its reason."""
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.mary.api.EditMessage(message_id="x", content="y")
    with refused("INVALID_ARGUMENT", "INVALID_CONTENT"):
        group.mary.api.EditMessage(message_id=message.message_id)
    with refused("INVALID_ARGUMENT", "INVALID_CONTENT"):
        group.mary.api.EditMessage(message_id=message.message_id, content="x" * 65537)
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.mary.api.DeleteMessage(message_id="x")
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.world.backend_as(group.mary).DeleteMessage(message_id=uuid7())
    group.update(group.olga.api, add=[named(group.sam)])
    olga = devices(group.olga)
    control = olga.entries[group.chat_id][1].message_id
    for call, fields in ((group.olga.api.EditMessage, {"content": "x"}), (group.olga.api.DeleteMessage, {})):
        with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
            call(message_id=control, **fields)
    assert seqs(olga, group.chat_id) == [1, 2]
