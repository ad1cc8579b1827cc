# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Users and their devices: listed, changed, found, kept out, deleted; by whom, and in no other app."""
import concurrent.futures
import uuid

import pytest
from api_client import Person, World
from refusals import Refusal, refused

pytestmark = pytest.mark.transports("grpc", "rest")

NOBODY = str(uuid.uuid4())
PHONE = "+31201234567"


@pytest.fixture
def other(server):
    """Another app with people of the same names."""
    other = World(server)
    yield other
    other.close()


def mask(*paths):
    """An update_mask."""
    return {"paths": paths}


def test_list_is_newest_first_and_paged(world, other):
    """Every user once; the deactivated too, the deleted not, and nobody of another app."""
    carol = world.backend.CreateUser(username="carol").user_id
    dave = world.backend.CreateUser(username="dave").user_id
    world.backend.DeleteUser(user_id=carol)
    world.backend.DeactivateUser(user_id=dave)
    first = world.backend.ListUsers(page_size=2)
    rest = world.backend.ListUsers(page_size=2, page_token=first.next_page_token)
    assert [user.username for page in (first, rest) for user in page.users] == ["dave", "bob", "alice"]
    assert first.next_page_token and not rest.next_page_token
    assert first.users[0].HasField("deactivated_at")
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_TOKEN"):
        other.backend.ListUsers(page_token=first.next_page_token)
    with refused("INVALID_ARGUMENT", "INVALID_PAGE_SIZE"):
        world.backend.ListUsers(page_size=101)
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.alice.api.ListUsers()


def test_backend_updates_everything(world):
    """By mask, or without one what is not empty; metadata is replaced as a whole."""
    alice = world.alice.user_id
    user = world.backend.UpdateUser(user_id=alice, username="alicia", phone_number=PHONE, display_name="Alice",
                                    about="hi", avatar_url="https://a", metadata={"a": "1", "b": "2"})
    assert (user.username, user.phone_number, user.display_name, user.about, user.avatar_url, dict(user.metadata)) == \
        ("alicia", PHONE, "Alice", "hi", "https://a", {"a": "1", "b": "2"})
    assert world.backend.GetUser(user_id=alice) == user
    user = world.backend.UpdateUser(user_id=alice, username="ignored", metadata={"c": "3"},
                                    update_mask=mask("metadata", "about", "phone_number"))
    assert (user.username, user.phone_number, user.about, dict(user.metadata)) == ("alicia", "", "", {"c": "3"})
    assert world.backend.UpdateUser(user_id=alice) == user
    assert world.backend.CreateUser(username="alice", phone_number=PHONE).user_id


def test_device_updates_its_own_profile_only(world):
    """Not the names that others find the user by, and nobody else."""
    alice = world.alice
    user = alice.api.UpdateUser(user_id=alice.user_id, display_name="Alice", metadata={"a": "1"})
    assert (user.display_name, dict(user.metadata)) == ("Alice", {"a": "1"})
    for change in ({"username": "queen"}, {"phone_number": PHONE}, {"update_mask": mask("phone_number")},
                   {"update_mask": mask("*"), "display_name": "Alice"}):
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            alice.api.UpdateUser(user_id=alice.user_id, **change)
    for user_id in (world.bob.user_id, NOBODY):
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            alice.api.UpdateUser(user_id=user_id, display_name="x")


BAD_UPDATES = {
    "unknown_path": {"update_mask": {"paths": ["created_at"]}},
    "empty_username": {"update_mask": {"paths": ["username"]}},
    "capital": {"username": "Alice"},
    "long_username": {"username": "a" * 65},
    "phone_number_without_plus": {"phone_number": "31201234567"},
    "long_display_name": {"display_name": "x" * 256},
    "long_about": {"about": "x" * 1025},
    "long_avatar_url": {"avatar_url": "x" * 2049},
    "metadata_over_4_kib": {"metadata": {"a": "x" * 4096}},
}


@pytest.mark.parametrize("change", BAD_UPDATES.values(), ids=BAD_UPDATES.keys())
def test_bad_update(world, change):
    """Refused as a whole: the good field beside it does not change either."""
    if "update_mask" not in change:
        change = {**change, "about": change.get("about", "good")}
    before = world.backend.GetUser(user_id=world.alice.user_id)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.UpdateUser(user_id=world.alice.user_id, **change)
    assert world.backend.GetUser(user_id=world.alice.user_id) == before


