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


def said(server, person, *arguments, stdin=""):
    """What it prints for people, with this input: exit code, standard output, standard error."""
    run = subprocess.run([PARLEY, *arguments], text=True, timeout=60, check=False, input=stdin, capture_output=True,
                         env=dict(os.environ, PARLEY_GRPC=server.address, PARLEY_TOKEN=person.token))
    return run.returncode, run.stdout, run.stderr


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


def test_reactions_are_shown_and_listed(server, world):
    """In lines for people, and in what scripts get; what is taken back is in neither."""
    alice, bob = world.alice, world.bob
    (sent,) = done(parley(server, alice.token, "send", bob.user_id, "Hello"))
    assert said(server, bob, "react", sent["message_id"], "\U0001F44D") == (0, "reacted\n", "")
    (reacted,) = done(parley(server, alice.token, "react", sent["message_id"], "\U0001F44D"))
    assert reacted["reactions"] == [{"emoji": "\U0001F44D", "count": 2, "mine": True}]
    code, out, _ = said(server, bob, "history", sent["chat_id"])
    assert code == 0 and "Hello  \U0001F44D 2" in out
    code, out, _ = said(server, bob, "reactions", sent["message_id"])
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == sorted([alice.user_id, bob.user_id])
    assert all("  \U0001F44D  " in line for line in out.splitlines())
    assert said(server, bob, "react", sent["message_id"]) == (0, "taken back\n", "")
    (listed,) = done(parley(server, bob.token, "reactions", sent["message_id"]))
    assert (listed["user_id"], listed["emoji"]) == (alice.user_id, "\U0001F44D")
    assert parley(server, bob.token, "react", sent["message_id"], " ").returncode == 1
    assert parley(server, bob.token, "react").returncode == parley(server, bob.token, "reactions").returncode == 2


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


def test_a_batch_keeps_the_order_of_its_lines(server, world):
    """Over several calls; empty lines are left out, and a last line without end counts."""
    alice, bob = world.alice, world.bob
    lines = [f"line {number}" for number in range(1, 251)]
    code, out, err = said(server, alice, "send-batch", bob.user_id, stdin="\n\n".join(lines))
    assert (code, err) == (0, "")
    ids = [line.split()[0] for line in out.splitlines()]
    assert len(ids) == 250 and all(line.endswith(" ✓") for line in out.splitlines())
    listed = alice.api.ListMessages(chat_id=alice.api.ListChats().chats[0].chat_id, page_size=100).messages
    assert [entry.content for entry in reversed(listed)] == lines[150:]
    assert [entry.message_id for entry in reversed(listed)] == ids[150:]
    assert said(server, alice, "send-batch", bob.user_id) == (0, "", "")
    large = "\n".join(letter * 65536 for letter in "abcdefghijklmnopqrst")
    assert said(server, alice, "send-batch", bob.user_id, stdin=large)[0] == 0


def test_a_batch_tells_what_was_refused(server, world):
    """Line by line when the server judges, as a whole when nothing was sent."""
    alice, bob = world.alice, world.bob
    code, out, err = said(server, alice, "send-batch", NOBODY, stdin="one\n\ntwo\n")
    assert (code, out) == (1, "")
    assert [line.split(": ")[1] for line in err.splitlines()] == ["line 1", "line 3"]
    assert err.count("(USER_NOT_FOUND)") == 2
    code, out, err = said(server, alice, "send-batch", "--json", "--chat", NOBODY, stdin="one\n")
    refused = json.loads(out)
    assert (code, err, refused["reason"], refused["line"]) == (1, "", "NOT_A_MEMBER", 1)
    code, out, err = said(server, alice, "send-batch", bob.user_id, stdin="fine\n" + "x" * 65537)
    assert (code, out) == (1, "") and "INVALID_CONTENT" in err and "lines 1 to 2 may not have been sent" in err
    code, out, err = said(server, alice, "send-batch", bob.user_id, stdin="fine\n\0\n")
    assert (code, out, err) == (2, "", "parley: line 2 is not text\n")
    assert not alice.api.ListChats().chats
    assert said(server, alice, "send-batch")[0] == 2


def test_a_groups_properties_change_by_etag(server, world):
    """And who may not, may not."""
    alice, bob = world.alice, world.bob
    (group,) = done(parley(server, alice.token, "group", "create", "Team", bob.user_id))
    chat_id = group["chat_id"]
    assert group["settings"] == {"join_policy": "invite", "history_for_new": "none", "who_may_send": "member",
                                 "who_may_add": "admin", "who_may_edit": "admin", "read_receipts": "on",
                                 "message_ttl": 0}
    changed = ("group", "update", "--name", "Crew", "--history", "all", "--join", "api_key", "--may-send", "admin",
               "--may-add", "member", "--may-edit", "owner", "--read-receipts", "off", "--message-ttl", "60",
               "--etag", group["etag"], chat_id)
    (crew,) = done(parley(server, alice.token, *changed))
    assert crew["name"] == "Crew"
    assert crew["settings"] == {"join_policy": "api_key", "history_for_new": "all", "who_may_send": "admin",
                                "who_may_add": "member", "who_may_edit": "owner", "read_receipts": "off",
                                "message_ttl": 60}
    refused = parley(server, alice.token, *changed)
    assert refused.returncode == 1 and "ETAG_MISMATCH" in refused.stderr
    assert parley(server, bob.token, "group", "update", "--name", "Mine", chat_id).returncode == 4
    code, out, _ = said(server, bob, "group", "show", chat_id)
    assert code == 0 and "name         Crew\n" in out and f"etag         {crew['etag']}\n" in out
    for wrong in (("--etag", "x", chat_id), ("--join", "sometimes", "--name", "x", chat_id), ("--name", "x"),
                  ("--history", "some", chat_id), ("--may-send", "nobody", chat_id),
                  ("--read-receipts", "maybe", chat_id)):
        assert parley(server, alice.token, "group", "update", *wrong).returncode == 2
    assert parley(server, bob.token, "group", "delete", chat_id).returncode == 4
    assert said(server, alice, "group", "delete", chat_id) == (0, "deleted\n", "")
    assert parley(server, alice.token, "group", "show", chat_id).returncode == 1


