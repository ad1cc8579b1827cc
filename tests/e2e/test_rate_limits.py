# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What users and apps may send and create in a second: who is refused and who is not, what they are told, and that
nothing is lost or out of order when it comes again.

A limit of one byte a second refuses for sure: a message of HEAVY bytes leaves a debt of two hours.
"""
import itertools
import re
import subprocess

import grpc
import pytest
from api_client import METHODS, World
from parley_pb import message_service_pb2, stream_service_pb2
from programs import PARLEY, parley_environment
from prometheus_text import metrics_of
from refusals import refused
from stream import GRPC, GrpcStream
from uuid7 import uuid7

HEAVY = 7200
WAIT_S = 120
CREATIONS_MAX = 500
LINES = 60
NO_LIMIT = -1
POLICY = re.compile(r'"(\w+)";q=(\d+);w=1(;qu="content-bytes")?')
STATE = re.compile(r'"(\w+)";r=(\d+);t=(\d+)')


@pytest.fixture
def limit(world):
    """Sets limits of the app."""
    return lambda **limits: world.operator.UpdateApp(app_id=world.app_id, **limits)


def say(sender, recipient, content="hi"):
    """Sends one message."""
    return sender.api.SendMessage(recipient_id=recipient.user_id, content=content)


def refused_by(name):
    """The block must be over the limit of this name."""
    return refused("RESOURCE_EXHAUSTED", "RATE_LIMITED", limit=name)


def until_refused(create):
    """Creates without a pause until that is refused."""
    for number in range(CREATIONS_MAX):
        create(number)


@pytest.mark.transports("grpc", "rest")
def test_a_user_over_a_limit_is_refused_and_others_are_not(world, limit):
    """Until the limit is another one."""
    assert limit(user_bytes_per_second=1).user_bytes_per_second == 1
    say(world.alice, world.bob, "x" * HEAVY)
    with refused_by("user_bytes") as caught:
        say(world.alice, world.bob)
    assert caught.value.retry_after_s > 3600
    with refused_by("user_bytes"):
        world.backend_as(world.alice).SendMessage(recipient_id=world.bob.user_id, content="hi")
    assert say(world.bob, world.alice).seq == 2
    limit(user_bytes_per_second=NO_LIMIT)
    assert say(world.alice, world.bob).seq == 3


@pytest.mark.transports("grpc", "rest")
def test_users_share_the_limit_of_their_app(server, world, limit):
    """Another app has its own. An edit counts as a message."""
    other = World(server)
    first = say(world.alice, world.bob)
    limit(app_bytes_per_second=1)
    say(world.alice, world.bob, "x" * HEAVY)
    with refused_by("app_bytes"):
        say(world.bob, world.alice)
    with refused_by("app_bytes"):
        world.alice.api.EditMessage(message_id=first.message_id, content="ho")
    assert say(other.bob, other.alice).seq == 1
    other.close()


def test_creations_are_counted_too(world, limit):
    """Of a user and of an app; what was refused is not there."""
    limit(user_creates_per_second=1)
    with refused_by("user_creates"):
        until_refused(lambda number: world.alice.api.CreateChat(
            chat_type="CHAT_TYPE_GROUP", name=f"group {number}", participants=[{"user_id": world.bob.user_id}]))
    limit(app_creates_per_second=1)
    with refused_by("app_creates"):
        until_refused(lambda number: world.backend.CreateUser(username=f"user-{number}"))
    limit(app_creates_per_second=NO_LIMIT)
    assert world.backend.CreateUser(username="late").user_id


@pytest.mark.transports("grpc", "rest")
def test_an_app_begins_with_the_limits_it_was_created_with(world):
    """What is no limit is refused; what is not said is left to the server."""
    app = world.operator.CreateApp(name="Small", user_messages_per_second=7, app_bytes_per_second=NO_LIMIT)
    assert (app.user_messages_per_second, app.app_bytes_per_second, app.app_messages_per_second) == (7, -1, 0)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.operator.CreateApp(name="Small", user_messages_per_second=-2)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT", field="app_creates_per_second"):
        world.operator.UpdateApp(app_id=app.app_id, app_creates_per_second=1000000001)
    changed = world.operator.UpdateApp(app_id=app.app_id, user_messages_per_second=0,
                                       update_mask={"paths": ["user_messages_per_second"]})
    assert (changed.user_messages_per_second, changed.app_bytes_per_second) == (0, -1)


@pytest.mark.transports("grpc", "rest")
def test_a_batch_is_stored_up_to_the_first_that_is_too_much(world, limit):
    """When it comes again the rest follows, once and in order."""
    limit(user_bytes_per_second=1)
    batch = [message_service_pb2.SendMessageRequest(message_id=uuid7(), recipient_id=world.bob.user_id, content=content)
             for content in ("x" * HEAVY, "two", "", "four")]
    results = world.alice.api.SendMessages(messages=batch).results
    assert [result.message.seq or result.error.reason for result in results] == [
        1, "RATE_LIMITED", "INVALID_CONTENT", "RATE_LIMITED"]
    assert results[1].error.retry_after_ms > 60000 and not results[2].error.retry_after_ms
    limit(user_bytes_per_second=NO_LIMIT)
    results = world.alice.api.SendMessages(messages=batch).results
    assert [result.message.seq or result.error.reason for result in results] == [1, 2, "INVALID_CONTENT", 3]


def test_nothing_of_a_batch_overtakes_what_was_refused(world, limit):
    """Though there is enough left for it."""
    limit(user_bytes_per_second=60000)
    results = world.alice.api.SendMessages(messages=[
        message_service_pb2.SendMessageRequest(recipient_id=world.bob.user_id, content="x" * length)
        for length in (50000, 60000, 1)]).results
    reasons = [result.error.reason for result in results]
    assert reasons[0] == "" and reasons[1] == reasons[2], "only who is held up for most of a second may send all"


# --- headers ----------------------------------------------------------------------------------------------------------


def over_rest(world, verb, target, body=None):
    """The answer to a request of alice's."""
    headers = world.alice.api.metadata + (("content-type", "application/json"),)
    return world.server.connections.exchange(verb, target, headers, body)


