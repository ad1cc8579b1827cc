# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Who writes a message at the moment: told by one stream, and to others."""
import contextlib
import threading
import time

from groups import devices, group  # noqa: F401 pylint: disable=unused-import
from parley_pb import message_service_pb2 as messages
from parley_pb import stream_service_pb2 as pb
from programs import tail
from prometheus_text import await_metrics, metrics_of
from test_blocks import another_device, block, say
from uuid7 import uuid7
from websocket_device import RawDevice

# pylint: disable=redefined-outer-name


def types(device, chat_id, is_typing=True):
    """Says that its user writes."""
    device.say(typings=[pb.SetTyping(chat_id=chat_id, is_typing=is_typing)])


@contextlib.contextmanager
def pressing_keys(press):
    """Presses a key again and again while the block runs: the server passes on one every three seconds, once somebody
    is there to hear it, and on a busy machine it may be over before it can be told."""
    done = threading.Event()

    def press_all():
        while not done.is_set():
            press()
            done.wait(0.2)

    fingers = threading.Thread(target=press_all, daemon=True)
    fingers.start()
    try:
        yield
    finally:
        done.set()
        fingers.join()


def heard(device):
    """{(where, who): whether they still write} of all that it was ever told of."""
    return {(typing.chat_id, typing.user_id): typing.expires_after_ms > 0 for typing in device.typings}


def write_until_heard(writer, person, chat_id, *readers):
    """The person's device says it until each reader was told, and then that it is over, which each is told."""
    with pressing_keys(lambda: types(writer, chat_id)):
        for reader in readers:
            reader.wait_for(lambda device: (chat_id, person.user_id) in heard(device))
    types(writer, chat_id, False)
    for reader in readers:
        reader.wait_for(lambda device: not heard(device)[chat_id, person.user_id])


def write_to_nobody(server, writers, chat_id):
    """Each of these devices says it, and the server has dropped it."""
    def dropped(metrics):
        return metrics.value("parley_typings_dropped_total")

    before = dropped(metrics_of(server))
    for writer in writers:
        types(writer, chat_id)
    await_metrics(server, lambda metrics: dropped(metrics) >= before + len(writers))


def test_the_other_one_is_told(world, devices):
    """And that it is over; neither the writer's own devices nor who was not meant."""
    alice, bob = world.alice, world.bob
    chat_id = say(alice, bob).chat_id
    phone, tablet, others = devices(alice), devices(another_device(world, alice)), devices(bob)
    write_until_heard(phone, alice, chat_id, others)
    assert 0 < others.typings[0].expires_after_ms <= 6000
    write_until_heard(others, bob, chat_id, phone, tablet)
    for device in (phone, tablet):
        assert set(heard(device)) == {(chat_id, bob.user_id)}


def test_a_flood_is_one(world, devices):
    """What comes sooner than every three seconds is dropped, and what else the stream says is not held up."""
    alice, bob = world.alice, world.bob
    chat_id = say(alice, bob).chat_id
    phone, others = devices(alice), devices(bob)
    began = time.monotonic()
    with pressing_keys(lambda: phone.say(typings=[pb.SetTyping(chat_id=chat_id, is_typing=True)] * 1000)):
        others.wait_for(lambda device: device.typings)
        phone.send(messages.SendMessageRequest(chat_id=chat_id, message_id=uuid7(), content="last"))
        others.wait_for(lambda device: device.entries[chat_id][-1].content == "last")
    assert len(others.typings) <= 1 + (time.monotonic() - began) / 3


def test_nobody_is_told_where_one_blocks(server, world, devices):
    """Neither of the two; in the next chat it is told."""
    alice, bob = world.alice, world.bob
    phone, tablet, others = devices(alice), devices(another_device(world, alice)), devices(bob)
    chat_id = say(alice, bob).chat_id
    group_id = alice.api.CreateChat(chat_type="CHAT_TYPE_GROUP", participants=[{"user_id": bob.user_id}]).chat_id
    alice.api.SendMessage(chat_id=group_id, content="hello")
    for device in (phone, tablet, others):
        device.wait_for(lambda device: device.entries[chat_id] and device.entries[group_id])
    write_until_heard(phone, alice, chat_id, others)
    others.typings.clear()
    block(bob, alice)
    for writer, person, reader in ((others, bob, phone), (tablet, alice, others)):
        write_to_nobody(server, [writer], chat_id)
        write_until_heard(writer, person, group_id, reader)
        assert set(heard(reader)) == {(group_id, person.user_id)}


def test_members_only(server, group, devices):
    """Who is in no more, or never was, is not told, and tells nobody."""
    olga, adam, mary, sam = (devices(person) for person in (group.olga, group.adam, group.mary, group.sam))
    group.update(group.olga.api, remove=[group.mary.user_id])
    for device in (olga, adam, mary):
        device.wait_for(lambda device: device.entries[group.chat_id]
                        and device.entries[group.chat_id][-1].event.members_removed)
    write_to_nobody(server, [mary, sam], group.chat_id)
    write_until_heard(adam, group.adam, group.chat_id, olga)
    write_until_heard(olga, group.olga, group.chat_id, adam)
    assert set(heard(olga)) == {(group.chat_id, group.adam.user_id)}
    assert set(heard(adam)) == {(group.chat_id, group.olga.user_id)}
    assert not mary.typings and not sam.typings


def test_over_a_websocket(gateway, world, devices):
    """In JSON, both ways."""
    chat_id = say(world.alice, world.bob).chat_id
    phone = devices(world.alice)
    phone.wait_for(lambda device: device.entries[chat_id])
    browser = RawDevice(gateway.port, authorization=f"Bearer {world.bob.token}")
    browser.greet()
    with pressing_keys(lambda: types(phone, chat_id)):
        (typing,) = browser.wait_for("typings").typings
    assert (typing.chat_id, typing.user_id) == (chat_id, world.alice.user_id)
    write_until_heard(browser, world.bob, chat_id, phone)
    browser.close()


def test_tail_shows_it(server, world, devices):
    """The command, for scripts."""
    chat_id = say(world.alice, world.bob).chat_id
    phone = devices(world.alice)
    phone.wait_for(lambda device: device.entries[chat_id])
    with tail(server, world.bob.token, "--typing") as next_line:
        assert next_line()["seq"] == 1
        with pressing_keys(lambda: types(phone, chat_id)):
            line = next_line()
    assert (line["event"], line["chat_id"], line["user_id"]) == ("typing", chat_id, world.alice.user_id)
