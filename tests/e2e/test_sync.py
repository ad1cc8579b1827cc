# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What a device has missed, without a stream: pages until they are acknowledged, and calls that rest."""
import concurrent.futures
import contextlib
import http.client
import time

import pytest
from api_client import Person
from device import Device
from parley_pb import sync_service_pb2 as pb
from prometheus_text import await_metrics, metrics_of
from refusals import refused

# pylint: disable=redefined-outer-name

WAIT_S = 60  # longer than a call may take over gRPC: what does not end the rest fails
SHORT_S = 1  # waited for in full
DEADLINE_S = 120
both = pytest.mark.transports("grpc", "rest")


def wait_for_resting(server, count):
    """Until so many calls rest; what parleyd counted then."""
    return await_metrics(server, lambda metrics: metrics.value("parley_polls_resting") == count)


class Rests:
    """Calls of Sync that wait, each on a thread."""

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(16)

    def begin(self, api, **fields):
        """The call of a device; its future."""
        return self.pool.submit(api.Sync, **{"wait_seconds": WAIT_S, **fields})

    def close(self):
        """All have ended."""
        self.pool.shutdown()


@pytest.fixture
def rests():
    """Calls that rest."""
    rests = Rests()
    yield rests
    rests.close()


def acks_of(entries):
    """How far a device is that has these."""
    ends = {}
    for entry in entries:
        ends[entry.chat_id] = max(entry.seq, ends.get(entry.chat_id, 0))
    return [{"chat_id": chat_id, "seq": seq} for chat_id, seq in ends.items()]


def catch_up(api, **fields):
    """All that a device has not acknowledged, acknowledged page by page; and the last page."""
    entries, page = [], None
    while page is None or page.entries:
        page = api.Sync(**fields)
        entries += page.entries
        api.AckSync(acks=acks_of(page.entries))
    return entries, page


def begin(person):
    """The person's device has everything; its token of then."""
    return catch_up(person.api)[1].sync_token


def await_news(api, subject):
    """What tells a user of a device or a group is stored a little later than that: until it has come."""
    entries = []
    while subject not in str([entry.event for entry in entries]):
        entries = api.Sync(wait_seconds=WAIT_S).entries
        api.AckSync(acks=acks_of(entries))


@both
def test_pages_come_until_they_are_acknowledged(world):
    """In order, each again until it is acknowledged, and then never again."""
    begin(world.bob)
    requests = [{"recipient_id": world.bob.user_id, "content": f"{number}"} for number in range(1, 101)]
    chat_id = [world.alice.api.SendMessages(messages=requests) for _ in range(3)][0].results[0].message.chat_id
    first = world.bob.api.Sync(page_size=120)
    assert [entry.seq for entry in first.entries if entry.chat_id == chat_id] == list(range(1, 121)) and first.more
    assert world.bob.api.Sync(page_size=120).entries == first.entries
    world.bob.api.AckSync(acks=[{"chat_id": chat_id, "seq": 70}])
    world.bob.api.AckSync(acks=[{"chat_id": chat_id, "seq": 30}])
    assert world.bob.api.Sync(page_size=1).entries[0].seq == 71
    entries, last = catch_up(world.bob.api)
    assert [entry.seq for entry in entries if entry.chat_id == chat_id] == list(range(71, 301))
    assert not last.more and not last.entries
    assert world.alice.api.GetMessage(message_id=entries[-1].message_id).delivered_count == 1


@both
def test_a_page_is_bounded_by_bytes(world):
    """Ten messages of 60 KiB are more than one page."""
    begin(world.bob)
    for _ in range(10):
        world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="x" * 60000)
    page = world.bob.api.Sync()
    assert page.more and 1 < len(page.entries) < 10
    assert len(catch_up(world.bob.api)[0]) == 10


