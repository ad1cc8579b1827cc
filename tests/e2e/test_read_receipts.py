# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Users who have read receipts off: who is told what of their reading, and what they are told."""
import concurrent.futures

import pytest
from api_client import Person
from groups import devices, named  # noqa: F401 pylint: disable=unused-import
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import refused
from test_blocks import another_device, block, say, unblock
from test_self_chat import self_chat_id

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")

ON, OFF = chats.READ_RECEIPTS_ON, chats.READ_RECEIPTS_OFF
DELIVERED, READ = messages.MESSAGE_STATUS_DELIVERED, messages.MESSAGE_STATUS_READ


def turn(person, receipts):
    """UpdateUser."""
    return person.api.UpdateUser(user_id=person.user_id, settings={"read_receipts": receipts})


def read(person, message):
    """MarkRead."""
    return person.api.MarkRead(message_id=message.message_id).last_read_seq


def status(person, message):
    """As the person sees it."""
    return person.api.GetMessage(message_id=message.message_id).status


def test_others_are_told_no_more(world, devices):
    """Neither live nor at hello nor by calls; that it is there is told, and nothing that was told is taken back."""
    alice, bob = world.alice, world.bob
    phone = devices(alice)
    first = say(alice, bob, "first")
    read(bob, first)
    phone.wait_for(lambda device: device.receipts and device.receipts[-1].read_seq == 1)
    assert turn(bob, OFF).settings.read_receipts == OFF
    second = say(alice, bob, "second")
    assert read(bob, second) == 2
    phone.wait_for(lambda device: device.receipts[-1].delivered_seq == 2)
    assert {receipt.read_seq for receipt in phone.receipts} == {1}
    assert [status(alice, message) for message in (first, second)] == [READ, DELIVERED]
    (receipt,) = alice.api.ListReceipts(message_id=second.message_id).receipts
    assert (receipt.status, receipt.HasField("delivered_at"), receipt.HasField("read_at")) == (DELIVERED, True, False)
    seen = {one.user_id: one for one in alice.api.GetChat(chat_id=first.chat_id).participants}[bob.user_id]
    assert (seen.last_delivered_seq, seen.last_read_seq) == (2, 1)
    tablet = devices(another_device(world, alice))
    tablet.wait_for(lambda device: device.receipts)
    assert {receipt.read_seq for receipt in tablet.receipts} == {1}


def test_own_devices_know_as_ever(world, devices):
    """What is unread, and that the setting changed."""
    alice, bob = world.alice, world.bob
    tablet = devices(bob)
    turn(bob, OFF)
    chat_id = self_chat_id(world.app_id, bob.user_id)
    tablet.wait_for(lambda device: device.entries[chat_id])
    assert list(tablet.entries[chat_id][0].event.user_updated.fields) == ["settings.read_receipts"]
    message = say(alice, bob)
    assert bob.api.GetChat(chat_id=message.chat_id).unread_count == 1
    read(bob, message)
    assert bob.api.GetChat(chat_id=message.chat_id).unread_count == 0
    seen = {one.user_id: one for one in bob.api.ListParticipants(chat_id=message.chat_id).participants}[bob.user_id]
    assert seen.last_read_seq == 1


def test_who_does_not_tell_is_not_told(world, devices):
    """In an individual chat."""
    alice, bob = world.alice, world.bob
    first = say(bob, alice, "first")
    read(alice, first)
    turn(bob, OFF)
    phone = devices(bob)
    second = say(bob, alice, "second")
    read(alice, second)
    phone.wait_for(lambda device: device.receipts and device.receipts[-1].delivered_seq == 2)
    assert {receipt.read_seq for receipt in phone.receipts} == {1}
    assert [status(bob, message) for message in (first, second)] == [READ, DELIVERED]


@pytest.mark.parametrize("is_created", [True, False])
def test_a_chat_that_is_new_is_no_exception(world, devices, is_created):
    """Neither for who has them off, nor for the other one."""
    alice, bob = world.alice, world.bob
    turn(bob, OFF)
    if is_created:
        alice.api.CreateChat(chat_type=chats.CHAT_TYPE_INDIVIDUAL, participants=[named(bob)])
    phone, tablet = devices(alice), devices(bob)
    theirs, own = say(alice, bob), say(bob, alice)
    for device, person, other, message in ((phone, alice, bob, theirs), (tablet, bob, alice, own)):
        read(other, message)
        assert status(person, message) == DELIVERED
        device.wait_for(lambda device, message=message: device.receipts
                        and device.receipts[-1].delivered_seq >= message.seq)
        assert {receipt.read_seq for receipt in device.receipts} == {0}


