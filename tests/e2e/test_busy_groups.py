# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Groups that are too busy to be pushed: devices are told how far they go, and fetch."""
from device import Device
from groups import Group, named
from parley_pb import message_service_pb2
from prometheus_text import metrics_of
from uuid7 import uuid7

MESSAGES = 600


def test_devices_fetch_what_is_not_pushed(server, world):
    """Everything arrives once and in order, much of it from memory; who joins meanwhile gets it, too."""
    server.stop()
    server.environment["PARLEY_FANOUT_PUSH_RATE"] = "50"
    server.start()
    group = Group(world)
    devices = [Device(server.address, person.token) for person in (group.olga, group.adam, group.mary)]
    for device in devices:
        device.wait_for(lambda device: device.caught_up)
    devices[0].send(*[message_service_pb2.SendMessageRequest(chat_id=group.chat_id, message_id=uuid7(), content="x")
                      for _ in range(MESSAGES)])
    devices[0].wait_for(lambda device: len(device.sents) >= MESSAGES // 2)
    group.olga.api.UpdateParticipants(chat_id=group.chat_id, add=[named(group.sam)])
    devices.append(Device(server.address, group.sam.token))
    devices[0].wait_for(lambda device: len(device.sents) == MESSAGES)
    last_seq = group.say(group.adam, "the last")
    for device in devices:
        device.wait_for(lambda device: device.entries[group.chat_id] and
                        device.entries[group.chat_id][-1].seq == last_seq)
    assert all(device.advanced for device in devices[:3])
    metrics = metrics_of(server)
    assert metrics.value("parley_hub_hot_chats_total") > 0
    assert metrics.value("parley_ring_hits_total") > 0
    for device in devices:
        device.close()
