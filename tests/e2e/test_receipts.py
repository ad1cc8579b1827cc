# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Who has a message, who has read it, and since when."""
import datetime
import time

import pytest
from api_client import Person, World
from device import Device
from refusals import refused

pytestmark = pytest.mark.transports("grpc", "rest")

SENT, DELIVERED, READ = ("MESSAGE_STATUS_SENT", "MESSAGE_STATUS_DELIVERED", "MESSAGE_STATUS_READ")
CAROLS = 5


class Group:
    """A group of alice, bob and carol0, carol1, ...; alice has sent three messages."""

    def __init__(self, world):
        self.world = world
        self.carols = [Person(world.backend, f"carol{number}") for number in range(CAROLS)]
        self.others = sorted(person.user_id for person in (world.bob, *self.carols))
        self.chat_id = world.alice.api.CreateChat(
            chat_type="CHAT_TYPE_GROUP", name="group",
            participants=[{"user_id": user_id} for user_id in self.others]).chat_id
        self.sent = [world.alice.api.SendMessage(chat_id=self.chat_id, content=f"{number}") for number in range(3)]

    def close(self):
        """Closes every connection."""
        for person in self.carols:
            person.api.close()


@pytest.fixture
def group(world):
    """A fresh one."""
    group = Group(world)
    yield group
    group.close()


def receipts_of(api, message, **fields):
    """All pages: user_id -> receipt."""
    token, receipts = "", []
    while token or not receipts:
        page = api.ListReceipts(message_id=message.message_id, page_token=token, **fields)
        token = page.next_page_token
        receipts += page.receipts
    users = [receipt.user_id for receipt in receipts]
    assert users == sorted(set(users))
    return {receipt.user_id: receipt for receipt in receipts}


def status_of(receipt):
    """Its name."""
    return receipt.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_number[receipt.status].name


def test_nobody_has_it_yet(group):
    """Everybody but the sender is there, without times."""
    receipts = receipts_of(group.world.alice.api, group.sent[0])
    assert sorted(receipts) == group.others
    for receipt in receipts.values():
        assert status_of(receipt) == SENT
        assert not receipt.HasField("delivered_at") and not receipt.HasField("read_at")


def test_who_has_read_it(group):
    """Up to the message that was marked, with the time of the mark; reading is having."""
    world = group.world
    before = datetime.datetime.now(datetime.timezone.utc)
    world.bob.api.MarkRead(message_id=group.sent[1].message_id)
    for message in group.sent[:2]:
        receipts = receipts_of(world.alice.api, message)
        assert [status_of(receipts[user]) for user in group.others if user != world.bob.user_id] == [SENT] * CAROLS
        receipt = receipts[world.bob.user_id]
        assert status_of(receipt) == READ
        assert receipt.delivered_at == receipt.read_at
        age = receipt.read_at.ToDatetime(datetime.timezone.utc) - before
        assert datetime.timedelta() <= age < datetime.timedelta(minutes=1)
    assert status_of(receipts_of(world.alice.api, group.sent[2])[world.bob.user_id]) == SENT


def test_each_message_has_its_own_time(group):
    """Of the first mark that covers it."""
    for message in group.sent:
        group.world.bob.api.MarkRead(message_id=message.message_id)
    times = [receipts_of(group.world.alice.api, message)[group.world.bob.user_id].read_at.ToNanoseconds()
             for message in group.sent]
    assert times == sorted(set(times))


def test_a_device_that_acknowledges_delivers(group):
    """Delivered has a time of its own, before that of reading."""
    world, message = group.world, group.sent[2]
    device = Device(world.server.address, world.bob.token)
    device.wait_for(lambda device: len(device.entries[group.chat_id]) >= message.seq)
    receipt, until = None, time.monotonic() + 60
    while receipt is None or status_of(receipt) == SENT and time.monotonic() < until:
        receipt = receipts_of(world.alice.api, message)[world.bob.user_id]
    device.close()
    assert status_of(receipt) == DELIVERED
    assert receipt.HasField("delivered_at") and not receipt.HasField("read_at")
    world.bob.api.MarkRead(message_id=message.message_id)
    read = receipts_of(world.alice.api, message)[world.bob.user_id]
    assert read.delivered_at == receipt.delivered_at
    assert read.read_at.ToNanoseconds() > read.delivered_at.ToNanoseconds()


def test_times_that_are_no_longer_kept(group, postgres):
    """The status stays; a later move does not stand in for it."""
    world = group.world
    world.bob.api.MarkRead(message_id=group.sent[0].message_id)
    postgres.query(f"delete from receipt_moves where chat_id = '{group.chat_id}'")
    world.bob.api.MarkRead(message_id=group.sent[1].message_id)
    old, new = (receipts_of(world.alice.api, message)[world.bob.user_id] for message in group.sent[:2])
    assert (status_of(old), old.HasField("delivered_at"), old.HasField("read_at")) == (READ, False, False)
    assert (status_of(new), new.HasField("delivered_at"), new.HasField("read_at")) == (READ, True, True)


