# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Users who block others: what is refused in their individual chat, what is told, and what stays as it was."""
import concurrent.futures
import types

import pytest
from api_client import Person
from groups import devices, named  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import Refusal, refused
from test_self_chat import self_chat_id
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")


def block(person, other):
    """BlockUser."""
    return person.api.BlockUser(user_id=person.user_id, blocked_user_id=other.user_id)


def unblock(person, other):
    """UnblockUser."""
    return person.api.UnblockUser(user_id=person.user_id, blocked_user_id=other.user_id)


def say(person, other, text="hello"):
    """A message."""
    return person.api.SendMessage(recipient_id=other.user_id, content=text)


def test_neither_sends_while_one_blocks(world):
    """By chat, by recipient, in batches; who is blocked is told no more than that it is not taken."""
    alice, bob = world.alice, world.bob
    first = say(alice, bob)
    block(bob, alice)
    for where in ({"chat_id": first.chat_id}, {"recipient_id": bob.user_id}):
        with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE") as caught:
            alice.api.SendMessage(content="again", **where)
        assert "block" not in caught.value.sentence
        (result,) = alice.api.SendMessages(messages=[{"content": "again", **where}]).results
        assert result.error.reason == "RECIPIENT_UNAVAILABLE"
    with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE"):
        alice.api.EditMessage(message_id=first.message_id, content="again")
    with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE"):
        alice.api.UpdateChat(chat_id=first.chat_id, settings={"message_ttl": 3600},
                             update_mask={"paths": ["settings.message_ttl"]})
    with refused("PERMISSION_DENIED", "RECIPIENT_BLOCKED"):
        say(bob, alice)
    with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE"):
        world.backend_as(alice).SendMessage(recipient_id=bob.user_id, content="again")
    for person in (alice, bob):
        assert [entry.content for entry in person.api.ListMessages(chat_id=first.chat_id).messages] == ["hello"]
    assert alice.api.DeleteMessage(message_id=first.message_id).seq == 2
    unblock(bob, alice)
    assert (say(alice, bob).seq, say(bob, alice).seq) == (3, 4)


def test_who_blocks_back_is_told_of_the_own_block(world):
    """And is blocked still when it ends."""
    alice, bob = world.alice, world.bob
    say(alice, bob)
    block(bob, alice)
    block(alice, bob)
    for person, other in ((alice, bob), (bob, alice)):
        with refused("PERMISSION_DENIED", "RECIPIENT_BLOCKED"):
            say(person, other)
    unblock(alice, bob)
    with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE"):
        say(alice, bob)
    unblock(bob, alice)
    assert say(alice, bob).seq == 2


def test_no_chat_is_made_for_who_is_blocked(world, postgres):
    """Nor for who blocks; nothing of it is stored."""
    alice, bob = world.alice, world.bob
    block(bob, alice)
    for person, other, reason in ((alice, bob, "RECIPIENT_UNAVAILABLE"), (bob, alice, "RECIPIENT_BLOCKED")):
        with refused("PERMISSION_DENIED", reason):
            say(person, other)
        with refused("PERMISSION_DENIED", reason):
            person.api.CreateChat(chat_type=chats.CHAT_TYPE_INDIVIDUAL, participants=[named(other)])
        assert not person.api.ListChats().chats
    assert postgres.query(f"select count(*) from chats where app_id = '{world.app_id}' and chat_type = 1") == ["0"]
    unblock(bob, alice)
    assert say(alice, bob).seq == 1


def test_a_chat_that_is_there_is_found(world):
    """CreateChat of who is blocked answers as always."""
    chat_id = say(world.alice, world.bob).chat_id
    block(world.bob, world.alice)
    created = world.alice.api.CreateChat(chat_type=chats.CHAT_TYPE_INDIVIDUAL, participants=[named(world.bob)])
    assert created.chat_id == chat_id


def test_a_message_that_was_stored_is_answered_again(world):
    """Sent again after the block it is the one that was stored before."""
    message_id = uuid7()
    first = world.alice.api.SendMessage(recipient_id=world.bob.user_id, message_id=message_id, content="hello")
    block(world.bob, world.alice)
    again = world.alice.api.SendMessage(recipient_id=world.bob.user_id, message_id=message_id, content="hello")
    assert again.seq == first.seq == 1


