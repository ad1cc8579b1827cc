# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Listing parts of a chat: by place, by message, by time, and page by page."""
import datetime

import pytest
from api_client import World
from google.protobuf.timestamp_pb2 import Timestamp
from parley_pb import message_service_pb2
from refusals import refused

pytestmark = pytest.mark.transports("grpc", "rest")

KIB = 1024
COUNT = 20
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
ALL = list(range(COUNT, 0, -1))


class Chat:
    """A chat of alice and bob with COUNT messages, one each minute since START; 7 to 9 have the same time."""

    def __init__(self, world, postgres):
        requests = [message_service_pb2.SendMessageRequest(recipient_id=world.bob.user_id, content=f"{number}")
                    for number in range(1, COUNT + 1)]
        results = world.alice.api.SendMessages(messages=requests).results
        self.world = world
        self.ids = ["", *(result.message.message_id for result in results)]  # by seq
        self.chat_id = results[0].message.chat_id
        postgres.query(f"""update messages set created_at = timestamptz '{START.isoformat()}' + interval '1 minute'
            * case when seq in (8, 9) then 7 else seq end where chat_id = '{self.chat_id}'""")

    def pages(self, **fields):
        """All pages, each as a list of seqs."""
        token, pages = "", []
        while token or not pages:
            page = self.world.bob.api.ListMessages(chat_id=self.chat_id, page_token=token, **fields)
            pages.append([message.seq for message in page.messages])
            assert [message.message_id for message in page.messages] == [self.ids[seq] for seq in pages[-1]]
            token = page.next_page_token
        return pages

    def seqs(self, **fields):
        """The only page."""
        (page,) = self.pages(**fields)
        return page


@pytest.fixture
def chat(world, postgres):
    """A fresh one."""
    return Chat(world, postgres)


def at(minute, microseconds=0):
    """A time, for a request."""
    return Timestamp(seconds=int(START.timestamp()) + 60 * minute, nanos=1000 * microseconds)


def test_by_place(chat):
    """Both bounds are exclusive; what is beyond the ends does not matter."""
    assert chat.seqs() == ALL
    assert chat.seqs(before_seq=4) == [3, 2, 1]
    assert chat.seqs(after_seq=17) == [20, 19, 18]
    assert chat.seqs(after_seq=4, before_seq=7) == [6, 5]
    assert chat.seqs(after_seq=4, before_seq=5) == []
    assert chat.seqs(before_seq=1) == []
    assert chat.seqs(before_seq=2**63 - 1) == ALL
    assert chat.seqs(after_seq=2**63 - 2) == []


def test_by_message(chat):
    """As by the place of the message, and together with a place."""
    assert chat.seqs(before_message_id=chat.ids[4]) == [3, 2, 1]
    assert chat.seqs(after_message_id=chat.ids[17]) == [20, 19, 18]
    assert chat.seqs(after_message_id=chat.ids[4], before_message_id=chat.ids[7]) == [6, 5]
    assert chat.seqs(after_message_id=chat.ids[4], before_seq=7) == [6, 5]


def test_by_time(chat):
    """since is inclusive, until is exclusive."""
    assert chat.seqs(since=at(18)) == [20, 19, 18]
    assert chat.seqs(since=at(17, 1)) == [20, 19, 18]
    assert chat.seqs(until=at(4)) == [3, 2, 1]
    assert chat.seqs(until=at(3, 1)) == [3, 2, 1]
    assert chat.seqs(since=at(7), until=at(10)) == [9, 8, 7]
    assert chat.seqs(until=at(7)) == [6, 5, 4, 3, 2, 1]
    assert chat.seqs(since=at(7, 1)) == list(range(20, 9, -1))
    assert chat.seqs(since=at(0), until=at(1000)) == ALL
    assert chat.seqs(since=at(21)) == []
    assert chat.seqs(until=at(1)) == []
    assert chat.seqs(since={"seconds": -62135596800}, until={"seconds": 253402300799}) == ALL


def test_every_bound_holds(chat):
    """The narrowest of them decides; that nothing is left is no mistake."""
    assert chat.seqs(since=at(3), after_seq=5, until=at(9, 30), before_seq=8) == [7, 6]
    assert chat.seqs(since=at(6), after_seq=2, until=at(10), before_message_id=chat.ids[20]) == [9, 8, 7, 6]
    assert chat.seqs(since=at(12), before_seq=5) == []


def test_pages_of_a_part(chat):
    """They go on where the page before ended, and stop at the bound."""
    assert chat.pages(page_size=2, after_seq=10, before_seq=16) == [[15, 14], [13, 12], [11]]
    assert chat.pages(page_size=3, since=at(5), until=at(11)) == [[10, 9, 8], [7, 6, 5]]
    assert chat.pages(page_size=10, after_message_id=chat.ids[5]) == [list(range(20, 10, -1)), list(range(10, 5, -1))]


def test_a_page_token_is_bound_to_its_bounds(chat):
    """With any other it is refused; another page_size is no other list."""
    def page(token, **fields):
        return chat.world.bob.api.ListMessages(chat_id=chat.chat_id, page_token=token, **fields)
    bounds = {"after_seq": 2, "before_message_id": chat.ids[18], "since": at(1), "until": at(19)}
    token = page("", page_size=2, **bounds).next_page_token
    assert [message.seq for message in page(token, page_size=3, **bounds).messages] == [15, 14, 13]
    others = {"after_seq": 3, "before_message_id": chat.ids[17], "since": at(2), "until": at(18)}
    for name, value in others.items():
        with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
            page(token, **{**bounds, name: value})
        with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
            page(token, **{key: bounds[key] for key in bounds if key != name})
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        page(token)


