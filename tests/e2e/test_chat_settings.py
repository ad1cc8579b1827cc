# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A group's properties, who may change them, and its end."""
import concurrent.futures

import pytest
from google.protobuf import field_mask_pb2
from groups import Group, devices, group, seqs, wait_for  # noqa: F401 pylint: disable=unused-import
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
    assert after.settings == chats.ChatSettings(join_policy=chats.JOIN_POLICY_OPEN,
                                                history_for_new=chats.HISTORY_FOR_NEW_NONE)
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
