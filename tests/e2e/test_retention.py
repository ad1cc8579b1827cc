# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What leaves the server after a while, and what those see of it who come later."""
import json
import time

import pytest
from api_client import Person, World
from device import Device
from groups import Group, named
from parley_pb import message_service_pb2 as messages
from programs import parley
from refusals import refused

WAIT_S = 120


@pytest.fixture
def sweeping(server):
    """The server, sweeping all the time."""
    server.stop()
    server.environment["PARLEY_SWEEP_INTERVAL_MS"] = "20"
    server.start()
    world = World(server)
    yield world
    world.close()


def until(postgres, sql, value):
    """Waits until the query answers this."""
    deadline = time.monotonic() + WAIT_S
    while postgres.query(sql) != [value]:
        assert time.monotonic() < deadline, postgres.query(sql)


def seqs(device, chat_id):
    """The places of the chat that the device has."""
    return [entry.seq for entry in device.entries[chat_id]]


def head_of(api, chat_id):
    """Where the chat begins and ends."""
    return next((head.first_seq, head.last_seq) for head in api.ListHeads().heads if head.chat_id == chat_id)


def test_whoever_comes_later_gets_who_came_and_went_and_then_what_is_left(sweeping, postgres):
    """A device that was away, a command, and who asks for the messages."""
    group = Group(sweeping)
    for number in range(1, 4):
        group.say(group.olga, f"old {number}")
    first = group.mary.api.ListMessages(chat_id=group.chat_id)
    assert not first.HasField("log_start")
    mary = Device(sweeping.server.address, group.mary.token)
    mary.wait_for(lambda device: seqs(device, group.chat_id) == [1, 2, 3])
    until(postgres, f"select min(seq) from device_cursors where user_id = '{group.mary.user_id}'"
                    f" and chat_id = '{group.chat_id}'", "3")
    mary.close()
    group.say(group.olga, "old 4")
    assert group.update(group.olga.api, add=[named(group.sam)]).seq == 5
    old = group.olga.api.SendMessage(chat_id=group.chat_id, content="old 6")
    for number in range(7, 10):
        group.say(group.olga, f"new {number}")
    sweeping.operator.UpdateApp(app_id=sweeping.app_id, retention_days=1)
    postgres.query(f"update messages set created_at = created_at - interval '2 days'"
                   f" where chat_id = '{group.chat_id}' and seq <= 6")
    until(postgres, f"select first_seq from chats where chat_id = '{group.chat_id}'", "7")
    again = Device(sweeping.server.address, group.mary.token)
    again.wait_for(lambda device: device.caught_up)
    assert again.log_starts == {group.chat_id: 7}
    assert seqs(again, group.chat_id) == [5, 7, 8, 9]
    assert [member.user_id for member in again.entries[group.chat_id][0].event.members_added] == [group.sam.user_id]
    group.say(group.sam, "hello")
    again.wait_for(lambda device: seqs(device, group.chat_id) == [5, 7, 8, 9, 10])
    again.close()
    run = parley(sweeping.server, group.adam.token, "tail", "--until-caught-up")
    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    lines = [line for line in lines if line["chat_id"] == group.chat_id]
    assert [line.get("event", line.get("seq")) for line in lines] == ["log_start", 5, 7, 8, 9, 10]
    assert lines[0] == {"event": "log_start", "chat_id": group.chat_id, "first_seq": 7}
    assert [line["seq"] for line in lines[1:]] == [5, 7, 8, 9, 10]
    assert head_of(group.mary.api, group.chat_id) == (7, 10)
    run = parley(sweeping.server, group.mary.token, "heads")
    assert {"chat_id": group.chat_id, "first_seq": 7, "last_seq": 10, "read_seq": 0} in [
        json.loads(line) for line in run.stdout.splitlines()]
    page = group.mary.api.ListMessages(chat_id=group.chat_id)
    assert [message.seq for message in page.messages] == [10, 9, 8, 7]
    assert page.log_start == messages.LogStart(chat_id=group.chat_id, first_seq=7)
    assert not group.mary.api.ListMessages(chat_id=group.chat_id, after_seq=6).HasField("log_start")
    assert group.mary.api.ListMessages(chat_id=group.chat_id, after_seq=5).HasField("log_start")
    assert [message.seq for message in group.mary.api.ListMessages(
        chat_id=group.chat_id, since=page.messages[-1].timestamp).messages] == [10, 9, 8, 7]
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.mary.api.GetMessage(message_id=old.message_id)
    with refused("NOT_FOUND", "MESSAGE_NOT_FOUND"):
        group.mary.api.SendMessage(chat_id=group.chat_id, content="x", reply_to_message_id=old.message_id)
    assert group.mary.api.GetChat(chat_id=group.chat_id).unread_count == 4
    group.close()