@pytest.mark.transports("grpc")
def test_mask_with_an_empty_path(world):
    """Which JSON cannot say."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.UpdateUser(user_id=world.alice.user_id, update_mask=mask(""))


def test_names_are_unique_in_an_app(world, other, postgres):
    """Taken names are refused and nothing changes; what is let go is free, and another app has its own."""
    world.backend.UpdateUser(user_id=world.alice.user_id, phone_number=PHONE)
    assert other.backend.UpdateUser(user_id=other.alice.user_id, phone_number=PHONE).phone_number == PHONE
    with refused("ALREADY_EXISTS", "PHONE_NUMBER_TAKEN"):
        world.backend.CreateUser(username="carol", phone_number=PHONE)
    with refused("ALREADY_EXISTS", "PHONE_NUMBER_TAKEN"):
        world.backend.UpdateUser(user_id=world.bob.user_id, username="robert", phone_number=PHONE)
    with refused("ALREADY_EXISTS", "USERNAME_TAKEN"):
        world.backend.UpdateUser(user_id=world.bob.user_id, username="alice")
    assert world.backend.GetUser(user_id=world.bob.user_id).username == "bob"
    assert world.backend.CreateUser(username="carol").user_id
    world.backend.UpdateUser(user_id=world.alice.user_id, username="alice", phone_number=PHONE)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: world.backend.UpdateUser(user_id=world.bob.user_id, username=f"bob{number}",
                                                              phone_number=f"+3120{number}"), range(8)))
    bob = world.backend.GetUser(user_id=world.bob.user_id)
    for table, column, name in (("usernames", "username", bob.username),
                                ("phone_numbers", "phone_number", bob.phone_number)):
        assert postgres.query(f"select {column} from {table} where user_id = '{world.bob.user_id}'") == [name]


def test_users_who_want_each_others_names_are_both_told(world):
    """At the same time, with both kinds of names: neither waits for the other for ever."""
    users = (world.alice.user_id, world.bob.user_id)
    names = [{"username": name, "phone_number": number} for name, number in (("alice", "+1"), ("bob", "+2"))]
    for user_id, own in zip(users, names):
        world.backend.UpdateUser(user_id=user_id, **own)

    def take(user_id, wanted):
        with pytest.raises(Refusal) as caught:
            world.backend.UpdateUser(user_id=user_id, **wanted)
        return caught.value.reason

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _ in range(40):
            assert list(pool.map(take, users, reversed(names))) == ["USERNAME_TAKEN"] * 2
    for user_id, own in zip(users, names):
        user = world.backend.GetUser(user_id=user_id)
        assert (user.username, user.phone_number) == (own["username"], own["phone_number"])


def test_deactivated_user_is_kept_out_and_comes_back(world, server):
    """No token, no call, not even for the user; but the chats stay, with what was sent meanwhile."""
    world.alice.api.SendMessage(recipient_id=world.bob.user_id, content="one")
    bob = world.bob
    carol = Person(world.backend, "carol")
    assert world.backend.DeactivateUser(user_id=bob.user_id).HasField("deactivated_at")
    first = world.backend.DeactivateUser(user_id=bob.user_id).deactivated_at
    assert world.backend.GetUser(user_id=bob.user_id).deactivated_at == first
    with refused("PERMISSION_DENIED", "USER_DEACTIVATED"):
        world.backend.CreateToken(user_id=bob.user_id, device_id=bob.device_id)
    world.backend.DeactivateUser(user_id=carol.user_id)
    with refused("PERMISSION_DENIED", "USER_DEACTIVATED"):  # whose device the server has not seen before
        carol.api.ListChats()
    with refused("PERMISSION_DENIED", "USER_DEACTIVATED"):
        world.backend.also(parley_user=carol.user_id).ListChats()
    world.alice.api.SendMessage(recipient_id=bob.user_id, content="two")
    assert not world.backend.ReactivateUser(user_id=bob.user_id).HasField("deactivated_at")
    fresh = server.api(authorization="Bearer " + world.backend.CreateToken(
        user_id=bob.user_id, device_id=bob.device_id).token)
    chat_id = fresh.ListChats().chats[0].chat_id
    assert [message.content for message in fresh.ListMessages(chat_id=chat_id).messages] == ["two", "one"]


def test_deleted_user_leaves_a_tombstone(world, postgres):
    """Names are free, profile and devices are gone; the messages still name their sender."""
    bob = world.bob
    world.backend.UpdateUser(user_id=bob.user_id, phone_number=PHONE, display_name="Bob", metadata={"a": "1"})
    message = bob.api.SendMessage(recipient_id=world.alice.user_id, content="from bob")
    carol = Person(world.backend, "carol")
    world.backend.DeleteUser(user_id=bob.user_id)
    world.backend.DeleteUser(user_id=carol.user_id)
    left = world.backend.GetUser(user_id=bob.user_id)
    assert left.HasField("deleted_at")
    assert (left.username, left.phone_number, left.display_name, dict(left.metadata)) == ("", "", "", {})
    assert world.alice.api.GetMessage(message_id=message.message_id).sender_id == bob.user_id
    assert world.backend.CreateUser(username="bob", phone_number=PHONE).user_id != bob.user_id
    assert postgres.query(f"select count(*) from devices where user_id = '{bob.user_id}' and revoked_at is null") == \
        ["0"]
    with refused("UNAUTHENTICATED", "DEVICE_REVOKED"):
        carol.api.ListChats()
    world.backend.DeleteUser(user_id=bob.user_id)
    assert world.backend.GetUser(user_id=bob.user_id) == left
    for call in (world.backend.UpdateUser, world.backend.DeactivateUser, world.backend.ReactivateUser,
                 world.backend.CreateDevice):
        with refused("NOT_FOUND", "USER_NOT_FOUND"):
            call(user_id=bob.user_id)
    with refused("NOT_FOUND", "DEVICE_NOT_FOUND"):
        world.backend.CreateToken(user_id=bob.user_id, device_id=bob.device_id)
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        world.alice.api.SendMessage(recipient_id=carol.user_id, content="hello?")


def test_lookup_finds_by_name_and_number(world, other):
    """Who is not there is not in the answer; a number is shown to whom knew it."""
    world.backend.UpdateUser(user_id=world.alice.user_id, phone_number=PHONE)
    other.backend.CreateUser(username="zoe", phone_number="+1")
    found = world.backend.LookupUsers(usernames=["bob", "zoe", "nobody"], phone_numbers=[PHONE, "+1"])
    assert {user.username: user.phone_number for user in found.users} == {"bob": "", "alice": PHONE}
    by_name = world.bob.api.LookupUsers(usernames=["alice"]).users
    assert [(user.user_id, user.phone_number) for user in by_name] == [(world.alice.user_id, "")]
    by_number = world.bob.api.LookupUsers(phone_numbers=[PHONE], usernames=["alice"]).users
    assert [(user.username, user.phone_number) for user in by_number] == [("alice", PHONE)]


@pytest.mark.parametrize("request_fields", [
    {}, {"usernames": ["a"] * 101}, {"usernames": ["a"] * 51, "phone_numbers": ["+1"] * 50}, {"usernames": ["A"]},
    {"usernames": [""]}, {"phone_numbers": [""]}, {"phone_numbers": ["1"]},
], ids=["nothing", "too_many", "too_many_together", "capital", "empty_name", "empty_number", "no_plus"])
def test_bad_lookup(world, request_fields):
    """Refused before anything is looked up."""
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.LookupUsers(**request_fields)


def test_devices_cannot_enumerate(world):
    """500 names, then they wait; other users and the backend do not wait for them."""
    names = [f"user{number}" for number in range(100)]
    for _ in range(5):
        world.alice.api.LookupUsers(usernames=names)
    with refused("RESOURCE_EXHAUSTED", "RATE_LIMITED") as caught:
        world.alice.api.LookupUsers(usernames=names)
    assert 600 < caught.value.retry_after_s <= 720
    assert world.bob.api.LookupUsers(usernames=["alice"]).users
    for _ in range(7):
        world.backend.also(parley_user=world.alice.user_id).LookupUsers(usernames=names)


def test_devices_are_listed_renamed_and_revoked(world):
    """By their user and by the backend."""
    alice = world.alice
    tablet = world.backend.CreateDevice(user_id=alice.user_id, name="tablet")
    first = alice.api.ListDevices(user_id=alice.user_id, page_size=1)
    rest = alice.api.ListDevices(user_id=alice.user_id, page_size=1, page_token=first.next_page_token)
    assert [device.name for device in (*first.devices, *rest.devices)] == ["tablet", "phone"]
    assert not rest.next_page_token
    ids = {"user_id": alice.user_id, "device_id": tablet.device_id}
    assert alice.api.UpdateDevice(name="pad", **ids).name == "pad"
    assert world.backend.UpdateDevice(update_mask=mask("name"), **ids).name == ""
    assert alice.api.RevokeDevice(**ids).HasField("revoked_at")
    assert world.backend.RevokeDevice(**ids).HasField("revoked_at")
    assert [device.name for device in world.backend.ListDevices(user_id=alice.user_id).devices] == ["phone"]
    with refused("NOT_FOUND", "DEVICE_NOT_FOUND"):
        world.backend.CreateToken(**ids)
    with refused("NOT_FOUND", "DEVICE_NOT_FOUND"):
        world.backend.UpdateDevice(name="again", **ids)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.UpdateDevice(user_id=alice.user_id, device_id=alice.device_id, name="x" * 256)
    with refused("INVALID_ARGUMENT", "INVALID_ARGUMENT"):
        world.backend.UpdateDevice(user_id=alice.user_id, device_id=alice.device_id, update_mask=mask("device_id"))


def test_revoked_device_is_refused(world):
    """At once by the server that revoked it, also when it knew the device."""
    carol = Person(world.backend, "carol")
    carol.api.ListChats()
    world.backend.RevokeDevice(user_id=carol.user_id, device_id=carol.device_id)
    with refused("UNAUTHENTICATED", "DEVICE_REVOKED"):
        carol.api.ListChats()


def test_devices_of_others(world, other):
    """A device sees no other user's; an app sees no other app's."""
    bobs = {"user_id": world.bob.user_id, "device_id": world.bob.device_id}
    for api, error in ((world.alice.api, ("PERMISSION_DENIED", "PERMISSION_DENIED")),
                       (other.backend, ("NOT_FOUND", "DEVICE_NOT_FOUND"))):
        with refused(*error):
            api.UpdateDevice(name="mine", **bobs)
        with refused(*error):
            api.RevokeDevice(**bobs)
    with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
        world.alice.api.ListDevices(user_id=world.bob.user_id)
    with refused("NOT_FOUND", "USER_NOT_FOUND"):
        other.backend.ListDevices(user_id=world.bob.user_id)
    with refused("NOT_FOUND", "DEVICE_NOT_FOUND"):  # of the right app, but not of this user
        world.backend.RevokeDevice(user_id=world.alice.user_id, device_id=world.bob.device_id)
    assert world.bob.api.ListDevices(user_id=world.bob.user_id).devices[0].name == "phone"


def test_users_of_another_app(world, other):
    """They are not there."""
    for call in (other.backend.UpdateUser, other.backend.DeactivateUser, other.backend.ReactivateUser,
                 other.backend.DeleteUser):
        with refused("NOT_FOUND", "USER_NOT_FOUND"):
            call(user_id=world.alice.user_id)
        with refused("INVALID_ARGUMENT", "INVALID_ID"):
            call(user_id="alice")
    assert world.backend.GetUser(user_id=world.alice.user_id).username == "alice"


def test_devices_may_not_administer(world):
    """Deactivating and deleting is for the app's backend, oneself included."""
    for call in (world.alice.api.DeactivateUser, world.alice.api.ReactivateUser, world.alice.api.DeleteUser):
        with refused("PERMISSION_DENIED", "PERMISSION_DENIED"):
            call(user_id=world.alice.user_id)


def test_a_user_has_a_limited_number_of_devices(world):
    """Even when all are created at once; a revoked one makes room."""
    carol = world.backend.CreateUser(username="carol").user_id

    def create(_):
        try:
            return world.backend.CreateDevice(user_id=carol).device_id
        except Refusal as error:
            return error.reason

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = list(pool.map(create, range(20)))
    assert made.count("LIMIT_REACHED") == 4
    device = next(name for name in made if name != "LIMIT_REACHED")
    with refused("FAILED_PRECONDITION", "LIMIT_REACHED"):
        world.backend.CreateDevice(user_id=carol)
    world.backend.RevokeDevice(user_id=carol, device_id=device)
    assert world.backend.CreateDevice(user_id=carol).device_id
