# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Two devices of alice, one of bob, carol over WebSocket and dave with long polls in one group: one log for all, and
ticks that are right, whatever dies or stands still meanwhile."""
import contextlib

import pytest
from device import last_of
from house import House
from parley_pb import message_service_pb2 as messages
from programs import standing_still

# pylint: disable=redefined-outer-name

SENT, DELIVERED, READ = messages.MESSAGE_STATUS_SENT, messages.MESSAGE_STATUS_DELIVERED, messages.MESSAGE_STATUS_READ
TEXTS = [f"{number}" for number in range(30)]


@pytest.fixture
def house(world, gateway):
    """Everybody, connected: each has the first message."""
    with contextlib.closing(House(world, gateway)) as house:
        house.wait_for_alice()
        house.first = house.tell("good morning")
        for follower in house.followers:
            follower.wait_for(lambda one: last_of(one.entries[house.chat_id]) == 1)
        yield house


def said_first(house):
    """What is in the log before anybody speaks."""
    return {house.first.message_id: "good morning"}


@pytest.mark.parametrize("victim", ["parleyd", "gateway", "postgres", "bob"])
def test_a_crash_while_everybody_speaks(house, server, gateway, postgres, victim):
    """One log for all. Ticks are what they were and go on; they rise to delivered and read by all."""
    house.wait_for_ticks(house.first, delivered_count=3)
    house.bob.api.MarkRead(message_id=house.first.message_id)
    program = {"parleyd": server, "gateway": gateway, "postgres": postgres, "bob": house.tail}[victim]
    said, finish = house.speak(TEXTS)
    house.phone.wait_for(lambda device: len(device.sents) > 1)
    house.crash(program)
    finish()
    house.assert_one_log({**said_first(house), **said})
    server.wait_until_ready()
    assert house.status_of(house.first) == ([DELIVERED, 3, 3, 1], {"bob": READ, "carol": DELIVERED, "dave": DELIVERED})
    last = house.tell("good night")
    house.wait_for_ticks(last, delivered_count=3, read_count=0)
    assert house.status_of(last) == ([DELIVERED, 3, 3, 0], dict.fromkeys(("bob", "carol", "dave"), DELIVERED))
    for person in (house.bob, house.carol, house.dave):
        person.api.MarkRead(message_id=last.message_id)
    house.wait_for_ticks(last, delivered_count=3, read_count=3)
    for message in (house.first, last):
        assert house.status_of(message) == ([READ, 3, 3, 3], dict.fromkeys(("bob", "carol", "dave"), READ))
    house.assert_one_log({**said_first(house), **said, last.message_id: "good night"})


@pytest.mark.parametrize("dies", [None, "parleyd"])
@pytest.mark.parametrize("who", ["bob", "carol and dave"])
def test_airplane_mode_heals_by_itself(house, server, gateway, who, dies):
    """Whose program stands still, or the gateway that carries it, gets everything afterwards, and nobody is told before
    that it has. The others go on, even when parleyd dies meanwhile."""
    house.wait_for_ticks(house.first, delivered_count=3)
    away = ["bob"] if who == "bob" else ["carol", "dave"]
    with standing_still(house.tail.process if who == "bob" else gateway.process):
        told = [house.tell(text) for text in TEXTS]
        if dies:
            house.crash(server)
        told.append(house.tell("where are you?"))
        here = {"bob", "carol", "dave"} - set(away)
        house.wait_for_ticks(told[-1], delivered_count=len(here))
        for message in (told[0], told[-1]):
            assert house.status_of(message)[1] == {**dict.fromkeys(here, DELIVERED), **dict.fromkeys(away, SENT)}
    house.wait_for_ticks(told[-1], delivered_count=3)
    house.assert_one_log({**said_first(house), **{message.message_id: message.content for message in told}})
    for message in (told[0], told[-1]):
        assert house.status_of(message)[0] == [DELIVERED, 3, 3, 0]
