# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The command line client against a real server: groups, edits and deletions, and what an app's backend administers."""
import json
import os
import subprocess

from programs import PARLEY, parley

NOBODY = "01900000-0000-7000-8000-000000000001"


def done(run):
    """The objects that a command printed; it must have succeeded."""
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def admin(server, key, *arguments):
    """Runs an admin command."""
    return subprocess.run([PARLEY, "admin", *arguments, "--json"], text=True, timeout=60, check=False,
                          env=dict(os.environ, PARLEY_GRPC=server.address, PARLEY_API_KEY=key),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def members(server, person, chat_id):
    """Roles by user id."""
    return {member["user_id"]: member["role"]
            for member in done(parley(server, person.token, "group", "members", chat_id))}


def test_a_group_comes_and_goes(server, world):
    """Created, joined by role, left and removed from."""
    alice, bob = world.alice, world.bob
    carol = world.backend.CreateUser(username="carol").user_id
    (group,) = done(parley(server, alice.token, "group", "create", "--description", "all of us", "Team", bob.user_id))
    assert (group["name"], group["description"], group["participant_count"]) == ("Team", "all of us", 2)
    chat_id = group["chat_id"]
    assert done(parley(server, alice.token, "group", "add", chat_id, carol))[0]["participant_count"] == 3
    done(parley(server, alice.token, "group", "add", "--role", "admin", chat_id, bob.user_id))
    assert members(server, bob, chat_id) == {alice.user_id: "owner", bob.user_id: "admin", carol: "member"}
    assert done(parley(server, bob.token, "group", "remove", chat_id, carol))[0]["participant_count"] == 2
    assert done(parley(server, bob.token, "group", "leave", chat_id))[0]["left_seq"] > 0
    assert members(server, alice, chat_id) == {alice.user_id: "owner"}
    refused = parley(server, bob.token, "group", "join", chat_id)
    assert refused.returncode == 4 and "PERMISSION_DENIED" in refused.stderr
    refused = parley(server, alice.token, "group", "add", chat_id, NOBODY)
    assert refused.returncode == 1 and "USER_NOT_FOUND" in refused.stderr
    assert parley(server, alice.token, "group", "add", "--role", "king", chat_id, carol).returncode == 2


def test_an_open_group_is_joined(server, world):
    """By whoever knows its id."""
    carol = world.backend.CreateUser(username="carol").user_id
    (group,) = done(parley(server, world.alice.token, "group", "create", "--open", "Open", carol))
    (joined,) = done(parley(server, world.bob.token, "group", "join", group["chat_id"]))
    assert joined["participant_count"] == 3


def test_a_message_is_edited_and_deleted(server, world):
    """The history shows it."""
    (sent,) = done(parley(server, world.alice.token, "send", world.bob.user_id, "Helo"))
    (edited,) = done(parley(server, world.alice.token, "edit", sent["message_id"], "Hello"))
    assert edited["content"] == "Hello" and edited["edited_at"]
    refused = parley(server, world.bob.token, "edit", sent["message_id"], "mine")
    assert refused.returncode == 4, refused.stderr
    assert done(parley(server, world.alice.token, "delete", sent["message_id"]))[0]["seq"] > 0
    history = done(parley(server, world.bob.token, "history", sent["chat_id"]))
    deleted = [line for line in history if line["message_id"] == sent["message_id"]]
    assert len(deleted) == 1 and "content" not in deleted[0] and deleted[0]["deleted_at"]


def test_receipts_tell_who_has_read(server, world):
    """Sent at first; read after bob's mark."""
    (sent,) = done(parley(server, world.alice.token, "send", world.bob.user_id, "Hello"))
    (receipt,) = done(parley(server, world.alice.token, "receipts", sent["message_id"]))
    assert (receipt["user_id"], receipt["status"], receipt["read_at"]) == (world.bob.user_id, "sent", None)
    world.bob.api.MarkRead(message_id=sent["message_id"])
    assert done(parley(server, world.alice.token, "receipts", sent["message_id"]))[0]["status"] == "read"
    assert parley(server, world.alice.token, "receipts", NOBODY).returncode == 1


def test_keys_devices_and_users_are_listed_and_revoked(server, world):
    """Until the key itself is revoked."""
    key = world.api_key
    assert [user["username"] for user in done(admin(server, key, "list-users"))] == ["bob", "alice"]
    assert done(admin(server, key, "deactivate-user", world.bob.user_id))[0]["deactivated_at"]
    assert "deactivated_at" not in done(admin(server, key, "reactivate-user", world.bob.user_id))[0]
    (device,) = done(admin(server, key, "list-devices", world.alice.user_id))
    assert device["device_id"] == world.alice.device_id
    assert done(admin(server, key, "revoke-device", world.alice.user_id, world.alice.device_id))[0]["revoked_at"]
    assert not done(admin(server, key, "list-devices", world.alice.user_id))
    done(admin(server, key, "delete-user", world.bob.user_id))
    assert [user["username"] for user in done(admin(server, key, "list-users"))] == ["alice"]
    (listed,) = done(admin(server, key, "list-keys", world.app_id))
    assert "secret" not in listed
    assert done(admin(server, key, "revoke-key", world.app_id, listed["key_id"]))[0]["revoked_at"]
    assert done(admin(server, server.operator_key, "list-keys", world.app_id))[0]["revoked_at"]
    assert admin(server, key, "revoke-device", NOBODY).returncode == 2