@both
@pytest.mark.parametrize("page_size", [1, 100])
def test_nothing_waits_behind_a_busy_chat(world, page_size):
    """What a device misses least of comes first, however far ahead another chat is."""
    begin(world.bob)
    busy, *others = sorted(world.alice.api.CreateChat(
        chat_type="CHAT_TYPE_GROUP", participants=[{"user_id": world.bob.user_id}]).chat_id for _ in range(4))
    for _ in range(3):
        requests = [{"chat_id": busy, "content": f"{number}" + "x" * 3000} for number in range(100)]
        world.alice.api.SendMessages(messages=requests)
    for chat_id in others:
        world.alice.api.SendMessage(chat_id=chat_id, content="hello")
    came = []
    while not set(others) <= set(came):
        page = world.bob.api.Sync(page_size=page_size)
        world.bob.api.AckSync(acks=acks_of(page.entries))
        came += [entry.chat_id for entry in page.entries if entry.chat_id in (busy, *others)]
    assert sorted(came[:3]) == others
    came += [entry.chat_id for entry in catch_up(world.bob.api)[0]]
    assert came.count(busy) == 300


def test_a_call_rests_until_something_comes(server, world, rests):
    """A message; a group that the user is new in."""
    token = begin(world.bob)
    call = rests.begin(world.bob.api, sync_token=token)
    wait_for_resting(server, 1)
    sent = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    page = call.result()
    assert [entry.message_id for entry in page.entries] == [sent.message_id]
    catch_up(world.bob.api)
    call = rests.begin(world.bob.api, sync_token=page.sync_token)
    wait_for_resting(server, 1)
    chat = world.alice.api.CreateChat(chat_type="CHAT_TYPE_GROUP", name="group",
                                      participants=[{"user_id": world.bob.user_id}])
    assert chat.chat_id in str(call.result().entries)


def test_nothing_is_an_empty_page_when_the_wait_is_over(world):
    """At once when there is none."""
    token = begin(world.bob)
    for wait_seconds in (0, SHORT_S):
        page = world.bob.api.Sync(wait_seconds=wait_seconds, sync_token=token)
        assert page == pb.SyncResponse(sync_token=token)


def test_receipts_come_once_for_each_token(server, world, rests):
    """What moved between two calls comes with the next, and what moves meanwhile ends it."""
    begin(world.alice)
    sent = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    begin(world.bob)
    token = begin(world.alice)
    assert token == world.alice.api.Sync(sync_token=token).sync_token
    first = world.alice.api.Sync()
    assert [(one.user_id, one.delivered_seq, one.read_seq) for one in first.receipts] == [(world.bob.user_id, 1, 0)]
    assert not world.alice.api.Sync(sync_token=token).receipts
    call = rests.begin(world.alice.api, sync_token=token)
    wait_for_resting(server, 1)
    world.bob.api.MarkRead(message_id=sent.message_id)
    (receipt,) = call.result().receipts
    assert (receipt.chat_id, receipt.read_seq) == (sent.chat_id, 1) and receipt.HasField("at")
    (receipt,) = world.alice.api.Sync(sync_token=token).receipts
    assert receipt.read_seq == 1 and not receipt.HasField("at")


def test_counts_of_groups_end_a_rest(server, world, rests):
    """How far own messages have come, told while the call rests."""
    group = world.alice.api.CreateChat(chat_type="CHAT_TYPE_GROUP", name="group",
                                       participants=[{"user_id": world.bob.user_id}])
    for one in (world.alice, world.bob):
        await_news(one.api, group.chat_id)
    sent = world.alice.api.SendMessage(chat_id=group.chat_id, content="hello")
    token = begin(world.alice)
    call = rests.begin(world.alice.api, sync_token=token)
    wait_for_resting(server, 1)
    begin(world.bob)
    (receipt,) = call.result().group_receipts
    assert (receipt.chat_id, receipt.last_seq, receipt.delivered_count) == (group.chat_id, sent.seq, 1)


