# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Calls with an idempotency key happen once, whoever repeats them and whenever."""
import concurrent.futures
import contextlib
import subprocess
import uuid

import pytest
from api_client import Person
from refusals import refused

pytestmark = pytest.mark.transports("grpc", "rest")

AT_ONCE = 8


@pytest.fixture
def once(world):
    """The app's backend with a fresh key."""
    return world.backend.also(idempotency_key=str(uuid.uuid4()))


def count(postgres, table, where="true"):
    """Rows of a table."""
    return int(postgres.query(f"select count(*) from {table} where {where}")[0])


def test_replay_gets_the_first_answer(world, once, postgres):
    """Byte for byte, and nothing happens again; not even when the user has changed since."""
    fields = {"username": "carol", "phone_number": "+31201234567", "metadata": dict.fromkeys("abcdef", "x")}
    first = once.CreateUser(**fields)
    users = count(postgres, "users")
    for _ in range(4):  # a map has another order on the wire each time
        assert once.CreateUser(**fields) == first
    assert count(postgres, "users") == users
    assert world.backend.GetUser(user_id=first.user_id) == first


def test_every_create_replays(world, once):
    """Each with a key of its own."""
    operator = world.operator.also(idempotency_key=world.app_id)
    assert operator.CreateApp(name="Once") == operator.CreateApp(name="Once")
    fields = {"user_id": world.alice.user_id, "name": "tablet"}
    assert once.CreateDevice(**fields) == once.CreateDevice(**fields)
    group = {"chat_type": "CHAT_TYPE_GROUP", "name": "Once", "participants": [{"user_id": world.bob.user_id}]}
    alice = world.alice.api.also(idempotency_key="group")
    chat = alice.CreateChat(**group)
    world.alice.api.SendMessage(chat_id=chat.chat_id, content="hello")
    assert alice.CreateChat(**group) == chat
    assert world.alice.api.CreateChat(**group).chat_id != chat.chat_id
    assert len(world.bob.api.ListChats().chats) == 2


def test_without_a_key_each_call_is_its_own(world):
    """As ever."""
    fields = {"user_id": world.alice.user_id, "name": "tablet"}
    assert world.backend.CreateDevice(**fields) != world.backend.CreateDevice(**fields)


def test_other_request_with_the_same_key(world, once, postgres):
    """Another body and another method are refused, and do nothing."""
    once.CreateUser(username="carol")
    users = count(postgres, "users")
    with refused("INVALID_ARGUMENT", "IDEMPOTENCY_KEY_REUSED"):
        once.CreateUser(username="dave")
    with refused("INVALID_ARGUMENT", "IDEMPOTENCY_KEY_REUSED"):
        once.CreateDevice(user_id=world.alice.user_id)
    assert count(postgres, "users") == users


def test_answer_with_a_secret_is_not_kept(world, once, postgres):
    """It is done once; who asks again is told so, and no secret is in the table."""
    key = once.CreateApiKey(app_id=world.app_id, name="second")
    keys = count(postgres, "api_keys")
    with refused("ALREADY_EXISTS", "SECRET_ALREADY_ISSUED"):
        once.CreateApiKey(app_id=world.app_id, name="second")
    with refused("INVALID_ARGUMENT", "IDEMPOTENCY_KEY_REUSED"):
        once.CreateApiKey(app_id=world.app_id, name="third")
    with refused("INVALID_ARGUMENT", "IDEMPOTENCY_KEY_REUSED"):
        once.RotateApiKey(app_id=world.app_id, key_id=key.api_key.key_id)
    assert count(postgres, "api_keys") == keys
    assert world.server.api(x_api_key=key.secret).GetUser(user_id=world.alice.user_id)
    other = world.backend.also(idempotency_key="token")
    ids = {"user_id": world.alice.user_id, "device_id": world.alice.device_id}
    assert other.CreateToken(**ids).token
    with refused("ALREADY_EXISTS", "SECRET_ALREADY_ISSUED"):
        other.CreateToken(**ids)
    assert count(postgres, "idempotency_keys", f"app_id = '{world.app_id}' and reply is not null") == 0
    assert count(postgres, "idempotency_keys", f"app_id = '{world.app_id}'") == 2


def test_failures_are_not_kept(world, once, postgres):
    """The same call works once its reason to fail is gone."""
    with refused("ALREADY_EXISTS", "USERNAME_TAKEN"):
        once.CreateUser(username="alice")
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        once.CreateDevice(user_id=str(uuid.uuid4()))
    assert count(postgres, "idempotency_keys", f"app_id = '{world.app_id}'") == 0
    assert once.CreateDevice(user_id=world.alice.user_id).device_id


def test_keys_of_two_apps_and_of_the_operator_are_strangers(world, server):
    """One key, three owners."""
    operator = server.api(x_api_key=server.operator_key)
    app_id = operator.CreateApp(name="Other").app_id
    other = server.api(x_api_key=operator.CreateApiKey(app_id=app_id).secret, idempotency_key="same")
    mine = world.backend.also(idempotency_key="same")
    assert mine.CreateUser(username="carol").user_id != other.CreateUser(username="carol").user_id
    acting = mine.also(parley_user=world.alice.user_id)
    assert acting.CreateUser(username="dave").user_id != mine.CreateUser(username="carol").user_id


