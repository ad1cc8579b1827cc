# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Nothing that was acknowledged is lost, doubled or reordered when a process dies under load."""
import collections

import pytest
from device import Device, longest
from parley_pb import message_service_pb2 as pb
from uuid7 import uuid7

MESSAGES = 10_000


@pytest.mark.parametrize("victim_name", ["server", "postgres"])
def test_acknowledged_messages_reach_bob_once_and_in_order(server, postgres, world, victim_name):
    """Two kills in the middle of 10,000 messages, with both devices coming back by themselves."""
    victim = {"server": server, "postgres": postgres}[victim_name]
    alice = Device(server.address, world.alice.token)
    bob = Device(server.address, world.bob.token)
    bob.wait_for(lambda device: device.caught_up)
    messages = [pb.SendMessageRequest(recipient_id=world.bob.user_id, message_id=uuid7(), content=f"message {number}")
                for number in range(MESSAGES)]
    alice.send(*messages)
    for acknowledged in (MESSAGES // 4, MESSAGES // 2):
        alice.wait_for(lambda device, least=acknowledged: len(device.sents) >= least, then=victim.kill)
        assert acknowledged <= len(alice.sents) < MESSAGES
        victim.start()
    alice.wait_for(lambda device: len(device.sents) == MESSAGES)
    bob.wait_for(lambda device: longest(device) == MESSAGES)
    (chat_entries,) = [entries for entries in bob.entries.values() if entries[0].recipient_id]
    contents = {message.message_id: message.content for message in messages}
    assert [entry.seq for entry in chat_entries] == list(range(1, MESSAGES + 1))
    assert collections.Counter(entry.message_id for entry in chat_entries) == collections.Counter(contents.keys())
    assert {entry.message_id: entry.seq for entry in chat_entries} == alice.sents
    assert all(entry.content == contents[entry.message_id] for entry in chat_entries)
    assert [entry.prev_message_id for entry in chat_entries[1:]] == [entry.message_id for entry in chat_entries[:-1]]
    alice.close()
    bob.close()
    # A writer that carried none of these messages may not have its connection back yet; the next test may need it.
    server.wait_until_ready()


def test_a_device_that_was_away_gets_everything_at_its_next_hello(server, world):
    """Entries that were committed before the crash are caught up after it, by a device that was not there."""
    for number in range(250):
        world.alice.api.SendMessage(recipient_id=world.bob.user_id, content=f"message {number}")
    server.kill()
    server.start()
    bob = Device(server.address, world.bob.token)
    bob.wait_for(lambda device: device.caught_up)
    (chat_entries,) = [entries for entries in bob.entries.values() if entries[0].recipient_id]
    assert [entry.content for entry in chat_entries] == [f"message {number}" for number in range(250)]
    bob.close()