BAD_BOUNDS = {
    "negative_before": ({"before_seq": -1}, "before_seq"),
    "negative_after": ({"after_seq": -(2**63)}, "after_seq"),
    "after_is_before": ({"after_seq": 5, "before_seq": 5}, "after_seq"),
    "two_befores": ({"before_seq": 5, "before_message_id": 5}, "before_message_id"),
    "two_afters": ({"after_seq": 5, "after_message_id": 5}, "after_message_id"),
    "same_message": ({"after_message_id": 5, "before_message_id": 5}, "after_message_id"),
    "messages_the_wrong_way": ({"after_message_id": 6, "before_message_id": 5}, "after_message_id"),
    "place_after_message": ({"after_seq": 5, "before_message_id": 5}, "before_message_id"),
    "message_after_place": ({"after_message_id": 5, "before_seq": 5}, "after_message_id"),
    "since_until": ({"since": at(5), "until": at(5)}, "since"),
}


@pytest.mark.parametrize("fields,name", BAD_BOUNDS.values(), ids=BAD_BOUNDS.keys())
def test_bounds_that_cannot_be(chat, fields, name):
    """The error names the field."""
    fields = {key: chat.ids[value] if key.endswith("_id") else value for key, value in fields.items()}
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT", field=name):
        chat.seqs(**fields)


@pytest.mark.transports("grpc")
@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("time", [{"seconds": 253402300800}, {"seconds": -62135596801}, {"nanos": 1000000000},
                                  {"nanos": -1}], ids=["year_10000", "year_0", "a_second_of_nanos", "negative_nanos"])
def test_times_that_are_none(chat, name, time):
    """JSON cannot say them."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT", field=name):
        chat.seqs(**{name: time})


@pytest.mark.parametrize("name", ["chat_id", "before_message_id", "after_message_id"])
def test_ids_that_are_none(chat, name):
    """The error names the field."""
    with refused("INVALID_ARGUMENT", "INVALID_ID", field=name):
        chat.world.bob.api.ListMessages(**{"chat_id": chat.chat_id, name: "x" * 36})


def test_messages_of_other_chats(chat, server):
    """A message of another chat, of another app, or that is not there: the answer is the same."""
    world, other = chat.world, World(server)
    carol = world.backend.CreateUser(username="carol").user_id
    foreign = other.alice.api.SendMessage(recipient_id=other.bob.user_id, content="hello")
    for message_id in (world.alice.api.SendMessage(recipient_id=carol, content="hello").message_id,
                       foreign.message_id, carol):
        for name in ("before_message_id", "after_message_id"):
            with refused("NOT_FOUND", "MESSAGE_NOT_FOUND", field=name):
                world.alice.api.ListMessages(**{"chat_id": chat.chat_id, name: message_id})
    for bounds in ({}, {"since": at(0)}, {"before_message_id": foreign.message_id}):
        with refused("PERMISSION_DENIED", "NOT_A_MEMBER"):
            world.alice.api.ListMessages(chat_id=foreign.chat_id, **bounds)
    other.close()


def test_times_of_membership(chat, postgres):
    """Who left and came back sees both times, each entry once, also when they overlap."""
    world = chat.world
    where = f"chat_id = '{chat.chat_id}' and user_id = '{world.bob.user_id}'"
    postgres.query(f"update participants set left_seq = 4 where {where}")
    postgres.query(f"""insert into participants (chat_id, user_id, joined_seq, visible_from, role)
        values ('{chat.chat_id}', '{world.bob.user_id}', 15, 15, 3)""")
    assert chat.pages(page_size=4) == [[20, 19, 18, 17], [16, 15, 4, 3], [2, 1]]
    assert chat.seqs(after_seq=3, before_seq=16) == [15, 4]
    for name in ("before_message_id", "after_message_id"):
        with refused("NOT_FOUND", "MESSAGE_NOT_FOUND", field=name):
            chat.seqs(**{name: chat.ids[10]})
    postgres.query(f"update participants set visible_from = 2 where {where} and joined_seq = 15")
    assert chat.seqs() == ALL


def test_a_page_of_large_bodies_is_cut(chat):
    """At 1 MiB of bodies; the next page goes on behind it, and one that is just full is not cut."""
    world = chat.world
    request = message_service_pb2.SendMessageRequest(recipient_id=world.bob.user_id,
                                                     encrypted_content=b"x" * (64 * KIB))
    for _ in range(5):  # in JSON they are a third larger, and a request has at most 1 MiB
        world.alice.api.SendMessages(messages=[request] * 9)
    page, sizes = None, []
    while page is None or page.next_page_token:
        page = world.bob.api.ListMessages(chat_id=chat.chat_id, page_size=100, after_seq=COUNT,
                                          page_token=page.next_page_token if page else "")
        sizes.append(len(page.messages))
    assert sizes == [16, 16, 13]
    full = world.bob.api.ListMessages(chat_id=chat.chat_id, page_size=100, after_seq=COUNT, before_seq=COUNT + 17)
    assert (len(full.messages), full.next_page_token) == (16, "")
