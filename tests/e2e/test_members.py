# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Who is in a group, and what everybody gets of it: exactly the entries of the times when they were members."""
import threading

import pytest
from groups import ADMIN, MEMBER, OWNER, Group, devices, group, named, seqs, wait_for  # noqa: F401
from parley_pb import chat_service_pb2 as chats
from parley_pb import message_service_pb2 as messages
from refusals import Refusal, refused
from uuid7 import uuid7

# pylint: disable=redefined-outer-name

pytestmark = pytest.mark.transports("grpc", "rest")


def test_removed_member_gets_the_removal_and_nothing_after(group, devices):
    """Live, and nothing of it later either."""
    mary, adam = devices(group.mary), devices(group.adam)
    group.say(group.olga, "one")
    removal = group.update(group.adam.api, remove=[group.mary.user_id])
    assert (removal.seq, removal.participant_count) == (2, 2)
    last = group.say(group.olga, "three")
    wait_for(adam, group.chat_id, last)
    wait_for(mary, group.chat_id, 2)
    event = mary.entries[group.chat_id][1]
    assert list(event.event.members_removed) == [group.mary.user_id]
    assert (event.kind, event.sender_id) == (messages.ENTRY_KIND_MEMBERS, group.adam.user_id)
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        group.say(group.mary, "still here?")
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        group.mary.api.ListMessages(chat_id=group.chat_id)
    mary.close()
    again = devices(group.mary, before=mary)
    assert seqs(again, group.chat_id) == [1, 2]


def test_new_member_gets_nothing_before_and_everything_after(group, devices):
    """The session that is live takes the chat up."""
    sam = devices(group.sam)
    group.say(group.olga, "before")
    seq = group.update(group.adam.api, add=[named(group.sam)]).seq
    last = group.say(group.olga, "after")
    wait_for(sam, group.chat_id, last)
    assert seqs(sam, group.chat_id) == [seq, last]
    history = group.sam.api.ListMessages(chat_id=group.chat_id).messages
    assert [message.seq for message in history] == [last, seq]


def test_history_is_for_new_members_where_the_group_says_so(world):
    """By ListMessages."""
    group = Group(world, settings=chats.ChatSettings(history_for_new=chats.HISTORY_FOR_NEW_ALL))
    group.say(group.olga, "before")
    group.update(group.olga.api, add=[named(group.sam)])
    history = group.sam.api.ListMessages(chat_id=group.chat_id).messages
    assert [message.seq for message in history] == [2, 1]
    group.close()


@pytest.mark.parametrize("is_online", [True, False])
def test_who_comes_back_misses_what_was_between(group, devices, is_online):
    """Also a device that was away all the time."""
    mary = devices(group.mary) if is_online else None
    group.say(group.olga, "1")
    group.mary.api.LeaveChat(chat_id=group.chat_id)
    group.say(group.olga, "3")
    group.say(group.olga, "4")
    group.update(group.olga.api, add=[named(group.mary)])
    last = group.say(group.olga, "6")
    mary = mary or devices(group.mary)
    wait_for(mary, group.chat_id, last)
    assert seqs(mary, group.chat_id) == [1, 2, 5, 6]
    history = group.mary.api.ListMessages(chat_id=group.chat_id).messages
    assert [message.seq for message in history] == [6, 5, 2, 1]


def test_device_that_was_away_gets_up_to_the_removal_once(group, devices):
    """And then no more."""
    group.say(group.olga, "1")
    group.update(group.olga.api, remove=[group.mary.user_id])
    group.say(group.olga, "3")
    mary = devices(group.mary)
    assert seqs(mary, group.chat_id) == [1, 2]
    mary.close()
    group.world.server.kill()
    group.world.server.start()
    anew = devices(group.mary, before=mary)
    assert seqs(anew, group.chat_id) == [1, 2]