def test_pages(group):
    """Of any size they give the same."""
    everything = receipts_of(group.world.alice.api, group.sent[0])
    for size in (1, 2, CAROLS, CAROLS + 1, 100):
        assert receipts_of(group.world.alice.api, group.sent[0], page_size=size) == everything


def test_members_of_that_time(group):
    """Who left before is not there, and may not ask; who left after is, and may."""
    world, (leaver, stayer) = group.world, group.carols[:2]
    leaver.api.LeaveChat(chat_id=group.chat_id)
    later = world.alice.api.SendMessage(chat_id=group.chat_id, content="later")
    assert leaver.user_id in receipts_of(world.alice.api, group.sent[0])
    assert leaver.user_id not in receipts_of(world.alice.api, later)
    assert sorted(receipts_of(stayer.api, group.sent[0])) == group.others
    assert sorted(receipts_of(leaver.api, group.sent[0])) == group.others
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        leaver.api.ListReceipts(message_id=later.message_id)


def test_strangers(group, server):
    """A user of the same app, one of another app, and anybody for what is not there, get the same answer."""
    other, dave = World(server), Person(group.world.backend, "dave")
    acting = server.api(x_api_key=other.api_key, parley_user=other.alice.user_id)
    for api in (dave.api, other.alice.api, acting):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
            api.ListReceipts(message_id=group.sent[0].message_id)
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.world.alice.api.ListReceipts(message_id=dave.user_id)
    for api in (acting, dave.api):
        api.close()
    other.close()


def test_the_same_id_in_another_app(group, server):
    """Who sends a message with the id of a foreign one gets the receipts of the own one."""
    other = World(server)
    own = other.alice.api.SendMessage(recipient_id=other.bob.user_id, content="x",
                                      message_id=group.sent[0].message_id)
    group.world.bob.api.MarkRead(message_id=group.sent[0].message_id)
    receipts = receipts_of(other.alice.api, own)
    assert list(receipts) == [other.bob.user_id]
    assert status_of(receipts[other.bob.user_id]) == SENT
    assert sorted(receipts_of(group.world.alice.api, group.sent[0])) == group.others
    other.close()


def test_the_same_id_in_a_chat_that_was_left(group):
    """Who was no member any more when it was sent gets the receipts of the own message with that id."""
    world, leaver = group.world, group.carols[0]
    leaver.api.LeaveChat(chat_id=group.chat_id)
    later = world.alice.api.SendMessage(chat_id=group.chat_id, content="later")
    leaver.api.SendMessage(recipient_id=world.bob.user_id, content="x", message_id=later.message_id)
    assert list(receipts_of(leaver.api, later)) == [world.bob.user_id]


@pytest.mark.transports("grpc")
def test_no_id(group):
    """It leaves a hole in a path."""
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.world.alice.api.ListReceipts(message_id="")


def test_bad_input(group):
    """Ids, sizes and tokens."""
    api, (first, second, _) = group.world.alice.api, group.sent
    for message_id in ("x", "x" * 36):
        with refused("INVALID_ARGUMENT", "INVALID_ID"):
            api.ListReceipts(message_id=message_id)
    for page_size in (-1, 101, 2**31 - 1):
        with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
            api.ListReceipts(message_id=first.message_id, page_size=page_size)
    token = api.ListReceipts(message_id=second.message_id, page_size=1).next_page_token
    for foreign in ("x", "A" * 54, token):
        with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
            api.ListReceipts(message_id=first.message_id, page_token=foreign)


def read_by_all(receipts):
    """Those that say so."""
    return [receipt for receipt in receipts if receipt.recipient_count == receipt.read_count == CAROLS + 1]


@pytest.mark.transports("grpc")
def test_sender_in_a_group_is_told_counts(group):
    """Pushed to the sender's devices, and to nobody else; what is told agrees with what is asked."""
    world = group.world
    alice, bob = (Device(world.server.address, person.token) for person in (world.alice, world.bob))
    alice.wait_for(lambda device: device.caught_up)
    bob.wait_for(lambda device: len(device.entries[group.chat_id]) >= group.sent[2].seq)
    for person in (world.bob, *group.carols):
        person.api.MarkRead(message_id=group.sent[1].message_id)
    alice.wait_for(lambda device: read_by_all(device.group_receipts))
    told = read_by_all(alice.group_receipts)[-1]
    assert told.last_seq == group.sent[1].seq
    assert told.status == told.DESCRIPTOR.fields_by_name["status"].enum_type.values_by_name[READ].number
    asked = world.alice.api.GetMessage(message_id=group.sent[1].message_id)
    assert (asked.recipient_count, asked.delivered_count, asked.read_count) == (CAROLS + 1,) * 3
    for device in (alice, bob):
        assert not [receipt for receipt in device.receipts if receipt.chat_id == group.chat_id]
    assert not bob.group_receipts
    for device in (alice, bob):
        device.close()
