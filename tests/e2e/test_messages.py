# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Sending many messages in one call."""
import pytest
from api_client import World
from parley_pb import message_service_pb2
from refusals import refused
from uuid7 import uuid7

pytestmark = pytest.mark.transports("grpc", "rest")

KIB = 1024
SentRequest = message_service_pb2.SendMessageRequest


@pytest.fixture
def other_world(server):
    """Another app."""
    world = World(server)
    yield world
    world.close()


def to_bob(world, content, **fields):
    """A send from alice."""
    return SentRequest(recipient_id=world.bob.user_id, content=content, **fields)


def send(world, *contents):
    """Alice sends bob these messages, in this order."""
    reply = world.alice.api.SendMessages(messages=[to_bob(world, content) for content in contents])
    assert all(result.HasField("message") for result in reply.results)
    return [result.message for result in reply.results]


def reasons(reply):
    """The reason of each result; None where it is a message."""
    return [result.error.reason if result.HasField("error") else None for result in reply.results]


def test_a_batch_is_answered_in_order(world):
    """Each message has the next place in the chat, and both users read them so."""
    sent = send(world, *(f"text {number}" for number in range(100)))
    assert [message.content for message in sent] == [f"text {number}" for number in range(100)]
    assert [message.seq for message in sent] == list(range(1, 101))
    assert [message.prev_message_id for message in sent] == ["", *(message.message_id for message in sent[:-1])]
    page = world.bob.api.ListMessages(chat_id=sent[0].chat_id, page_size=100)
    assert [message.message_id for message in reversed(page.messages)] == [message.message_id for message in sent]


def test_a_batch_to_several_chats(world):
    """Order is kept within each."""
    others = [world.backend.CreateUser(username=f"other{number}").user_id for number in range(10)]
    requests = [SentRequest(recipient_id=user_id, content=f"{turn}") for turn in range(5) for user_id in others]
    results = world.alice.api.SendMessages(messages=requests).results
    for index, user_id in enumerate(others):
        own = [result.message for result in results[index::len(others)]]
        assert {message.recipient_id for message in own} == {user_id}
        assert [(message.seq, message.content) for message in own] == [(turn + 1, f"{turn}") for turn in range(5)]


def test_bad_ones_harm_no_neighbours(world, other_world):
    """Each bad one has its own reason; what is between them is stored in order."""
    foreign = send(other_world, "foreign")[0]
    reused = uuid7()
    bads = {
        "INVALID_ARGUMENT": SentRequest(content="to nobody"),
        "INVALID_CONTENT": SentRequest(recipient_id=world.bob.user_id),
        "INVALID_ID": SentRequest(recipient_id="bob", content="hello"),
        "NOT_A_MEMBER": SentRequest(chat_id=foreign.chat_id, content="hello"),
        "USER_NOT_FOUND": SentRequest(recipient_id=other_world.bob.user_id, content="hello"),
        "MESSAGE_ID_REUSED": to_bob(world, "other bytes", message_id=reused),
    }
    requests, expected = [to_bob(world, "first", message_id=reused)], [None]
    for reason, bad in bads.items():
        requests += [bad, to_bob(world, f"after {reason}")]
        expected += [reason, None]
    reply = world.alice.api.SendMessages(messages=requests)
    assert reasons(reply) == expected
    good = [result.message for result in reply.results if result.HasField("message")]
    assert [message.seq for message in good] == list(range(1, len(bads) + 2))
    assert [message.content for message in good] == ["first", *(f"after {reason}" for reason in bads)]
    for result in reply.results:
        assert result.HasField("message") or (result.error.code and result.error.message)
    assert len(other_world.alice.api.ListMessages(chat_id=foreign.chat_id).messages) == 1


def test_a_batch_of_bad_ones_only(world):
    """Is answered, too."""
    assert reasons(world.alice.api.SendMessages(messages=[SentRequest(), SentRequest()])) == ["INVALID_ARGUMENT"] * 2


def test_a_repeated_batch_stores_nothing_twice(world):
    """The places are those of the first time, also within one batch."""
    requests = [to_bob(world, f"text {number}", message_id=uuid7()) for number in range(3)]
    first = world.alice.api.SendMessages(messages=[*requests, requests[0]])
    again = world.alice.api.SendMessages(messages=requests)
    assert [result.message.seq for result in first.results] == [1, 2, 3, 1]
    assert [result.message.seq for result in again.results] == [1, 2, 3]


def test_an_api_key_sends_for_its_user(world):
    """The sender is the acting user, without a device."""
    acting = world.server.api(x_api_key=world.api_key, parley_user=world.alice.user_id)
    (result,) = acting.SendMessages(messages=[to_bob(world, "hello")]).results
    acting.close()
    assert (result.message.sender_id, result.message.sender_device_id) == (world.alice.user_id, "")


def test_batches_of_a_wrong_size(world):
    """None, 101, and more than 1 MiB: nothing is stored."""
    for count in (0, 101):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            world.alice.api.SendMessages(messages=[to_bob(world, "hello")] * count)
    with refused("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE"):
        world.alice.api.SendMessages(messages=[to_bob(world, "x" * (64 * KIB))] * 17)
    assert not world.alice.api.ListChats().chats
    sent = send(world, *["x" * (64 * KIB)] * 15)
    assert sent[-1].seq == 15