def test_a_newer_call_ends_an_older_one(server, world, rests):
    """With an empty page; another device's call goes on."""
    token = begin(world.bob)
    device = world.backend.CreateDevice(user_id=world.bob.user_id, name="tablet").device_id
    await_news(world.bob.api, device)
    tablet = world.backend.CreateToken(user_id=world.bob.user_id, device_id=device).token
    other = world.backend.anew(authorization=f"Bearer {tablet}")
    catch_up(other)
    calls = [rests.begin(world.bob.api, sync_token=token), rests.begin(other, sync_token=token)]
    wait_for_resting(server, 2)
    newer = rests.begin(world.bob.api, sync_token=token)
    assert calls[0].result() == pb.SyncResponse(sync_token=token)
    wait_for_resting(server, 2)
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    for call in (calls[1], newer):
        assert [entry.content for entry in call.result().entries] == ["hello"]
    other.close()


def test_a_stream_and_a_call_of_one_device(server, world, rests):
    """Neither ends the other, and both get it."""
    token = begin(world.bob)
    bob = Device(server.address, world.bob.token)
    bob.wait_for(lambda device: device.caught_up)
    call = rests.begin(world.bob.api, sync_token=token)
    wait_for_resting(server, 1)
    sent = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    assert [entry.message_id for entry in call.result().entries] == [sent.message_id]
    bob.wait_for(lambda device: sent.chat_id in device.entries)
    assert not bob.end
    bob.close()


def test_a_revoked_device_gets_nothing_that_comes_later(server, world, rests):
    """Also when its call rested before."""
    token = begin(world.bob)
    call = rests.begin(world.bob.api, sync_token=token)
    wait_for_resting(server, 1)
    world.backend.RevokeDevice(user_id=world.bob.user_id, device_id=world.bob.device_id)
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    with refused("UNAUTHENTICATED", "DEVICE_REVOKED"):
        call.result()


class Crowd:
    """Many devices of one group, each with a call that rests."""

    def __init__(self, world, users, devices):
        self.people = [Person(world.backend, f"user{number}") for number in range(users)]
        self.apis = [one.api for one in self.people]
        for one in self.people:
            for _ in range(devices - 1):
                device = world.backend.CreateDevice(user_id=one.user_id).device_id
                token = world.backend.CreateToken(user_id=one.user_id, device_id=device).token
                self.apis.append(one.api.anew(authorization=f"Bearer {token}"))
        members = [{"user_id": one.user_id} for one in self.people]
        self.group = world.alice.api.CreateChat(chat_type="CHAT_TYPE_GROUP", name="all", participants=members).chat_id
        for one in self.people:
            await_news(one.api, self.group)
        for api in self.apis:
            catch_up(api)

    def rest(self, wait_seconds):
        """A call for each device; their futures."""
        path = "/parley.v1.SyncService/Sync"
        request = pb.SyncRequest(wait_seconds=wait_seconds).SerializeToString()
        return [api.channel.unary_unary(path, response_deserializer=pb.SyncResponse.FromString).future(
            request, metadata=api.metadata, timeout=DEADLINE_S) for api in self.apis]

    def rest_together(self, server):
        """Calls that have all rested at some moment, and what parleyd counted then.

        The first may be over before the last rests, on a busy machine; then they try it with more time.
        """
        for wait_seconds in (3, 12, WAIT_S):
            calls = self.rest(wait_seconds)
            while not any(call.done() for call in calls):
                if (metrics := metrics_of(server)).value("parley_polls_resting") == len(calls):
                    return calls, metrics
                time.sleep(0.01)
            for call in calls:
                call.result()
        raise AssertionError(f"{len(self.apis)} calls do not come to rest within {WAIT_S} s")

    def close(self):
        """Closes every connection."""
        for api in self.apis:
            api.close()


@pytest.fixture
def crowd(world):
    """30 users with 4 devices each."""
    crowd = Crowd(world, 30, 4)
    yield crowd
    crowd.close()


def test_resting_calls_ask_nothing_of_the_database(server, world, crowd):
    """From the moment that all rest until their wait is over; and one entry wakes all."""
    calls, before = crowd.rest_together(server)
    assert [call.result() for call in calls] == [pb.SyncResponse(sync_token=calls[0].result().sync_token)] * len(calls)
    after = metrics_of(server)
    for name in ("parley_queries_total", "parley_cursor_flushes_total", "parley_append_batches_total"):
        assert after.value(name) == before.value(name), name
    calls = crowd.rest(WAIT_S)
    wait_for_resting(server, len(calls))
    sent = world.alice.api.SendMessage(chat_id=crowd.group, content="hello")
    assert {entry.message_id for call in calls for entry in call.result().entries} == {sent.message_id}
    assert [len(call.result().entries) for call in calls] == [1] * len(calls)
    wait_for_resting(server, 0)


