# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A group's properties, who may change them, and its end."""
import concurrent.futures

import pytest
from google.protobuf import field_mask_pb2
from groups import (ADMIN, MEMBER, OWNER, Group, devices, group, named, seqs,  # noqa: F401 pylint: disable=unused-import
                    wait_for)
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import Refusal, refused
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")


def update(api, chat_id, *paths, **fields):
    """UpdateChat of these paths."""
    return api.UpdateChat(chat_id=chat_id, update_mask=field_mask_pb2.FieldMask(paths=paths), **fields)


def test_only_what_the_mask_names_changes(group, devices):
    """And everybody is told which fields."""
    mary = devices(group.mary)
    avatar = uuid7()
    before = group.olga.api.GetChat(chat_id=group.chat_id)
    assert (before.settings.join_policy, before.settings.history_for_new) == (chats.JOIN_POLICY_INVITE,
                                                                              chats.HISTORY_FOR_NEW_NONE)
    after = update(group.adam.api, group.chat_id, "name", "avatar_media_id", "metadata", "settings.join_policy",
                   name="Friends", description="not this", avatar_media_id=avatar, metadata={"topic": "tea"},
                   settings=chats.ChatSettings(join_policy=chats.JOIN_POLICY_OPEN,
                                               history_for_new=chats.HISTORY_FOR_NEW_ALL))
    assert (after.name, after.description, after.avatar_media_id) == ("Friends", "", avatar)
    assert dict(after.metadata) == {"topic": "tea"}
    assert after.settings == chats.ChatSettings(
        join_policy=chats.JOIN_POLICY_OPEN, history_for_new=chats.HISTORY_FOR_NEW_NONE, who_may_send=MEMBER,
        who_may_add=ADMIN, who_may_edit=ADMIN, read_receipts=chats.READ_RECEIPTS_ON)
    assert after.etag != before.etag
    assert group.mary.api.GetChat(chat_id=group.chat_id).etag == after.etag
    wait_for(mary, group.chat_id, 1)
    entry = mary.entries[group.chat_id][0]
    assert (entry.kind, entry.message_type) == (messages.ENTRY_KIND_SETTINGS, messages.MESSAGE_TYPE_SYSTEM)
    assert sorted(entry.event.chat_updated.fields) == ["avatar_media_id", "metadata", "name", "settings.join_policy"]
    assert entry.event.chat_updated.etag == after.etag
    assert not update(group.olga.api, group.chat_id, "avatar_media_id").avatar_media_id
    assert group.sam.api.JoinChat(chat_id=group.chat_id).name == "Friends"


def test_of_two_writers_one_is_refused(group):
    """Whoever comes second read what is no longer there."""
    etag = group.olga.api.GetChat(chat_id=group.chat_id).etag

    def rename(person):
        try:
            return update(person.api, group.chat_id, "name", name=person.user_id, etag=etag).name
        except Refusal as error:
            assert error.reason == "ETAG_MISMATCH"
            return None

    with concurrent.futures.ThreadPoolExecutor() as pool:
        names = list(pool.map(rename, (group.olga, group.adam)))
    (stored,) = [name for name in names if name]
    chat = group.mary.api.GetChat(chat_id=group.chat_id)
    assert (chat.name, chat.last_seq) == (stored, 1)
    assert update(group.olga.api, group.chat_id, "name", name="again", etag=chat.etag).name == "again"


def test_who_may_change_settings(group):
    """Owner, admins and API keys."""
    for person in (group.olga, group.adam):
        assert update(person.api, group.chat_id, "name", name="x").name == "x"
    assert update(group.world.backend_as(group.sam), group.chat_id, "name", name="y").name == "y"
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        update(group.mary.api, group.chat_id, "name", name="z", etag="wrong")
    for chat_id in (group.chat_id, uuid7()):
        with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
            update(group.sam.api, chat_id, "name", name="z")
    assert group.olga.api.GetChat(chat_id=group.chat_id).name == "y"