def test_who_asks_without_a_stream_is_told_where_the_log_begins(sweeping, postgres):
    """Once that is acknowledged, or an entry behind it, it is not said again."""
    alice, bob = sweeping.alice, sweeping.bob
    chat_id = alice.api.SendMessage(recipient_id=bob.user_id, content="old").chat_id
    start = messages.LogStart(chat_id=chat_id, first_seq=2)
    assert head_of(bob.api, chat_id) == (1, 1)
    sweeping.operator.UpdateApp(app_id=sweeping.app_id, retention_days=1)
    postgres.query(f"update messages set created_at = created_at - interval '2 days' where chat_id = '{chat_id}'")
    until(postgres, f"select first_seq from chats where chat_id = '{chat_id}'", "2")
    assert head_of(bob.api, chat_id) == (2, 1)
    for _ in range(2):
        page = bob.api.Sync()
        assert (list(page.log_starts), [entry for entry in page.entries if entry.chat_id == chat_id]) == ([start], [])
    alice.api.SendMessage(chat_id=chat_id, content="new")
    page = bob.api.Sync()
    assert (list(page.log_starts), page.more) == ([start], False)
    assert [entry.content for entry in page.entries if entry.chat_id == chat_id] == ["new"]
    bob.api.AckSync(acks=[{"chat_id": chat_id, "seq": 1}])
    page = bob.api.Sync()
    assert not page.log_starts
    assert [entry.content for entry in page.entries if entry.chat_id == chat_id] == ["new"]
    bob.api.AckSync(acks=[{"chat_id": chat_id, "seq": 2}])
    page = bob.api.Sync()
    assert not page.log_starts and not page.entries and not page.more


def test_who_asks_without_a_stream_gets_who_came_and_went_before_the_log_begins(sweeping, postgres):
    """One after the other, however small the pages; then what is left."""
    group = Group(sweeping)
    for number in range(3):
        group.say(group.olga, f"old {number}")
        assert group.update(group.olga.api, **{"remove" if number == 1 else "add": [
            group.sam.user_id if number == 1 else named(group.sam)]}).seq == 2 * number + 2
    group.say(group.olga, "old 7")
    group.say(group.olga, "new 8")
    sweeping.operator.UpdateApp(app_id=sweeping.app_id, retention_days=1)
    postgres.query(f"update messages set created_at = created_at - interval '2 days'"
                   f" where chat_id = '{group.chat_id}' and seq <= 7")
    until(postgres, f"select first_seq from chats where chat_id = '{group.chat_id}'", "8")
    got, page = [], None
    while page is None or page.more:
        page = group.mary.api.Sync(page_size=1)
        got += [entry.seq for entry in page.entries if entry.chat_id == group.chat_id]
        if len(got) < 4 and page.entries[0].chat_id == group.chat_id:
            assert list(page.log_starts) == [messages.LogStart(chat_id=group.chat_id, first_seq=8)]
        group.mary.api.AckSync(acks=[{"chat_id": entry.chat_id, "seq": entry.seq} for entry in page.entries])
    assert got == [2, 4, 6, 8]
    group.close()


def test_messages_stay_until_every_device_has_them(sweeping, postgres):
    """Then their bodies go, and their places when nobody sends them again."""
    sweeping.operator.UpdateApp(app_id=sweeping.app_id, retention_until_delivered=True)
    alice, bob = sweeping.alice, Person(sweeping.backend, "carol")
    chat_id = alice.api.SendMessage(recipient_id=bob.user_id, content="one").chat_id
    phone = Device(sweeping.server.address, alice.token)
    phone.wait_for(lambda device: seqs(device, chat_id) == [1])
    assert alice.api.ListMessages(chat_id=chat_id).messages[0].content == "one"
    other = Device(sweeping.server.address, bob.token)
    other.wait_for(lambda device: seqs(device, chat_id) == [1])
    assert other.entries[chat_id][0].content == "one"
    until(postgres, f"select swept_seq from chats where chat_id = '{chat_id}'", "1")
    (gone,) = alice.api.ListMessages(chat_id=chat_id).messages
    assert (gone.status, gone.WhichOneof("body")) == (messages.MESSAGE_STATUS_EXPIRED, None)
    for device in (phone, other):
        device.close()
    bob.api.close()


@pytest.mark.parametrize("fields", [{"retention_days": -1}, {"retention_days": 3651}])
def test_bad_retention_is_refused(world, fields):
    """And what is there stays."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.operator.UpdateApp(app_id=world.app_id, **fields)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.operator.CreateApp(name="x", **fields)
    app = world.operator.UpdateApp(app_id=world.app_id, retention_days=30)
    assert (app.retention_days, app.retention_until_delivered) == (30, False)
    app = world.operator.UpdateApp(app_id=world.app_id, retention_until_delivered=True,
                                   update_mask={"paths": ["retention_days", "retention_until_delivered"]})
    assert (app.retention_days, app.retention_until_delivered) == (0, True)
    app = world.operator.CreateApp(name="x", retention_days=7)
    assert (app.retention_days, app.retention_until_delivered) == (7, False)
