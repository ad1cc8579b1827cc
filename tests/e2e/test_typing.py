# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Who writes a message at the moment: told by one stream, and to others."""
import json
import os
import subprocess
import threading

from groups import devices, group  # noqa: F401 pylint: disable=unused-import
from parley_pb import stream_service_pb2 as pb
from programs import PARLEY, parley_environment
from test_blocks import another_device, block, say
from websocket_device import RawDevice

# pylint: disable=redefined-outer-name


def types(device, chat_id, is_typing=True):
    """Says that its user writes."""
    device.say(typings=[pb.SetTyping(chat_id=chat_id, is_typing=is_typing)])


def type_until(device, chat_id, done):
    """At each key: the server passes on what it may, once the other one is there to hear it."""
    while not done.wait(0.2):
        types(device, chat_id)


def heard(device):
    """Who writes where, and whether they still do."""
    return [(typing.chat_id, typing.user_id, typing.expires_after_ms > 0) for typing in device.typings]


def test_the_other_one_is_told(world, devices):
    """And that it is over; neither the writer's own devices nor who was not meant."""
    alice, bob = world.alice, world.bob
    chat_id = say(alice, bob).chat_id
    phone, tablet, others = devices(alice), devices(another_device(world, alice)), devices(bob)
    types(phone, chat_id)
    others.wait_for(lambda device: heard(device) == [(chat_id, alice.user_id, True)])
    assert 0 < others.typings[0].expires_after_ms <= 6000
    types(phone, chat_id, False)
    others.wait_for(lambda device: heard(device)[1:] == [(chat_id, alice.user_id, False)])
    types(others, chat_id)
    for device in (phone, tablet):
        device.wait_for(lambda device: heard(device) == [(chat_id, bob.user_id, True)])


def test_a_flood_is_one(world, devices):
    """What comes sooner than every three seconds is dropped, and what else the stream says is not held up."""
    alice, bob = world.alice, world.bob
    chat_id = say(alice, bob).chat_id
    phone, others = devices(alice), devices(bob)
    phone.say(typings=[pb.SetTyping(chat_id=chat_id, is_typing=True)] * 1000)
    others.wait_for(lambda device: device.typings)
    last = say(alice, bob, "last")
    others.wait_for(lambda device: device.entries[chat_id][-1].seq == last.seq)
    assert len(others.typings) == 1


def test_nobody_is_told_where_one_blocks(world, devices):
    """Neither of the two; in the next chat it is told."""
    alice, bob = world.alice, world.bob
    chat_id = say(alice, bob).chat_id
    group_id = alice.api.CreateChat(chat_type="CHAT_TYPE_GROUP", participants=[{"user_id": bob.user_id}]).chat_id
    phone, others = devices(alice), devices(bob)
    types(phone, chat_id)
    others.wait_for(lambda device: device.typings)
    block(bob, alice)
    for writer, reader, person in ((others, phone, bob), (phone, others, alice)):
        types(writer, chat_id)
        types(writer, group_id)
        reader.wait_for(lambda device, person=person: (group_id, person.user_id, True) in heard(device))
    assert heard(phone) == [(group_id, bob.user_id, True)]
    assert heard(others) == [(chat_id, alice.user_id, True), (group_id, alice.user_id, True)]


def test_members_only(group, devices):
    """Who is in no more, or never was, is not told, and tells nobody."""
    olga, adam, mary, sam = (devices(person) for person in (group.olga, group.adam, group.mary, group.sam))
    group.update(group.olga.api, remove=[group.mary.user_id])
    for device in (olga, adam, mary):
        device.wait_for(lambda device: device.entries[group.chat_id]
                        and device.entries[group.chat_id][-1].event.members_removed)
    for device in (mary, sam, adam):
        types(device, group.chat_id)
    olga.wait_for(lambda device: device.typings)
    types(olga, group.chat_id)
    adam.wait_for(lambda device: device.typings)
    assert heard(olga) == [(group.chat_id, group.adam.user_id, True)]
    assert heard(adam) == [(group.chat_id, group.olga.user_id, True)]
    assert not mary.typings and not sam.typings


def test_over_a_websocket(gateway, world, devices):
    """In JSON, both ways."""
    chat_id = say(world.alice, world.bob).chat_id
    phone = devices(world.alice)
    phone.wait_for(lambda device: device.entries[chat_id])
    browser = RawDevice(gateway.port, authorization=f"Bearer {world.bob.token}")
    browser.greet()
    types(phone, chat_id)
    (typing,) = browser.wait_for("typings").typings
    assert (typing.chat_id, typing.user_id) == (chat_id, world.alice.user_id)
    types(browser, chat_id)
    phone.wait_for(lambda device: heard(device) == [(chat_id, world.bob.user_id, True)])
    browser.close()


def test_tail_shows_it(server, world, devices):
    """The command, for scripts."""
    chat_id = say(world.alice, world.bob).chat_id
    phone = devices(world.alice)
    phone.wait_for(lambda device: device.entries[chat_id])
    with subprocess.Popen([PARLEY, "tail", "--typing", "--json"], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **parley_environment(server, world.bob.token)}) as tail:
        assert json.loads(tail.stdout.readline())["seq"] == 1
        done = threading.Event()
        keys = threading.Thread(target=type_until, args=(phone, chat_id, done))
        keys.start()
        line = json.loads(tail.stdout.readline())
        done.set()
        keys.join()
        tail.terminate()
    assert (line["event"], line["chat_id"], line["user_id"]) == ("typing", chat_id, world.alice.user_id)