@pytest.mark.parametrize("paths, fields", [
    ((), {"name": "x"}), (("chat_id",), {}), (("name", "nonsense"), {}), (("name",), {"name": "x" * 256}),
    (("description",), {"description": "x" * 1025}), (("avatar_media_id",), {"avatar_media_id": "x"}),
    (("metadata",), {"metadata": {"key": "x" * 5000}}), (("settings",), {"settings": chats.ChatSettings(join_policy=9)}),
    (("settings.who_may_send",), {"settings": chats.ChatSettings(who_may_send=4)}),
    (("settings.read_receipts",), {"settings": chats.ChatSettings(read_receipts=-1)}),
    (("settings.who_may_sing",), {}),
])
def test_bad_updates(group, paths, fields):
    """Each is refused, and changes nothing."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        update(group.olga.api, group.chat_id, *paths, **fields)
    assert group.olga.api.GetChat(chat_id=group.chat_id).last_seq == 0


def test_individual_chats_have_no_settings(group):
    """Nor can they be deleted."""
    individual = group.olga.api.SendMessage(recipient_id=group.adam.user_id, content="hello").chat_id
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        update(group.olga.api, individual, "name", name="x")
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.olga.api.DeleteChat(chat_id=individual)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        group.olga.api.CreateChat(chat_type=chats.CHAT_TYPE_INDIVIDUAL, settings=chats.ChatSettings(), participants=[
            chats.NewParticipant(user_id=group.adam.user_id)])


def test_deleted_group_ends_for_everybody(group, devices):
    """At one last entry; what was there stays readable for nobody but in what devices have."""
    olga, mary = devices(group.olga), devices(group.mary)
    group.say(group.olga, "1")
    for person in (group.adam, group.mary):
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            person.api.DeleteChat(chat_id=group.chat_id)
    assert group.olga.api.DeleteChat(chat_id=group.chat_id).seq == 2
    for device in (olga, mary):
        wait_for(device, group.chat_id, 2)
        assert device.entries[group.chat_id][1].event.chat_deleted
    for person in (group.olga, group.mary):
        with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
            group.say(person, "3")
        assert not person.api.ListChats().chats
    adam = devices(group.adam)
    assert seqs(adam, group.chat_id) == [1, 2]
    backend = group.world.backend_as(group.olga)
    with refused("NOT_FOUND", "CHAT_NOT_FOUND"):
        backend.UpdateParticipants(chat_id=group.chat_id, add=[chats.NewParticipant(user_id=group.olga.user_id)])
    with refused("NOT_FOUND", "CHAT_NOT_FOUND"):
        backend.ListParticipants(chat_id=group.chat_id)


def test_api_key_deletes_a_group(group):
    """Of its app."""
    assert group.world.backend_as(group.sam).DeleteChat(chat_id=group.chat_id).seq == 1


def settle(group, api=None, **settings):
    """Changes these settings; the seq of the entry."""
    paths = [f"settings.{name}" for name in settings]
    return int(update(api or group.olga.api, group.chat_id, *paths, settings=chats.ChatSettings(**settings)).etag)


ACTORS = ("olga", "adam", "mary")  # owner, admin, member


@pytest.mark.parametrize("who", [OWNER, ADMIN, MEMBER])
def test_who_may_send(group, who):
    """By call and by stream, and in another's words, too: an edit says something new."""
    earlier = {name: group.people[name].api.SendMessage(chat_id=group.chat_id, content="before") for name in ACTORS}
    settle(group, who_may_send=who)
    for number, name in enumerate(ACTORS, OWNER):
        person = group.people[name]
        if number <= who:
            group.say(person, "hello")
            assert person.api.EditMessage(message_id=earlier[name].message_id, content="after").content == "after"
        else:
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                group.say(person, "hello")
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                person.api.EditMessage(message_id=earlier[name].message_id, content="after")
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                group.say(Acting(group.world.backend_as(person)), "hello")
            results = person.api.SendMessages(messages=[messages.SendMessageRequest(chat_id=group.chat_id, content="x")])
            assert results.results[0].error.reason == "PERMISSION_DENIED"
        person.api.DeleteMessage(message_id=earlier[name].message_id)


class Acting:  # pylint: disable=too-few-public-methods
    """A person by way of the backend."""

    def __init__(self, api):
        self.api = api


def test_what_was_sent_before_is_still_there_after(group):
    """A message that is sent again is told its place, whatever may be sent now."""
    message = {"chat_id": group.chat_id, "message_id": uuid7(), "content": "once"}
    first = group.mary.api.SendMessage(**message)
    settle(group, who_may_send=OWNER)
    assert group.mary.api.SendMessage(**message).seq == first.seq


@pytest.mark.parametrize("change", ["settings", "role"])
def test_nothing_slips_in_behind_the_change(group, devices, change):
    """While adam and mary send as fast as they can, they may no longer: from that entry on nothing of theirs is there,
    and what they were told is what the log says."""
    olga, senders = devices(group.olga), [devices(group.adam), devices(group.mary)]
    if change == "role":
        settle(group, who_may_send=ADMIN)
        senders.pop()

    def send(device, count):
        device.send(*(messages.SendMessageRequest(chat_id=group.chat_id, message_id=uuid7(), content=str(number))
                      for number in range(count)))

    for device in senders:
        send(device, 2000)
        device.wait_for(lambda device: len(device.sents) >= 100)
    if change == "role":
        last = group.update(group.olga.api, add=[named(group.adam, MEMBER)]).seq
    else:
        last = settle(group, who_may_send=OWNER)
    for device in senders:
        send(device, 1)  # this one is late in any case
        device.wait_for(lambda device: len(device.sents) + len(device.faileds) == 2001)
        assert {failed.reason for failed in device.faileds} == {"PERMISSION_DENIED"}
        assert all(seq < last for seq in device.sents.values())
    end = group.say(group.olga, "quiet")
    assert end == last + 1
    wait_for(olga, group.chat_id, end)
    told = {message_id for device in senders for message_id in device.sents}
    assert told == {entry.message_id for entry in olga.entries[group.chat_id] if entry.sender_id != group.olga.user_id}


