# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Apps, their limits and their API keys: by the operator, and by an app's backend for its own app."""
import uuid

import pytest
from api_client import Person, World
from parley_pb import admin_service_pb2
from refusals import refused

pytestmark = pytest.mark.transports("grpc", "rest")

NOBODY = str(uuid.uuid4())


@pytest.fixture
def other(server):
    """Another app."""
    other = World(server)
    yield other
    other.close()


def test_get_and_update_an_app(world):
    """The operator changes what is named; the app reads its own."""
    app = world.operator.GetApp(app_id=world.app_id)
    assert (app.name, app.max_group_members) == ("Test", 1024)
    assert world.backend.GetApp(app_id=world.app_id) == app
    app = world.operator.UpdateApp(app_id=world.app_id, name="Renamed")
    assert (app.name, app.max_group_members) == ("Renamed", 1024)
    app = world.operator.UpdateApp(app_id=world.app_id, name="ignored", max_group_members=2,
                                   update_mask={"paths": ["max_group_members"]})
    assert (app.name, app.max_group_members) == ("Renamed", 2)
    assert world.operator.GetApp(app_id=world.app_id) == app


@pytest.mark.parametrize("change", [
    {"update_mask": {"paths": ["app_id"]}}, {"update_mask": {"paths": ["name"]}}, {"name": "x" * 256},
    {"max_group_members": 1}, {"max_group_members": 1025}, {"max_group_members": -5},
    {"update_mask": {"paths": ["*"]}, "name": "good"},
], ids=["unknown_path", "empty_name", "long_name", "alone", "too_many", "negative", "all_but_one_is_empty"])
def test_bad_update(world, change):
    """Nothing changes."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.operator.UpdateApp(app_id=world.app_id, **change)
    assert world.operator.GetApp(app_id=world.app_id).name == "Test"


def test_whose_app(world, other):
    """An app sees its own only, and sets no limits; the operator is told when there is none."""
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.backend.UpdateApp(app_id=world.app_id, name="mine")
    for api in (world.alice.api, other.backend):
        for call in (api.GetApp, api.ListApiKeys):
            with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
                call(app_id=world.app_id)
    for call in (world.operator.GetApp, world.operator.UpdateApp, world.operator.ListApiKeys):
        with refused("NOT_FOUND", "APP_NOT_FOUND"):
            call(app_id=NOBODY)
        with refused("INVALID_ARGUMENT", "INVALID_ID"):
            call(app_id="app")


def test_groups_keep_to_the_limit(world):
    """Of CreateChat, of adding and of joining; a group that has more already lets members go, and takes nobody in."""
    people = [Person(world.backend, name) for name in ("carol", "dave")]
    carol, dave = (person.user_id for person in people)
    group = {"chat_type": "CHAT_TYPE_GROUP", "settings": {"join_policy": "JOIN_POLICY_OPEN"}}
    large = world.alice.api.CreateChat(participants=[{"user_id": user} for user in (world.bob.user_id, carol, dave)],
                                       **group)
    world.operator.UpdateApp(app_id=world.app_id, max_group_members=2)
    with refused("FAILED_PRECONDITION", "CHAT_FULL"):
        world.alice.api.CreateChat(participants=[{"user_id": world.bob.user_id}, {"user_id": carol}], **group)
    small = world.alice.api.CreateChat(participants=[{"user_id": world.bob.user_id}], **group)
    with refused("FAILED_PRECONDITION", "CHAT_FULL"):
        world.alice.api.UpdateParticipants(chat_id=small.chat_id, add=[{"user_id": carol}])
    with refused("FAILED_PRECONDITION", "CHAT_FULL"):
        people[0].api.JoinChat(chat_id=small.chat_id)
    assert world.alice.api.UpdateParticipants(chat_id=large.chat_id, remove=[dave]).participant_count == 3
    with refused("FAILED_PRECONDITION", "CHAT_FULL"):
        people[1].api.JoinChat(chat_id=large.chat_id)
    assert world.alice.api.CreateChat(chat_type="CHAT_TYPE_INDIVIDUAL", participants=[{"user_id": carol}]).chat_id


def test_keys_are_listed_without_secrets(world, other):
    """Newest first, by pages, the revoked too, and none of another app."""
    names = ["test", "b", "c"]
    keys = [world.backend.CreateApiKey(app_id=world.app_id, name=name) for name in names[1:]]
    world.operator.RevokeApiKey(app_id=world.app_id, key_id=keys[0].api_key.key_id)
    first = world.backend.ListApiKeys(app_id=world.app_id, page_size=2)
    rest = world.operator.ListApiKeys(app_id=world.app_id, page_size=2, page_token=first.next_page_token)
    assert [key.name for page in (first, rest) for key in page.api_keys] == names[::-1]
    assert [key.HasField("revoked_at") for key in first.api_keys] == [False, True]
    assert not rest.next_page_token
    assert all(key.secret.encode() not in first.SerializeToString() for key in keys)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        other.backend.ListApiKeys(app_id=other.app_id, page_token=first.next_page_token)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        world.backend.ListApiKeys(app_id=world.app_id, page_size=-1)


def test_rotated_key_has_a_new_secret_at_once(world, server, postgres):
    """And the old one for the grace; without grace it is refused where it is not known any more."""
    key = world.backend.CreateApiKey(app_id=world.app_id, name="spare")
    ids = {"app_id": world.app_id, "key_id": key.api_key.key_id}
    fresh = world.backend.RotateApiKey(grace_seconds=3600, **ids)
    assert fresh.secret != key.secret and fresh.api_key.key_id == key.api_key.key_id
    grace_s = fresh.api_key.previous_secret_until.seconds - fresh.api_key.created_at.seconds
    assert 3600 <= grace_s < 4200
    for secret in (key.secret, fresh.secret):
        assert server.api(x_api_key=secret).GetApp(app_id=world.app_id).name == "Test"
    fresher = server.api(x_api_key=fresh.secret).RotateApiKey(**ids)
    assert server.api(x_api_key=fresher.secret).GetApp(app_id=world.app_id).name == "Test"
    rows = postgres.query("select count(*) from api_keys where key_id = '{key_id}' and ("
                          "secret_hash = sha256('{secret}') or previous_secret_hash = sha256('{secret}'))".format(
                              key_id=key.api_key.key_id, secret=key.secret))
    assert rows == ["0"]
    unseen = world.backend.CreateApiKey(app_id=world.app_id)
    world.backend.RotateApiKey(app_id=world.app_id, key_id=unseen.api_key.key_id)
    with refused("UNAUTHENTICATED", "API_KEY_INVALID"):
        server.api(x_api_key=unseen.secret).GetApp(app_id=world.app_id)


def test_revoked_key_opens_nothing(world, server):
    """Nor does the secret before it, which was still in its grace."""
    key = world.backend.CreateApiKey(app_id=world.app_id)
    ids = {"app_id": world.app_id, "key_id": key.api_key.key_id}
    fresh = world.backend.RotateApiKey(grace_seconds=86400, **ids)
    revoked = world.backend.RevokeApiKey(**ids)
    assert revoked.HasField("revoked_at")
    assert world.backend.RevokeApiKey(**ids) == revoked
    for secret in (key.secret, fresh.secret):
        with refused("UNAUTHENTICATED", "API_KEY_INVALID"):
            server.api(x_api_key=secret).GetApp(app_id=world.app_id)
    with refused("NOT_FOUND", "API_KEY_NOT_FOUND"):
        world.backend.RotateApiKey(**ids)


def test_bad_keys(world, other):
    """Of another app, of none, and graces that are none."""
    key_id = world.backend.ListApiKeys(app_id=world.app_id).api_keys[0].key_id
    for call in (other.backend.RotateApiKey, other.backend.RevokeApiKey):
        with refused("NOT_FOUND", "API_KEY_NOT_FOUND"):
            call(app_id=other.app_id, key_id=key_id)
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            call(app_id=world.app_id, key_id=key_id)
        with refused("INVALID_ARGUMENT", "INVALID_ID"):
            call(app_id=other.app_id, key_id="key")
    for grace in (-1, 86401):
        with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
            world.backend.RotateApiKey(app_id=world.app_id, key_id=key_id, grace_seconds=grace)
    assert world.backend.GetApp(app_id=world.app_id).name == "Test"


def test_an_app_has_a_limited_number_of_keys(world, postgres):
    """Of both kinds, revoked ones apart; other apps do not count."""
    ids = {"app_id": world.app_id}
    postgres.query("insert into api_keys (key_id, app_id, name, secret_hash) select gen_random_uuid(),"
                   f" '{world.app_id}', '', sha256(random()::text::bytea) from generate_series(1, 98)")
    postgres.query("insert into signing_keys (key_id, app_id, algorithm, secret, registered) select gen_random_uuid(),"
                   f" '{world.app_id}', 'HS256', sha256('x'), true from generate_series(1, 99)")
    api_key = world.backend.CreateApiKey(**ids).api_key.key_id
    material = {"algorithm": admin_service_pb2.SIGNING_ALGORITHM_HS256, "secret": b"x" * 32}
    signing_key = world.backend.RegisterSigningKey(**ids, **material).key_id
    with refused("FAILED_PRECONDITION", "LIMIT_REACHED"):
        world.backend.CreateApiKey(**ids)
    with refused("FAILED_PRECONDITION", "LIMIT_REACHED"):
        world.backend.RegisterSigningKey(**ids, **material)
    assert world.operator.CreateApiKey(app_id=world.operator.CreateApp(name="Other").app_id).secret
    world.backend.RevokeApiKey(**ids, key_id=api_key)
    world.backend.RevokeSigningKey(**ids, key_id=signing_key)
    assert world.backend.CreateApiKey(**ids).secret
    assert world.backend.RegisterSigningKey(**ids, **material).key_id