def test_a_groups_members_are_set_at_once(server, world):
    """Roles stay where none is said."""
    alice, bob = world.alice, world.bob
    carol = world.backend.CreateUser(username="carol").user_id
    (group,) = done(parley(server, alice.token, "group", "create", "Team", bob.user_id))
    chat_id = group["chat_id"]
    assert done(parley(server, alice.token, "group", "set", chat_id, f"{bob.user_id}=admin", carol))
    assert members(server, alice, chat_id) == {alice.user_id: "owner", bob.user_id: "admin", carol: "member"}
    assert done(parley(server, alice.token, "group", "set", chat_id, bob.user_id))
    assert members(server, alice, chat_id) == {alice.user_id: "owner", bob.user_id: "admin"}
    assert parley(server, alice.token, "group", "set", chat_id, f"{carol}=queen").returncode == 2
    assert parley(server, alice.token, "group", "set", chat_id).returncode == 2
    assert parley(server, alice.token, "group", "set", chat_id, NOBODY).returncode == 1


def test_settings_are_shown_and_changed(server, world):
    """Those of the own user."""
    alice = world.alice
    (shown,) = done(parley(server, alice.token, "settings"))
    assert shown["settings"] == {"read_receipts": "on", "presence": "chats"}
    (changed,) = done(parley(server, alice.token, "settings", "--read-receipts", "off"))
    assert changed == {**shown, "settings": {"read_receipts": "off", "presence": "chats"}}
    (changed,) = done(parley(server, alice.token, "settings", "--presence", "nobody"))
    assert changed == {**shown, "settings": {"read_receipts": "off", "presence": "nobody"}}
    assert said(server, alice, "settings") == (0, "read receipts  off\npresence       nobody\n", "")
    assert parley(server, alice.token, "settings", "--read-receipts", "maybe").returncode == 2


def test_what_is_unread_is_counted(server, world):
    """Of messages that want to be."""
    alice, bob = world.alice, world.bob
    sent = done(parley(server, alice.token, "send", "--flag", "countable", "--flag", "urgent", bob.user_id, "come"))[-1]
    assert sent["flags"] == ["countable", "urgent"]
    done(parley(server, alice.token, "send", "--flag", "ephemeral", bob.user_id, "psst"))
    (chat,) = done(parley(server, bob.token, "chats"))
    assert chat["unread_count"] == 1
    assert "1 unread" in said(server, bob, "chats")[1]
    done(parley(server, bob.token, "read", sent["message_id"]))
    assert "unread" not in said(server, bob, "chats")[1]
    assert parley(server, alice.token, "send", "--flag", "loud", bob.user_id, "x").returncode == 2


def test_a_history_has_bounds(server, world):
    """By place, by message, and by time."""
    alice, bob = world.alice, world.bob
    sent = [alice.api.SendMessage(recipient_id=bob.user_id, content=str(number)) for number in range(1, 6)]
    chat_id = sent[0].chat_id

    def shown(*bounds):
        return [line["seq"] for line in done(parley(server, bob.token, "history", *bounds, chat_id))]

    assert shown("--before", "4") == [1, 2, 3]
    assert shown("--after", sent[1].message_id, "--before", sent[4].message_id) == [3, 4]
    assert shown("--after", "1", "--limit", "2") == [4, 5]
    assert not shown("--since", "2100-01-01T00:00:00Z") and not shown("--until", "2001-01-01T00:00:00Z")
    assert shown("--since", "2001-01-01T00:00:00Z", "--until", "2100-01-01T00:00:00Z") == [1, 2, 3, 4, 5]
    assert parley(server, bob.token, "history", "--since", "yesterday", chat_id).returncode == 2
    assert parley(server, bob.token, "history", "--before", "somewhere", chat_id).returncode == 1


def test_a_message_is_shown_and_read(server, world):
    """The mark shows in the heads of who has read."""
    alice, bob = world.alice, world.bob
    sent = alice.api.SendMessage(recipient_id=bob.user_id, content="Hello\x1b[2J")
    code, out, _ = said(server, bob, "show", sent.message_id)
    assert code == 0 and "alice: Hello" in out and "\x1b" not in out
    assert said(server, bob, "read", sent.message_id) == (0, "read up to 1\n", "")
    assert f"{sent.chat_id}  1 entries  read 1\n" in said(server, bob, "heads")[1]
    assert said(server, alice, "show", sent.message_id)[1].endswith("✓✓ read\n")
    for command in ("show", "read"):
        assert parley(server, bob.token, command, NOBODY).returncode == 1
        assert parley(server, bob.token, command).returncode == 2
    assert parley(server, bob.token, "heads", "x").returncode == 2