def fields_of(headers):
    """{name: quota} of the policy, and name, rest and time of the state."""
    policy = {match[1]: int(match[2]) for match in map(POLICY.fullmatch, headers["ratelimit-policy"].split(", "))}
    name, left, seconds = STATE.fullmatch(headers["ratelimit"]).groups()
    return policy, name, int(left), int(seconds)


@pytest.mark.transports("rest")
def test_answers_over_rest_say_what_is_left(world, limit):
    """Of what is counted, good or bad."""
    limit(user_messages_per_second=1000, user_bytes_per_second=100000, app_messages_per_second=NO_LIMIT)
    body = '{"recipient_id": "%s", "content": "%s"}'
    answer = over_rest(world, "POST", "/v1/messages", (body % (world.bob.user_id, "hi")).encode())
    assert answer.status == 201
    policy, name, left, seconds = fields_of(answer.headers)
    assert {"user_messages": 1000, "user_bytes": 100000}.items() <= policy.items()
    assert "app_messages" not in policy and "user_creates" not in policy
    assert name in ("user_messages", "user_bytes") and left < policy[name] and seconds == 1
    limit(user_bytes_per_second=1)
    assert over_rest(world, "POST", "/v1/messages", (body % (world.bob.user_id, "x" * HEAVY)).encode()).status == 201
    answer = over_rest(world, "POST", "/v1/messages", (body % (world.bob.user_id, "hi")).encode())
    assert answer.status == 429 and int(answer.headers["retry-after"]) > 3600
    policy, name, left, seconds = fields_of(answer.headers)
    assert policy["user_bytes"] == 1 and (name, left) == ("user_bytes", 0) and seconds > 60
    assert "ratelimit" not in over_rest(world, "GET", "/v1/chats").headers


