# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""How long each of a user's chats is."""
import pytest
from api_client import World
from refusals import refused

pytestmark = pytest.mark.transports("grpc", "rest")

CHATS = 12


@pytest.fixture
def chats(world):
    """Alice's individual chats with CHATS users, with 1, 2, 3, ... messages: chat_id -> how many."""
    chats = {}
    for number in range(1, CHATS + 1):
        user_id = world.backend.CreateUser(username=f"user{number}").user_id
        requests = [{"recipient_id": user_id, "content": f"{index}"} for index in range(number)]
        reply = world.alice.api.SendMessages(messages=requests)
        chats[reply.results[0].message.chat_id] = number
    return chats


def heads_of(api, **fields):
    """All pages: chat_id -> head."""
    token, heads, sizes = "", [], []
    while token or not sizes:
        page = api.ListHeads(page_token=token, **fields)
        token = page.next_page_token
        heads += page.heads
        sizes.append(len(page.heads))
    assert [head.chat_id for head in heads] == sorted(head.chat_id for head in heads)
    assert len({head.chat_id for head in heads}) == len(heads)
    return {head.chat_id: head for head in heads}, sizes


def test_heads_of_every_chat(world, chats):
    """In pages of any size."""
    everything, sizes = heads_of(world.alice.api)
    assert len(sizes) == 1
    assert {chat_id: everything[chat_id].last_seq for chat_id in chats} == chats
    count = len(everything)
    for size in (1, 5, count - 1, count, 1000):
        heads, sizes = heads_of(world.alice.api, page_size=size)
        assert heads == everything
        assert sizes == [size] * (count // size) + ([count % size] if count % size else [])


def test_read_is_the_callers_own(world):
    """What bob has read shows in his heads only."""
    sent = [world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello") for _ in range(3)]
    chat_id = sent[0].chat_id
    world.bob.api.MarkRead(message_id=sent[1].message_id)
    bobs, _ = heads_of(world.bob.api)
    alices, _ = heads_of(world.alice.api)
    assert (bobs[chat_id].last_seq, bobs[chat_id].read_seq) == (3, 2)
    assert (alices[chat_id].last_seq, alices[chat_id].read_seq) == (3, 0)


def test_an_api_key_asks_for_its_user(world, chats):
    """And needs one."""
    acting = world.server.api(x_api_key=world.api_key, parley_user=world.alice.user_id)
    assert heads_of(acting) == heads_of(world.alice.api)
    acting.close()
    assert chats
    with refused("INVALID_ARGUMENT", "ACTING_USER_MISSING"):
        world.backend.ListHeads()


def test_a_chat_that_was_left_has_no_head(world):
    """It is gone for who left, and stays for the others."""
    chat_id = world.alice.api.CreateChat(chat_type="CHAT_TYPE_GROUP", name="group",
                                         participants=[{"user_id": world.bob.user_id}]).chat_id
    assert chat_id in heads_of(world.bob.api)[0]
    world.bob.api.LeaveChat(chat_id=chat_id)
    assert chat_id not in heads_of(world.bob.api)[0]
    assert heads_of(world.alice.api)[0][chat_id].last_seq >= 1


def test_users_see_their_own_chats_only(world, chats, server):
    """Not those of another user, nor of another app."""
    other = World(server)
    other.alice.api.SendMessage(recipient_id=other.bob.user_id, content="hello")
    assert not set(heads_of(world.bob.api)[0]) & set(chats)
    assert not set(heads_of(other.alice.api)[0]) & set(chats)
    other.close()


@pytest.mark.parametrize("page_size", [-1, 1001, -(2**31), 2**31 - 1])
def test_page_sizes(world, page_size):
    """1 to 1,000."""
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        world.alice.api.ListHeads(page_size=page_size)


def test_page_tokens(world, chats):
    """A made-up one, another user's, and one of another list are refused."""
    assert chats
    token = world.alice.api.ListHeads(page_size=1).next_page_token
    assert token
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        world.bob.api.ListHeads(page_token=token)
    for foreign in ("x", "A" * 54, world.alice.api.ListChats(page_size=1).next_page_token):
        assert foreign
        with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
            world.alice.api.ListHeads(page_token=foreign)
