# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Devices that change the same thing at once: they may be told different things, but end with the same."""
import concurrent.futures
import types

import pytest
from groups import Group, devices, group, seqs  # noqa: F401 pylint: disable=unused-import
from parley_pb import message_service_pb2 as messages
from refusals import Refusal

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")
ROUNDS = 8


@pytest.fixture
def tablet(group):
    """Mary's second device."""
    backend = group.world.backend
    names = {"user_id": group.mary.user_id,
             "device_id": backend.CreateDevice(user_id=group.mary.user_id, name="tablet").device_id}
    token = backend.CreateToken(**names).token
    api = backend.anew(authorization=f"Bearer {token}")
    yield types.SimpleNamespace(token=token, api=api)
    api.close()


def at_once(*jobs):
    """What each of them comes to: a reply, or why not."""
    def outcome(job):
        try:
            return job()
        except Refusal as refusal:
            return refusal.reason

    with concurrent.futures.ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(outcome, jobs))


def edits(person, message, word):
    """Several edits, one after another."""
    return [lambda text=f"{word} {number}": person.api.EditMessage(message_id=message.message_id, content=text)
            for number in range(ROUNDS)]


def in_order(jobs):
    """The last one's outcome."""
    def run():
        for job in jobs:
            last = job()
        return last

    return run


def shown(entries, message_id):
    """What a device shows of a message, by the log that it has; None when it is deleted."""
    body = None
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.message_id == message_id or (entry.target_message_id == message_id
                                              and entry.kind == messages.ENTRY_KIND_EDIT):
            body = entry.content
        elif entry.target_message_id == message_id and entry.kind == messages.ENTRY_KIND_DELETE:
            return None
    return body


def wait_for_all(made, chat_id, last_seq):
    """Until they have the log to its end."""
    for device in made:
        device.wait_for(lambda device: seqs(device, chat_id)[-1:] == [last_seq])


def test_the_edit_with_the_highest_seq_stays(group, tablet, devices):
    """Two devices of the sender edit at once; all devices show the same, and so do answers."""
    made = [devices(person) for person in (group.olga, group.mary, tablet)]
    message = group.mary.api.SendMessage(chat_id=group.chat_id, content="first")
    at_once(in_order(edits(group.mary, message, "phone")), in_order(edits(tablet, message, "tablet")))
    wait_for_all(made, group.chat_id, 1 + 2 * ROUNDS)
    states = {shown(device.entries[group.chat_id], message.message_id) for device in made}
    assert len(states) == 1
    for person in (group.olga, group.mary, group.adam):
        assert states == {person.api.GetMessage(message_id=message.message_id).content}


def test_deletion_beats_edits_of_all_devices(group, tablet, devices):
    """The sender's two devices edit, one of them and an admin delete: it ends once, and nothing comes behind it."""
    made = [devices(person) for person in (group.olga, group.mary, tablet)]
    message = group.mary.api.SendMessage(chat_id=group.chat_id, content="first")

    def delete(person):
        return lambda: person.api.DeleteMessage(message_id=message.message_id).seq

    outcomes = at_once(in_order(edits(group.mary, message, "phone")), in_order(edits(tablet, message, "tablet")),
                       delete(tablet), delete(group.adam))
    assert {outcome for outcome in outcomes[:2] if isinstance(outcome, str)} <= {"FAILED_PRECONDITION"}
    (deleted_seq,) = (seq for seq in outcomes[2:] if seq > 0)
    wait_for_all(made, group.chat_id, deleted_seq)
    assert group.say(group.mary, "next") == deleted_seq + 1
    for device in made:
        assert shown(device.entries[group.chat_id], message.message_id) is None
        kinds = [entry.kind for entry in device.entries[group.chat_id][:deleted_seq]]
        assert kinds.count(messages.ENTRY_KIND_DELETE) == 1 and kinds[-1] == messages.ENTRY_KIND_DELETE
    for person in (group.olga, group.mary):
        answer = person.api.GetMessage(message_id=message.message_id)
        assert answer.HasField("deleted_at") and not answer.content


def test_of_settings_with_one_etag_one_is_taken(group, devices):
    """The others are told that theirs is old; read again and sent again each is taken once. An answer is the chat as it
    is by then, so it may have a later etag."""
    watcher = devices(group.mary)

    def update(person, name):
        etag = person.api.GetChat(chat_id=group.chat_id).etag
        return person.api.UpdateChat(chat_id=group.chat_id, name=name, etag=etag, update_mask={"paths": ["name"]})

    def update_until_taken(person, name):
        while True:
            try:
                return update(person, name).etag
            except Refusal as refusal:
                assert refusal.reason == "ETAG_MISMATCH"

    etag = group.olga.api.GetChat(chat_id=group.chat_id).etag
    people = (group.olga, group.adam, types.SimpleNamespace(api=group.world.backend_as(group.olga)))
    outcomes = at_once(*(lambda person=person, number=number: person.api.UpdateChat(
        chat_id=group.chat_id, name=f"name {number}", etag=etag, update_mask={"paths": ["name"]})
                         for number, person in enumerate(people)))
    (taken,) = (number for number, outcome in enumerate(outcomes) if not isinstance(outcome, str))
    assert [outcome for outcome in outcomes if isinstance(outcome, str)] == ["ETAG_MISMATCH"] * 2
    assert group.mary.api.GetChat(chat_id=group.chat_id).name == f"name {taken}"
    etags = at_once(*(lambda person=person, number=number: update_until_taken(person, f"again {number}")
                      for number, person in enumerate(people)))
    watcher.wait_for(lambda device: seqs(device, group.chat_id)[-1:] == [1 + len(people)])
    assert {entry.kind for entry in watcher.entries[group.chat_id]} == {messages.ENTRY_KIND_SETTINGS}
    assert group.mary.api.GetChat(chat_id=group.chat_id).etag in etags
    people[-1].api.close()