def test_many_at_once_make_one(world, once, postgres):
    """All get the one answer. What a unique name refuses is no excuse: the key decides."""
    people = count(postgres, "users")
    devices = count(postgres, "devices")
    tablet = world.backend.also(idempotency_key="tablet")
    with concurrent.futures.ThreadPoolExecutor(2 * AT_ONCE) as pool:
        users = [pool.submit(once.CreateUser, username="carol") for _ in range(AT_ONCE)]
        tablets = [pool.submit(tablet.CreateDevice, user_id=world.alice.user_id) for _ in range(AT_ONCE)]
        assert len({future.result().user_id for future in users}) == 1
        assert len({future.result().device_id for future in tablets}) == 1
    assert count(postgres, "users") == people + 1
    assert count(postgres, "devices") == devices + 1


@contextlib.contextmanager
def unfinished(postgres, statement):
    """A transaction that has done this and does not end before the block does; it is then undone."""
    with subprocess.Popen(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", postgres.conninfo], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        holder.stdin.write(f"begin; {statement}; select 'held';\n")
        holder.stdin.flush()
        assert holder.stdout.readline().strip() == "held"
        yield
        holder.stdin.close()
        holder.wait(timeout=30)


def test_key_in_use_for_long(world, once, postgres):
    """Whoever does not end in time keeps the others from it, not from anything else."""
    zeros = "00000000-0000-0000-0000-000000000000"
    key = str(uuid.uuid4())
    with unfinished(postgres, "insert into idempotency_keys (app_id, user_id, key, request_hash) values "
                              f"('{world.app_id}', '{zeros}', '{key}', '')"):
        with refused("ABORTED", "IDEMPOTENCY_KEY_IN_USE"):
            world.backend.also(idempotency_key=key).CreateUser(username="carol")
        assert once.CreateUser(username="carol").user_id


def test_wait_for_something_else_is_not_the_key_s(world, once, postgres):
    """Another call has the username and does not end: with or without a key that is the database's affair."""
    with unfinished(postgres, "insert into usernames (app_id, username, user_id) values "
                              f"('{world.app_id}', 'carol', '{world.alice.user_id}')"):
        for api in (world.backend, once):
            with refused("UNAVAILABLE", "DATABASE_UNAVAILABLE"):
                api.CreateUser(username="carol")
    assert once.CreateUser(username="carol").user_id


def test_keys_end_after_a_day(world, once, postgres):
    """The key is free again, and old keys of others leave little by little."""
    first = once.CreateDevice(user_id=world.alice.user_id)
    for number in range(3):
        world.backend.also(idempotency_key=f"old-{number}").CreateDevice(user_id=world.alice.user_id)
    postgres.query("update idempotency_keys set created_at = created_at - interval '25 hours'"
                   f" where app_id = '{world.app_id}'")
    postgres.query("insert into idempotency_keys select gen_random_uuid(), gen_random_uuid(), 'older', '', '',"
                   " now() - interval '3 days' from generate_series(1, 17)")
    assert once.CreateDevice(user_id=world.alice.user_id) != first
    assert count(postgres, "idempotency_keys", "key = 'older'") == 7
    world.backend.also(idempotency_key="next").CreateDevice(user_id=world.alice.user_id)
    assert count(postgres, "idempotency_keys", "key = 'older'") == 0
    assert count(postgres, "idempotency_keys", f"app_id = '{world.app_id}'") == 2


@pytest.mark.parametrize("key", ["", "a b", "x" * 256], ids=["empty", "space", "too_long"])
def test_bad_key(world, key):
    """Refused before anything happens."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.also(idempotency_key=key).CreateUser(username="carol")
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.alice.api.also(idempotency_key=key).SendMessage(recipient_id=world.bob.user_id, content="hello")


def test_key_of_a_message_is_its_id(world, postgres):
    """Itself, or made of it; the message is there once, and no key is stored."""
    fields = {"recipient_id": world.bob.user_id, "content": "hello"}
    key = str(uuid.uuid4())
    first = world.alice.api.also(idempotency_key=key).SendMessage(**fields)
    assert first.message_id == key
    assert world.alice.api.also(idempotency_key=key).SendMessage(**fields).seq == first.seq
    named = world.alice.api.also(idempotency_key="order-17")
    second = named.SendMessage(**fields)
    assert uuid.UUID(second.message_id).version == 8
    assert named.SendMessage(**fields).seq == second.seq
    with refused("ALREADY_EXISTS", "MESSAGE_ID_REUSED"):
        named.SendMessage(recipient_id=world.bob.user_id, content="something else")
    by_bob = world.bob.api.also(idempotency_key="order-17")
    assert by_bob.SendMessage(recipient_id=world.alice.user_id, content="hello").message_id != second.message_id
    assert count(postgres, "idempotency_keys", f"app_id = '{world.app_id}'") == 0


def test_key_of_a_batch_makes_an_id_for_each(world):
    """Also when it is a UUID; those that have an id keep it."""
    own = str(uuid.uuid4())
    for key in ("orders", str(uuid.uuid4())):
        alice = world.alice.api.also(idempotency_key=key)
        messages = [{"recipient_id": world.bob.user_id, "content": "one"},
                    {"recipient_id": world.bob.user_id, "content": "two"},
                    {"recipient_id": world.bob.user_id, "content": "three", "message_id": own}]
        first = [result.message for result in alice.SendMessages(messages=messages).results]
        again = [result.message for result in alice.SendMessages(messages=messages).results]
        assert [message.seq for message in again] == [message.seq for message in first]
        assert len({message.message_id for message in first}) == 3
        assert first[2].message_id == own
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.alice.api.also(idempotency_key=" ").SendMessages(messages=messages)


def test_key_survives_a_restart(world, server):
    """The answer is in the database, not in the server's memory."""
    once = world.backend.also(idempotency_key="restart")
    first = once.CreateUser(username="carol")
    server.kill()
    server.start()
    assert once.CreateUser(username="carol") == first
    assert Person(world.backend, "dave").user_id