def test_groups_are_as_before(world):
    """Both are in one, and hear each other."""
    group_id = world.alice.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[named(world.bob)]).chat_id
    block(world.bob, world.alice)
    sent = world.alice.api.SendMessage(chat_id=group_id, content="to all")
    assert world.bob.api.SendMessage(chat_id=group_id, content="answer").seq == sent.seq + 1
    world.bob.api.MarkRead(message_id=sent.message_id)
    assert world.alice.api.GetMessage(message_id=sent.message_id).status == messages.MESSAGE_STATUS_READ


def another_device(world, person):
    """One that begins now."""
    names = {"user_id": person.user_id,
             "device_id": world.backend.CreateDevice(user_id=person.user_id, name="tablet").device_id}
    return types.SimpleNamespace(token=world.backend.CreateToken(**names).token)


def test_who_is_blocked_is_not_told_how_far_the_other_is(world, devices):
    """Neither live nor at hello nor by calls, until the block ends; nothing that was told is taken back."""
    alice, bob = world.alice, world.bob
    first, second = say(alice, bob, "first"), say(alice, bob, "second")
    bob.api.MarkRead(message_id=first.message_id)
    phone = devices(alice)
    phone.wait_for(lambda device: device.receipts and device.receipts[-1].read_seq == 1)
    block(bob, alice)
    assert bob.api.MarkRead(message_id=second.message_id).last_read_seq == 2
    shown = [alice.api.GetMessage(message_id=message.message_id) for message in (first, second)]
    assert [message.status for message in shown] == [messages.MESSAGE_STATUS_READ, messages.MESSAGE_STATUS_SENT]
    (receipt,) = alice.api.ListReceipts(message_id=second.message_id).receipts
    assert (receipt.status, receipt.HasField("delivered_at"), receipt.HasField("read_at")) == (
        messages.MESSAGE_STATUS_SENT, False, False)
    others = {one.user_id: one for one in alice.api.GetChat(chat_id=first.chat_id).participants}
    assert (others[bob.user_id].last_delivered_seq, others[bob.user_id].last_read_seq) == (1, 1)
    own = {one.user_id: one for one in bob.api.ListParticipants(chat_id=first.chat_id).participants}
    assert own[bob.user_id].last_read_seq == 2
    tablet = devices(another_device(world, alice))
    tablet.wait_for(lambda device: device.receipts)
    assert {receipt.read_seq for receipt in tablet.receipts} == {1}
    unblock(bob, alice)
    third = say(alice, bob, "third")
    bob.api.MarkRead(message_id=third.message_id)
    phone.wait_for(lambda device: device.receipts[-1].read_seq == 3)
    assert {receipt.read_seq for receipt in phone.receipts} == {1, 3}
    assert alice.api.GetMessage(message_id=second.message_id).status == messages.MESSAGE_STATUS_READ


def said(entry):
    """Of whom an account entry tells, and what."""
    return ("blocked", entry.event.user_blocked) if entry.event.user_blocked else (
        "unblocked", entry.event.user_unblocked)


def test_the_users_own_devices_are_told(world, devices):
    """Each block and its end once, however often they are asked for; who is blocked is not told."""
    alice, bob = world.alice, world.bob
    tablet, others = devices(bob), devices(alice)
    first = block(bob, alice)
    assert block(bob, alice) == first
    for _ in range(2):
        unblock(bob, alice)
    assert block(bob, alice).created_at.ToMicroseconds() > first.created_at.ToMicroseconds()
    chat_id = self_chat_id(world.app_id, bob.user_id)
    tablet.wait_for(lambda device: len(device.entries[chat_id]) == 3)
    assert sorted(map(said, tablet.entries[chat_id])) == [("blocked", alice.user_id), ("blocked", alice.user_id),
                                                          ("unblocked", alice.user_id)]
    world.backend.UpdateUser(user_id=alice.user_id, about="last")
    own_id = self_chat_id(world.app_id, alice.user_id)
    others.wait_for(lambda device: device.entries[own_id])
    assert [list(entry.event.user_updated.fields) for entry in others.entries[own_id]] == [["about"]]