def test_answers_over_grpc_have_the_same_as_initial_metadata(world, limit):
    """Of a message."""
    limit(user_messages_per_second=1000)
    method = METHODS["SendMessage"]
    call = world.alice.api.channel.unary_unary(f"/{method.containing_service.full_name}/SendMessage")
    request = message_service_pb2.SendMessageRequest(recipient_id=world.bob.user_id, content="hi")
    _, told = call.with_call(request.SerializeToString(), metadata=world.alice.api.metadata)
    policy, _, _, _ = fields_of(dict(told.initial_metadata()))
    assert policy["user_messages"] == 1000


# --- streams ----------------------------------------------------------------------------------------------------------


class Stream:
    """One Connect, and what it is told."""

    def __init__(self, server, token):
        self._stream = GrpcStream(GRPC, server.address, token)
        self._stream.send(stream_service_pb2.ClientFrame(hello={"protocol_version": 1, "client": "e2e"}))
        self._frames = self._stream.frames()

    def send(self, *messages):
        """In one frame; their numbers are their request ids. {number: seq or Failed} when all are answered."""
        self._stream.send(stream_service_pb2.ClientFrame(sends=[
            stream_service_pb2.Send(request_id=number, message=message) for number, message in messages]))
        answers = {}
        for frame in self._frames:
            answers |= {sent.request_id: sent.seq for sent in frame.sents}
            answers |= {failed.request_id: failed for failed in frame.faileds}
            if len(answers) == len(messages):
                return answers
        raise AssertionError(f"the stream ended: {self._stream.end}")

    def close(self):
        """Ends it."""
        self._stream.close()


def test_a_stream_goes_on_when_sends_are_refused(server, world, limit):
    """They are stored when they come again, in their order."""
    limit(user_bytes_per_second=1)
    before = refusals(server)
    stream = Stream(server, world.alice.token)
    messages = [message_service_pb2.SendMessageRequest(message_id=uuid7(), recipient_id=world.bob.user_id,
                                                       content=content) for content in ("x" * HEAVY, "two", "three")]
    numbered = list(zip(itertools.count(1), messages))
    answers = stream.send(*numbered)
    assert answers[1] == 1
    assert {answers[number].reason for number in (2, 3)} == {"RATE_LIMITED"}
    assert {answers[number].code for number in (2, 3)} == {grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]}
    assert all(answers[number].retry_after_ms > 60000 for number in (2, 3))
    assert refusals(server) == before + 1
    limit(user_bytes_per_second=NO_LIMIT)
    assert stream.send(numbered[2])[3].reason == "RATE_LIMITED", "it overtakes the second"
    answers = stream.send(*numbered[1:])
    while answers != {2: 2, 3: 3}:  # what streams ask for together may have been read just before the limit changed
        assert {answer.reason for answer in answers.values()} == {"RATE_LIMITED"}
        answers = stream.send(*numbered[1:])
    stream.close()


def refusals(server):
    """How many the limit of bytes has refused."""
    return metrics_of(server).value("parley_rate_limited_total", limit="user_bytes")


def test_a_command_that_is_faster_than_it_may_be_loses_nothing_and_keeps_the_order(server, world, limit):
    """It says all its lines at once, of which a few are taken at a time."""
    limit(user_messages_per_second=20)
    chat_id = say(world.bob, world.alice, "hello").chat_id
    lines = [f"line {number}" for number in range(LINES)]
    run = subprocess.run([PARLEY, "chat", "--chat", chat_id, "--json"], input="\n".join(lines) + "\n",
                         env=parley_environment(server, world.alice.token), text=True, timeout=WAIT_S, check=False,
                         capture_output=True)
    assert run.returncode == 0, run.stderr
    page = world.bob.api.ListMessages(chat_id=chat_id, page_size=100)
    assert [message.content for message in reversed(page.messages)] == ["hello", *lines]