def test_in_a_group_only_the_own_reading_is_kept(world, devices):
    """Counts are without it; who does not tell is told of the others."""
    alice, bob = world.alice, world.bob
    carol = Person(world.backend, "carol")
    turn(bob, OFF)
    group_id = alice.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[named(bob), named(carol)]).chat_id
    phone = devices(alice)
    message = alice.api.SendMessage(chat_id=group_id, content="to all")
    for person in (bob, carol):
        read(person, message)
    seen = alice.api.GetMessage(message_id=message.message_id)
    assert (seen.status, seen.delivered_count, seen.read_count) == (DELIVERED, 2, 1)
    shown = {one.user_id: one.status for one in alice.api.ListReceipts(message_id=message.message_id).receipts}
    assert shown == {bob.user_id: DELIVERED, carol.user_id: READ}
    phone.wait_for(lambda device: device.group_receipts and device.group_receipts[-1].delivered_count == 2
                   and device.group_receipts[-1].read_count == 1)
    answer = bob.api.SendMessage(chat_id=group_id, content="answer")
    for person in (alice, carol):
        read(person, answer)
    assert status(bob, answer) == READ
    carol.api.close()


def test_on_again_tells_what_was_read_meanwhile(world, devices):
    """Of a chat of two when both have them on."""
    alice, bob = world.alice, world.bob
    first = say(alice, bob, "first")
    turn(bob, OFF)
    turn(alice, OFF)
    read(bob, first)
    turn(bob, ON)
    second = say(alice, bob, "second")
    read(bob, second)
    assert [status(alice, message) for message in (first, second)] == [DELIVERED, DELIVERED]
    turn(alice, ON)
    assert [status(alice, message) for message in (first, second)] == [READ, READ]
    phone = devices(alice)
    third = say(alice, bob, "third")
    read(bob, third)
    phone.wait_for(lambda device: device.receipts and device.receipts[-1].read_seq == 3)


def test_a_block_and_its_end_change_nothing(world):
    """Of receipts that are off; nor does turning them on tell whom a block keeps away."""
    alice, bob = world.alice, world.bob
    first = say(alice, bob, "first")
    turn(bob, OFF)
    block(bob, alice)
    read(bob, first)
    unblock(bob, alice)
    assert status(alice, first) == DELIVERED
    block(bob, alice)
    turn(bob, ON)
    assert status(alice, first) == DELIVERED
    unblock(bob, alice)
    assert status(alice, first) == READ


def test_both_turn_at_once(world, postgres):
    """Once both are answered, reading is kept where one of the two has receipts off."""
    turners = [Person(world.backend, f"turner{number}") for number in range(8)]
    for person in turners:
        say(person, world.bob)
    for receipts in (OFF, ON):
        turn(world.bob, OFF if receipts == ON else ON)
        with concurrent.futures.ThreadPoolExecutor(9) as pool:
            jobs = [pool.submit(turn, person, OFF) for person in turners[:4]]
            jobs += [pool.submit(turn, person, ON) for person in turners[4:]]
            jobs.append(pool.submit(turn, world.bob, receipts))
            for job in jobs:
                job.result()
        wrong = postgres.query(
            "select w.chat_id, w.user_id from chats c join watermarks w on w.chat_id = c.chat_id where c.chat_type = 1"
            f" and c.app_id = '{world.app_id}' and (w.shown_read_seq is null) = exists (select from users z where"
            " z.user_id in (c.user_low, c.user_high) and not z.read_receipts)")
        assert not wrong
    for person in turners:
        person.api.close()


def test_settings_are_for_their_user(world):
    """And the app's backend; nobody else sees or changes them. What is no setting is refused."""
    alice, bob = world.alice, world.bob
    assert bob.api.GetUser(user_id=bob.user_id).settings.read_receipts == ON
    world.backend.UpdateUser(user_id=bob.user_id, settings={"read_receipts": OFF},
                             update_mask={"paths": ["settings.read_receipts"]})
    for api in (bob.api, world.backend):
        assert api.GetUser(user_id=bob.user_id).settings.read_receipts == OFF
    assert not alice.api.GetUser(user_id=bob.user_id).HasField("settings")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        alice.api.UpdateUser(user_id=bob.user_id, settings={"read_receipts": ON})
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        bob.api.UpdateUser(user_id=bob.user_id, settings={"read_receipts": 3})
    bob.api.UpdateUser(user_id=bob.user_id, about="here")
    assert bob.api.GetUser(user_id=bob.user_id).settings.read_receipts == OFF
    bob.api.UpdateUser(user_id=bob.user_id, update_mask={"paths": ["settings"]})
    assert bob.api.GetUser(user_id=bob.user_id).settings.read_receipts == ON
