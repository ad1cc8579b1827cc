# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The admin commands against a real server: each one as it should be, and each one refused."""
import json
import os
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from programs import PARLEY

UNKNOWN = "0198c0de-0000-7000-8000-00000000abcd"
DONE, REFUSED, USAGE, CREDENTIALS = 0, 1, 2, 4
PHONE = "+31201234567"
ESCAPE = "\x1b[2J"


class Admin:
    """Runs `parley admin` with one key."""

    def __init__(self, server, key, folder):
        self.environment = {**{name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")},
                            "PARLEY_GRPC": server.address, "PARLEY_API_KEY": key, "PARLEY_CONFIG_HOME": str(folder)}

    def run(self, *arguments, stdin=b""):
        """To its end."""
        return subprocess.run([PARLEY, "admin", *arguments], env=self.environment, input=stdin, timeout=60,
                              capture_output=True, check=False)

    def lines(self, *arguments, **more):
        """What it prints for scripts."""
        done = self.run(*arguments, "--json", **more)
        assert (done.returncode, done.stderr) == (DONE, b"")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def line(self, *arguments, **more):
        """The only one."""
        (line,) = self.lines(*arguments, **more)
        return line

    def text(self, *arguments):
        """What it prints for people."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (DONE, b"")
        return done.stdout.decode()

    def refused(self, code, word, *arguments, **more):
        """It must end with this code, print nothing, and say this word."""
        for flags in ([], ["--json"]):
            done = self.run(*flags, *arguments, **more)
            assert (done.returncode, done.stdout) == (code, b"") and word in done.stderr.decode(), done.stderr


@pytest.fixture
def admin(server, world, tmp_path):
    """With the app's key."""
    return Admin(server, world.api_key, tmp_path)


@pytest.fixture
def operator(server, tmp_path):
    """With the operator's key."""
    return Admin(server, server.operator_key, tmp_path)


def test_an_app_is_shown_and_changed(world, admin, operator):
    """What is not named stays."""
    app = operator.line("get-app", world.app_id)
    assert (app["app_id"], app["name"]) == (world.app_id, "Test")
    assert admin.line("get-app", world.app_id) == app
    assert operator.line("update-app", "--name", "Better", world.app_id) == {**app, "name": "Better"}
    changed = {**app, "name": "Better", "max_group_members": 7}
    assert operator.line("update-app", world.app_id, "--max-group-members", "7") == changed
    text = operator.text("get-app", world.app_id)
    assert text.startswith(world.app_id) and text.endswith("  groups up to 7  Better\n")
    operator.refused(REFUSED, "APP_NOT_FOUND", "get-app", UNKNOWN)
    operator.refused(REFUSED, "APP_NOT_FOUND", "update-app", "--name", "x", UNKNOWN)
    admin.refused(CREDENTIALS, "PERMISSION_DENIED", "get-app", UNKNOWN)
    admin.refused(CREDENTIALS, "PERMISSION_DENIED", "update-app", "--name", "x", world.app_id)


def test_a_new_app_has_the_settings_that_were_said(operator):
    """Those of a server where nothing was."""
    limits = [f"{who}_{what}_per_second" for who in ("user", "app") for what in ("messages", "bytes", "creates")]
    app = operator.line("create-app", "--retention-days", "7", "--until-delivered", "on",
                        *(word for number, name in enumerate(limits) for word in (
                            "--" + name.replace("_", "-"), str(number - 1))), "Limited")
    assert (app["name"], app["retention_days"], app["retention_until_delivered"]) == ("Limited", 7, True)
    assert [app[name] for name in limits] == list(range(-1, 5))
    assert operator.line("get-app", app["app_id"]) == app
    app_id = operator.text("create-app", "Plain").strip()
    assert {operator.line("get-app", app_id)[name] for name in limits} == {0}
    operator.refused(REFUSED, "user_bytes_per_second", "create-app", "--user-bytes-per-second", "1000000001", "x")


def test_a_key_gets_a_new_secret(server, world, admin, operator, tmp_path):
    """The one before is good as long as was said."""
    key_id = operator.line("create-key", world.app_id, "second")["key_id"]
    rotated = operator.line("rotate-key", "--grace", "600", world.app_id, key_id)
    assert rotated["key_id"] == key_id and "previous_secret_until" in rotated
    newest = admin.text("rotate-key", world.app_id, key_id).strip()
    assert newest != rotated["secret"]
    assert Admin(server, newest, tmp_path).line("get-app", world.app_id)["app_id"] == world.app_id
    listed = admin.text("list-keys", world.app_id)
    assert listed.startswith(key_id) and listed.splitlines()[0].endswith("  second") and newest not in listed
    operator.line("rotate-key", "--grace", "600", world.app_id, key_id)
    assert "secret before good until" in admin.text("list-keys", world.app_id).splitlines()[0]
    admin.refused(REFUSED, "API_KEY_NOT_FOUND", "rotate-key", world.app_id, UNKNOWN)
    admin.refused(REFUSED, "API_KEY_NOT_FOUND", "revoke-key", world.app_id, UNKNOWN)
    operator.refused(REFUSED, "APP_NOT_FOUND", "list-keys", UNKNOWN)
    admin.refused(USAGE, "0 to 86400", "rotate-key", "--grace", "86401", world.app_id, key_id)


def test_signing_keys_come_and_go(world, admin, tmp_path):
    """A public key of a file, and a secret from standard input that need not be text."""
    private = ec.generate_private_key(ec.SECP256R1())
    pem = tmp_path / "public.pem"
    pem.write_bytes(private.public_key().public_bytes(serialization.Encoding.PEM,
                                                      serialization.PublicFormat.SubjectPublicKeyInfo))
    public = admin.line("register-signing-key", world.app_id, "ES256", str(pem), "ours")
    assert (public["algorithm"], public["registered"], public["name"]) == ("ES256", True, "ours")
    secret = admin.line("register-signing-key", world.app_id, "hs256", "-", stdin=bytes(range(32)))
    assert (secret["algorithm"], secret["name"]) == ("HS256", "")
    listed = admin.lines("list-signing-keys", world.app_id)
    assert listed[:2] == [secret, public] and [key["registered"] for key in listed] == [True, True, False]
    revoked = admin.line("revoke-signing-key", world.app_id, public["key_id"])
    assert revoked.pop("revoked_at") and revoked == public
    text = admin.text("list-signing-keys", world.app_id).splitlines()
    assert "ES256  registered  revoked" in text[1] and text[2].endswith("Parley's own")

    pem.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
    admin.refused(REFUSED, "private key", "register-signing-key", world.app_id, "ES256", str(pem))
    admin.refused(REFUSED, "32 to 64", "register-signing-key", world.app_id, "HS256", "-", stdin=b"short")
    admin.refused(USAGE, "ALGORITHM must be", "register-signing-key", world.app_id, "none", str(pem))
    admin.refused(USAGE, "No such file", "register-signing-key", world.app_id, "ES256", str(tmp_path / "nothing"))
    admin.refused(USAGE, "cannot read", "register-signing-key", world.app_id, "ES256", str(tmp_path))
    admin.refused(USAGE, "too large", "register-signing-key", world.app_id, "ES256", "-", stdin=b"x" * 16385)
    admin.refused(REFUSED, "NOT_FOUND", "revoke-signing-key", world.app_id, UNKNOWN)
    admin.refused(CREDENTIALS, "PERMISSION_DENIED", "list-signing-keys", UNKNOWN)


def test_users_are_shown_found_and_changed(world, admin):
    """An empty value empties; a name cannot steer the terminal."""
    alice, bob = world.alice.user_id, world.bob.user_id
    user = admin.line("update-user", "--username", "alicia", "--phone-number", PHONE, "--display-name", ESCAPE,
                      "--about", "hi", "--avatar-url", "https://a", alice)
    assert [user[field] for field in ("username", "phone_number", "display_name", "about", "avatar_url")] == \
        ["alicia", PHONE, ESCAPE, "hi", "https://a"]
    assert admin.line("get-user", alice) == user
    text = admin.text("get-user", alice)
    assert text.startswith(alice) and f"  alicia  {PHONE}  " in text and "\x1b" not in text
    assert admin.line("update-user", alice, "--about", "") == {**user, "about": ""}
    found = admin.lines("lookup-users", "bob", "nobody", "--phone-number", PHONE)
    assert {line["user_id"] for line in found} == {alice, bob}
    assert admin.text("lookup-users", "nobody") == ""
    world.backend.DeactivateUser(user_id=bob)
    assert "  deactivated " in admin.text("get-user", bob)
    assert admin.text("list-users") == admin.text("get-user", bob) + admin.text("get-user", alice)
    for command in ("deactivate-user", "reactivate-user", "delete-user"):
        admin.refused(REFUSED, "USER_NOT_FOUND", command, UNKNOWN)
    admin.refused(REFUSED, "USER_NOT_FOUND", "get-user", UNKNOWN)
    admin.refused(REFUSED, "USER_NOT_FOUND", "update-user", "--about", "x", UNKNOWN)
    admin.refused(REFUSED, "INVALID_ARGUMENT", "lookup-users", *[f"user{i}" for i in range(101)])


def test_a_device_is_renamed(world, admin):
    """By its user and its id."""
    alice = world.alice
    device = admin.line("rename-device", alice.user_id, alice.device_id, "tablet")
    assert (device["device_id"], device["user_id"], device["name"]) == (alice.device_id, alice.user_id, "tablet")
    assert admin.text("rename-device", alice.user_id, alice.device_id, "old tablet").endswith("  old tablet\n")
    assert admin.text("list-devices", alice.user_id).endswith("  old tablet\n")
    admin.refused(REFUSED, "NOT_FOUND", "rename-device", world.bob.user_id, alice.device_id, "x")
    admin.refused(REFUSED, "NOT_FOUND", "revoke-device", world.bob.user_id, alice.device_id)
    admin.refused(REFUSED, "USER_NOT_FOUND", "list-devices", UNKNOWN)


@pytest.mark.parametrize("arguments", [
    ("create-app",), ("create-app", "--app-bytes-per-second", "x", "a"), ("create-app", "--name", "x", "a"),
    ("get-app",), ("get-app", "a", "b"), ("update-app", "a"), ("update-app", "--name", "x"),
    ("update-app", "--max-group-members", "0", "a"), ("update-app", "--nonsense", "a"), ("rotate-key", "a"),
    ("rotate-key", "--grace", "-1", "a", "b"), ("register-signing-key", "a", "ES256"), ("list-signing-keys",),
    ("revoke-signing-key", "a"), ("get-user",), ("lookup-users",), ("lookup-users", "--phone-number"),
    ("update-user", "a"), ("update-user", "--about", "x"), ("update-user", "--metadata", "x", "a"),
    ("rename-device", "a", "b"), ("list-keys",), ("revoke-key", "a"), ("list-users", "a"), ("deactivate-user",),
    ("reactivate-user",), ("delete-user",), ("list-devices",), ("revoke-device", "a")], ids=" ".join)
def test_wrong_usage_is_explained(admin, arguments):
    """With the usage of this command, and before anything is asked of the server."""
    admin.refused(USAGE, f"usage: parley admin {arguments[0]} ", *arguments)


@pytest.mark.parametrize("arguments", [
    ("create-app", "a"), ("get-app", "a"), ("update-app", "--name", "x", "a"), ("rotate-key", "a", "b"),
    ("list-signing-keys", "a"), ("register-signing-key", "a", "HS256", "-"), ("revoke-signing-key", "a", "b"), ("get-user", "a"),
    ("lookup-users", "a"), ("update-user", "--about", "x", "a"), ("rename-device", "a", "b", "c"),
    ("list-keys", "a"), ("revoke-key", "a", "b"), ("list-users",), ("deactivate-user", "a"), ("reactivate-user", "a"),
    ("delete-user", "a"), ("list-devices", "a"), ("revoke-device", "a", "b")], ids=" ".join)
def test_a_wrong_key_is_refused(server, tmp_path, arguments):
    """Whatever is asked."""
    Admin(server, "nonsense", tmp_path).refused(CREDENTIALS, "API_KEY_INVALID", *arguments)