MOVES = {  # what is asked for: who may
    "add a member": ({"add": [("sam", MEMBER)]}, {"olga", "adam", "backend"}),
    "add an admin": ({"add": [("sam", ADMIN)]}, {"olga", "backend"}),
    "remove a member": ({"remove": ["mary"]}, {"olga", "adam", "mary", "backend"}),
    "remove an admin": ({"remove": ["adam"]}, {"olga", "adam", "backend"}),
    "remove the owner": ({"remove": ["olga"]}, {"olga", "backend"}),
    "make an admin": ({"add": [("mary", ADMIN)]}, {"olga", "backend"}),
    "unmake an admin": ({"add": [("adam", MEMBER)]}, {"olga", "backend"}),
    "hand over": ({"add": [("mary", OWNER)]}, {"olga", "backend"}),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("actor", ["olga", "adam", "mary", "sam", "backend"])
def test_roles(group, move, actor):
    """The table of who may do what."""
    fields, allowed = MOVES[move]
    fields = {key: [named(group.people[who[0]], who[1]) if key == "add" else group.people[who].user_id
                    for who in value] for key, value in fields.items()}
    api = group.world.backend_as(group.sam) if actor == "backend" else group.people[actor].api
    before = group.roles()
    if actor in allowed:
        assert group.update(api, **fields).seq == 1
        assert group.roles() != before
        assert list(group.roles().values()).count("owner") == 1
    else:
        with refused("PERMISSION_DENIED", "NOT_A_MEMBER" if actor == "sam" else "PERMISSION_DENIED"):
            group.update(api, **fields)
        assert group.roles() == before


def test_old_owner_is_an_admin_after_handing_over(group):
    """By naming another owner; two are one too many, none is one too few."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        group.update(group.olga.api, add=[named(group.mary, OWNER), named(group.adam, OWNER)])
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        group.update(group.olga.api, add=[named(group.olga, MEMBER)])
    group.update(group.olga.api, add=[named(group.mary, OWNER)])
    assert group.roles() == {"olga": "admin", "adam": "admin", "mary": "owner"}


def test_owner_who_leaves_is_followed(group):
    """By the admin first, then by a member, then by nobody; an API key starts anew."""
    group.update(group.olga.api, add=[named(group.sam)])
    for person, then in ((group.olga, {"adam": "owner", "mary": "member", "sam": "member"}),
                         (group.adam, {"mary": "owner", "sam": "member"}), (group.mary, {"sam": "owner"})):
        person.api.LeaveChat(chat_id=group.chat_id)
        assert group.roles() == then
    group.sam.api.LeaveChat(chat_id=group.chat_id)
    assert not group.roles()
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        group.sam.api.LeaveChat(chat_id=group.chat_id)
    group.update(group.world.backend_as(group.sam), add=[named(group.mary)])
    assert group.roles() == {"mary": "owner"}


def test_whole_set(group):
    """The caller stays, whoever is named; the same set again changes nothing."""
    first = group.update(group.olga.api, participants=[named(group.sam), named(group.adam)])
    assert group.roles() == {"olga": "owner", "adam": "admin", "sam": "member"}
    again = group.update(group.olga.api, participants=[named(group.sam), named(group.adam)])
    assert (first.seq, again.seq, again.participant_count) == (1, 0, 3)
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.update(group.adam.api, participants=[named(group.sam)])


def test_all_or_nothing(group):
    """Unknown users are named; nobody is added."""
    unknown = uuid7()
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        group.update(group.olga.api, add=[named(group.sam), chats.NewParticipant(user_id=unknown)],
                     remove=[group.mary.user_id])
    assert group.roles() == {"olga": "owner", "adam": "admin", "mary": "member"}
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        group.update(group.mary.api, add=[chats.NewParticipant(user_id=unknown)])


def test_bad_requests(group):
    """Each has its reason, and changes nothing."""
    for fields in ({}, {"participants": [named(group.sam)], "add": [named(group.sam)]},
                   {"add": [chats.NewParticipant(user_id=group.sam.user_id, role=9)]}):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            group.update(group.olga.api, **fields)
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.update(group.olga.api, remove=["mary"])
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        group.olga.api.LeaveChat(chat_id="x")
    individual = group.olga.api.SendMessage(recipient_id=group.adam.user_id, content="hello").chat_id
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.olga.api.LeaveChat(chat_id=individual)
    with refused("FAILED_PRECONDITION", "FAILED_PRECONDITION"):
        group.olga.api.UpdateParticipants(chat_id=individual, add=[named(group.sam)])
    with refused("NOT_FOUND", "CHAT_NOT_FOUND"):
        group.world.backend_as(group.sam).UpdateParticipants(chat_id=uuid7(), add=[named(group.sam)])
    assert group.roles() == {"olga": "owner", "adam": "admin", "mary": "member"}


def test_joining(world):
    """Open groups are for everybody, others for nobody, and strangers do not learn which are there."""
    group = Group(world)
    for chat_id in (group.chat_id, uuid7()):
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            group.sam.api.JoinChat(chat_id=chat_id)
    joined = world.backend_as(group.sam).JoinChat(chat_id=group.chat_id)
    assert (joined.participant_count, joined.last_seq) == (4, 1)
    group.close()


def test_joining_an_open_group(world, devices):
    """Joining again changes nothing."""
    group = Group(world, settings=chats.ChatSettings(join_policy=chats.JOIN_POLICY_OPEN))
    olga = devices(group.olga)
    assert group.sam.api.JoinChat(chat_id=group.chat_id).last_seq == 1
    assert group.sam.api.JoinChat(chat_id=group.chat_id).last_seq == 1
    wait_for(olga, group.chat_id, 1)
    assert [member.user_id for member in olga.entries[group.chat_id][0].event.members_added] == [group.sam.user_id]
    group.close()


def test_group_size_is_bounded(group):
    """1,024 and no more, however they come."""
    backend = group.world.backend_as(group.olga)
    people = [group.world.backend.CreateUser(username=f"user{number}").user_id for number in range(1022)]
    many = [chats.NewParticipant(user_id=user_id) for user_id in people]
    with refused("FAILED_PRECONDITION", "CHAT_FULL"):
        group.update(backend, add=many)
    assert group.update(backend, add=many[:1021]).participant_count == 1024
    with refused("FAILED_PRECONDITION", "CHAT_FULL"):
        backend.UpdateParticipants(chat_id=group.chat_id, add=many[1021:])
    pages, token = [], ""
    while token or not pages:
        page = group.mary.api.ListParticipants(chat_id=group.chat_id, page_size=100, page_token=token)
        pages.append(page.participants)
        token = page.next_page_token
    found = [participant.user_id for page in pages for participant in page]
    assert len(pages) == 11 and len(found) == len(set(found)) == 1024
    assert set(people[:1021]) < set(found)


def test_list_participants_is_for_members(group):
    """And for API keys of the app."""
    for chat_id in (group.chat_id, uuid7()):
        with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
            group.sam.api.ListParticipants(chat_id=chat_id)
    with refused("NOT_FOUND", "CHAT_NOT_FOUND"):
        group.world.backend_as(group.sam).ListParticipants(chat_id=uuid7())
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        group.olga.api.ListParticipants(chat_id=group.chat_id, page_token="x" * 40)


def test_another_app_sees_nothing(group, server):
    """Not even that the group is there."""
    other = type(group.world)(server)
    backend = other.backend_as(other.alice)
    for call, fields in ((backend.UpdateParticipants, {"remove": [group.mary.user_id]}),
                         (backend.ListParticipants, {}), (backend.JoinChat, {})):
        with refused("NOT_FOUND", "CHAT_NOT_FOUND"):
            call(chat_id=group.chat_id, **fields)
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        group.update(group.olga.api, add=[named(other.alice)])
    other.close()


def test_changes_converge_when_the_server_dies(group, devices, server):
    """Members come and go while everybody talks and the server is killed; in the end the log tells all devices the
    same story, each its part."""
    olga, mary = devices(group.olga), devices(group.mary)
    done = threading.Event()

    def churn():
        backend = group.world.backend_as(group.sam)
        while not done.is_set():
            for fields in ({"remove": [group.mary.user_id]}, {"add": [named(group.mary)]}):
                try:
                    group.update(backend, **fields)
                except Refusal as error:
                    assert error.code in ("UNAVAILABLE", "CANCELLED"), error

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for number in range(2):
            olga.send(*(messages.SendMessageRequest(chat_id=group.chat_id, message_id=uuid7(), content=f"{number}.{i}")
                        for i in range(300)))
            olga.wait_for(lambda device, least=300 * number + 100: len(device.sents) >= least, then=server.kill)
            server.start()
        olga.wait_for(lambda device: len(device.sents) == 600)
    finally:
        done.set()
        thread.join()
    group.update(group.world.backend_as(group.sam), add=[named(group.mary)])
    last = group.say(group.olga, "last")
    wait_for(olga, group.chat_id, last)
    wait_for(mary, group.chat_id, last)
    inside, expected = True, []
    for entry in olga.entries[group.chat_id]:
        inside = inside or group.mary.user_id in [member.user_id for member in entry.event.members_added]
        expected += [entry.seq] if inside else []
        inside = inside and group.mary.user_id not in entry.event.members_removed
    assert seqs(olga, group.chat_id) == list(range(1, last + 1))
    assert seqs(mary, group.chat_id) == expected


def test_deleted_user_leaves_every_group(group, devices, postgres):
    """And hands over what was owned; the individual chat stays. Deleting again goes on where it was interrupted."""
    backend, olga, mary = group.world.backend, group.olga, devices(group.mary)
    private = olga.api.SendMessage(recipient_id=group.mary.user_id, content="hello").chat_id
    others = [group.adam.api.CreateChat(chat_type=chats.CHAT_TYPE_GROUP, participants=[
        named(olga), named(group.mary)]).chat_id for _ in range(3)]

    def roles_in(chat_id):
        found = group.mary.api.ListParticipants(chat_id=chat_id).participants
        return {participant.user_id: participant.role for participant in found}

    for _ in range(2):
        backend.DeleteUser(user_id=olga.user_id)
    for chat_id in (group.chat_id, *others):
        wait_for(mary, chat_id, 1)
        assert list(mary.entries[chat_id][0].event.members_removed) == [olga.user_id]
        assert mary.entries[chat_id][0].sender_id == olga.user_id
    assert roles_in(group.chat_id) == {group.adam.user_id: OWNER, group.mary.user_id: MEMBER}
    assert group.mary.api.GetChat(chat_id=private).participant_count == 2
    postgres.query(f"update users set deleted_at = now() where user_id = '{group.adam.user_id}'")
    backend.DeleteUser(user_id=group.adam.user_id)
    assert roles_in(group.chat_id) == {group.mary.user_id: OWNER}
    for chat_id in (group.chat_id, *others):
        assert group.mary.api.GetChat(chat_id=chat_id).participant_count == 1
    assert postgres.query("select count(*) from messages where chat_id in "
                          f"('{group.chat_id}', '{others[0]}', '{others[1]}', '{others[2]}')") == ["8"]