@pytest.mark.parametrize("who", [OWNER, ADMIN, MEMBER])
def test_who_may_add(group, who):
    """Members; admins are made by the owner. Who is removed is another matter."""
    settle(group, who_may_add=who)
    for number, name in enumerate(ACTORS, OWNER):
        person = group.people[name]
        if number <= who:
            assert group.update(person.api, add=[named(group.sam)]).participant_count == 4
            group.update(group.adam.api, remove=[group.sam.user_id])
        else:
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                group.update(person.api, add=[named(group.sam)])
        if name != "olga":
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                group.update(person.api, add=[named(group.sam, ADMIN)])


def test_only_the_backend_takes_members_in(group):
    """Not even the owner; removing and roles are as ever."""
    settle(group, join_policy=chats.JOIN_POLICY_API_KEY, who_may_add=MEMBER)
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.sam.api.JoinChat(chat_id=group.chat_id)
    for name in ACTORS:
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            group.update(group.people[name].api, add=[named(group.sam)])
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.update(group.olga.api, participants=[named(group.sam), named(group.adam)])
    group.update(group.olga.api, add=[named(group.mary, ADMIN)], remove=[group.adam.user_id])
    backend = group.world.backend_as(group.sam)
    group.update(backend, add=[named(group.adam)])
    backend.JoinChat(chat_id=group.chat_id)
    assert group.roles() == {"olga": "owner", "mary": "admin", "adam": "member", "sam": "member"}


@pytest.mark.parametrize("who", [OWNER, ADMIN, MEMBER])
def test_who_may_edit(group, who):
    """Properties; settings take an admin besides, whom who_may_edit may leave out."""
    settle(group, who_may_edit=who)
    for number, name in enumerate(ACTORS, OWNER):
        api = group.people[name].api
        if number <= who:
            assert update(api, group.chat_id, "name", name=name).name == name
        else:
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                update(api, group.chat_id, "name", name=name)
        if number <= min(who, ADMIN):
            settle(group, api, history_for_new=chats.HISTORY_FOR_NEW_ALL)
        else:
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                settle(group, api, history_for_new=chats.HISTORY_FOR_NEW_ALL)
    settle(group, group.world.backend_as(group.sam), who_may_edit=ADMIN)


def test_settings_from_the_beginning(world):
    """CreateChat has them, too."""
    group = Group(world, settings=chats.ChatSettings(who_may_send=ADMIN, who_may_add=OWNER,
                                                     read_receipts=chats.READ_RECEIPTS_OFF))
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.say(group.mary, "hello")
    group.say(group.adam, "hello")
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.update(group.adam.api, add=[named(group.sam)])
    settle(group, who_may_send=chats.ROLE_UNSPECIFIED)
    assert group.mary.api.GetChat(chat_id=group.chat_id).settings.who_may_send == MEMBER
    group.say(group.mary, "hello")
    group.close()


def test_without_read_receipts_reading_is_private(group, devices):
    """Nobody sees it anywhere, but the reader; what was delivered is seen. Switched on again, it is there."""
    olga = devices(group.olga)
    settle(group, read_receipts=chats.READ_RECEIPTS_OFF)
    sent = group.olga.api.SendMessage(chat_id=group.chat_id, content="hello")
    group.mary.api.MarkRead(message_id=sent.message_id)
    seen = group.olga.api.GetMessage(message_id=sent.message_id)
    assert (seen.delivered_count, seen.read_count) == (1, 0)
    (listed, *_) = group.olga.api.ListMessages(chat_id=group.chat_id).messages
    assert (listed.delivered_count, listed.read_count) == (1, 0)
    (receipt,) = [receipt for receipt in group.olga.api.ListReceipts(message_id=sent.message_id).receipts
                  if receipt.user_id == group.mary.user_id]
    assert receipt.status == messages.MESSAGE_STATUS_DELIVERED
    assert receipt.HasField("delivered_at") and not receipt.HasField("read_at")

    def read_by_mary(api):
        chat = api.GetChat(chat_id=group.chat_id)
        listed = api.ListParticipants(chat_id=group.chat_id).participants
        return {participant.last_read_seq for participant in (*chat.participants, *listed)
                if participant.user_id == group.mary.user_id}

    assert read_by_mary(group.olga.api) == {0}
    assert read_by_mary(group.mary.api) == {sent.seq}
    olga.wait_for(lambda device: [receipt for receipt in device.group_receipts if receipt.last_seq == sent.seq
                                  and receipt.delivered_count == 1])
    assert not [receipt for receipt in olga.group_receipts if receipt.read_count]
    settle(group, read_receipts=chats.READ_RECEIPTS_ON)
    assert group.olga.api.GetMessage(message_id=sent.message_id).read_count == 1