def test_blocks_are_listed_in_pages(world):
    """By the user's id; the app's backend sees them, too."""
    blocked = sorted(world.backend.CreateUser(username=f"user{number}").user_id for number in range(5))
    for user_id in blocked:
        world.backend.BlockUser(user_id=world.bob.user_id, blocked_user_id=user_id)
    listed, page_token = [], ""
    while not listed or page_token:
        page = world.bob.api.ListBlockedUsers(user_id=world.bob.user_id, page_size=2, page_token=page_token)
        listed, page_token = listed + [one.blocked_user_id for one in page.blocks], page.next_page_token
    assert listed == blocked
    page = world.bob.api.ListBlockedUsers(user_id=world.bob.user_id, page_size=2)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.alice.api.ListBlockedUsers(user_id=world.alice.user_id, page_token=page.next_page_token)
    assert not world.alice.api.ListBlockedUsers(user_id=world.alice.user_id).blocks


def test_bad_input_is_refused(world):
    """With what is wrong; nothing is stored."""
    bob = world.bob
    for fields, code, reason in (
            ({"blocked_user_id": bob.user_id}, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
            ({"blocked_user_id": "alice"}, "INVALID_ARGUMENT", "INVALID_ID"),
            ({"blocked_user_id": uuid7()}, "NOT_FOUND", "USER_NOT_FOUND"),
            ({"user_id": world.alice.user_id, "blocked_user_id": bob.user_id}, "PERMISSION_DENIED",
             "PERMISSION_DENIED")):
        with refused(code, reason):
            bob.api.BlockUser(**{"user_id": bob.user_id, **fields})
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        world.backend.BlockUser(user_id=uuid7(), blocked_user_id=bob.user_id)
    assert not bob.api.ListBlockedUsers(user_id=bob.user_id).blocks


def test_a_user_blocks_so_many_at_most(world, postgres):
    """One more is refused until another is unblocked; those that are there are blocked again."""
    bob, alice = world.bob, world.alice
    carol = Person(world.backend, "carol")
    block(bob, carol)
    postgres.query("insert into blocks (user_id, blocked_user_id) select "
                   f"'{bob.user_id}', gen_random_uuid() from generate_series(1, 9999)")
    with refused("FAILED_PRECONDITION", "LIMIT_REACHED"):
        block(bob, alice)
    say(alice, bob)
    block(bob, carol)
    unblock(bob, carol)
    block(bob, alice)
    with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE"):
        say(alice, bob)
    carol.api.close()


def test_whom_a_deleted_user_blocked_is_forgotten(world, postgres):
    erin = world.backend.CreateUser(username="erin").user_id
    for blocked in (world.alice, world.bob):
        world.backend.BlockUser(user_id=erin, blocked_user_id=blocked.user_id)
    count = f"select count(*) from blocks where user_id = '{erin}'"
    assert postgres.query(count) == ["2"]
    world.backend.DeleteUser(user_id=erin)
    assert postgres.query(count) == ["0"]


def test_a_first_message_and_a_block_at_once(world, postgres):
    """Whichever comes first, once both are answered the chat is as the list says."""
    def try_say(sender):
        try:
            say(sender, world.bob)
        except Refusal as refusal:
            assert refusal.reason == "RECIPIENT_UNAVAILABLE"

    senders = [Person(world.backend, f"sender{number}") for number in range(8)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(job, *arguments) for sender in senders
                for job, arguments in ((try_say, (sender,)), (block, (world.bob, sender)))]
        for job in jobs:
            job.result()
    for sender in senders:
        with refused("PERMISSION_DENIED", "RECIPIENT_UNAVAILABLE"):
            say(sender, world.bob)
        sender.api.close()
    wrong = postgres.query(
        f"select chat_id from chats where app_id = '{world.app_id}' and chat_type = 1 and blocked_by <> "
        f"case when user_low = '{world.bob.user_id}' then 1 else 2 end")
    assert not wrong