@both
@pytest.mark.parametrize("fields", [{"wait_seconds": -1}, {"wait_seconds": 61}, {"wait_seconds": 2**31 - 1},
                                    {"sync_token": "x"}, {"sync_token": "A" * 170}, {"sync_token": "ä" * 171}])
def test_bad_calls(world, fields):
    """Are refused by the field."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT", field=next(iter(fields))):
        world.bob.api.Sync(**fields)


@both
def test_bad_pages_and_acknowledgements(world):
    """Nothing is acknowledged by halves."""
    begin(world.bob)
    chat_id = world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello").chat_id
    other = world.backend.CreateUser(username="carol").user_id
    strange = world.alice.api.SendMessage(recipient_id=other, content="hello").chat_id
    for page_size in (-1, 1001):
        with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
            world.bob.api.Sync(page_size=page_size)
    good = {"chat_id": chat_id, "seq": 1}
    for seq in (2, -1, 2**63 - 1):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            world.bob.api.AckSync(acks=[good, {"chat_id": chat_id, "seq": seq}])
    with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
        world.bob.api.AckSync(acks=[good, {"chat_id": strange, "seq": 1}])
    with refused("INVALID_ARGUMENT", "INVALID_ID"):
        world.bob.api.AckSync(acks=[good, {"chat_id": "x", "seq": 1}])
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.bob.api.AckSync(acks=[good] * 1001)
    assert [entry.content for entry in world.bob.api.Sync().entries] == ["hello"]
    world.bob.api.AckSync(acks=[])
    world.bob.api.AckSync(acks=[good] * 1000)
    assert not world.bob.api.Sync().entries


@both
def test_api_keys_have_no_device(world):
    """So nothing that they could have missed."""
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.backend_as(world.bob).Sync()
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.backend_as(world.bob).AckSync()


# ---- over REST: what the gateway has to do with a call that rests ----


@contextlib.contextmanager
def resting(server, person, token):
    """A call over REST that rests; its connection."""
    connection = http.client.HTTPConnection(f"127.0.0.1:{server.gateway.port}", timeout=DEADLINE_S)
    connection.request("GET", f"/v1/sync?wait_seconds=60&sync_token={token}",
                       headers={"authorization": f"Bearer {person.token}"})
    wait_for_resting(server, 1)
    yield connection
    connection.close()


@pytest.mark.transports("rest")
def test_a_client_that_goes_away_ends_its_call(server, world):
    """In parleyd, too."""
    with resting(server, world.bob, begin(world.bob)):
        assert server.gateway.metric("gateway_polls") == 1
    wait_for_resting(server, 0)
    server.gateway.wait_for_metric("gateway_polls", 0)


@pytest.mark.transports("rest")
def test_a_kill_in_a_rest_loses_nothing(server, world):
    """503 and a hint; then everything, once."""
    with resting(server, world.bob, begin(world.bob)) as connection:
        server.kill()
        answer = connection.getresponse()
        assert answer.status == 503 and answer.headers["retry-after"] and answer.read()
    server.start()
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="hello")
    assert [entry.content for entry in catch_up(world.bob.api)[0]] == ["hello"]


@pytest.mark.transports("rest")
def test_who_stops_answers_what_rests(server, world):
    """parleyd or the gateway: an empty page, at once."""
    for program in (server, server.gateway):
        with resting(server, world.bob, begin(world.bob)) as connection:
            program.terminate()
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200 and b'"entries":[]' in body.replace(b" ", b""), body
            assert program.process.wait(timeout=DEADLINE_S) == 0, program.log_text()
            server.connections.close()
            program.start()
            server.gateway.wait_until_ready()
