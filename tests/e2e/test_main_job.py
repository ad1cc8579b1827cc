# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What Parley is for: alice writes to bob with the command line client, and with a client that has only reflection."""
import json
import pathlib
import subprocess
import sys

from programs import PARLEY, parley, parley_environment
from uuid7 import uuid7

REFLECTION_CLIENT = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "reflection_client.py"
SERVICES = {"parley.v1.AdminService", "parley.v1.ChatService", "parley.v1.MessageService", "parley.v1.StreamService",
            "parley.v1.UserService", "grpc.health.v1.Health"}


def tail(server, person, count):
    """A `parley tail` that ends after so many messages."""
    # pylint: disable-next=consider-using-with
    return subprocess.Popen([PARLEY, "tail", "--count", str(count), "--json"], text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, env=parley_environment(server, person.token))


def lines_of(process):
    """What it printed, when it has ended by itself."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return [json.loads(line) for line in output.splitlines()]


def test_alice_writes_and_sees_the_delivered_tick(server, world):
    """bob's tail runs while alice sends; her command ends when his device has the message."""
    bob_tail = tail(server, world.bob, 1)
    sent = parley(server, world.alice.token, "send", world.bob.user_id, "Hello Bob", "--wait", "delivered")
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["status"] == "delivered"
    (received,) = lines_of(bob_tail)
    assert received["content"] == "Hello Bob"
    assert received["sender_id"] == world.alice.user_id
    assert received["message_id"] == json.loads(sent.stdout)["message_id"]


def test_bob_gets_what_was_sent_while_he_was_away(server, world):
    """In order, and then it is in both histories."""
    for text in ("one", "two", "three"):
        sent = parley(server, world.alice.token, "send", world.bob.user_id, text)
        assert sent.returncode == 0, sent.stderr
    assert [line["content"] for line in lines_of(tail(server, world.bob, 3))] == ["one", "two", "three"]
    chat_id = json.loads(sent.stdout)["chat_id"]
    for person in (world.alice, world.bob):
        history = parley(server, person.token, "history", chat_id)
        assert sorted(json.loads(line)["content"] for line in history.stdout.splitlines()) == ["one", "three", "two"]
        chats = parley(server, person.token, "chats")
        assert [json.loads(line)["chat_id"] for line in chats.stdout.splitlines()] == [chat_id]


def test_a_client_with_only_reflection(server, world):
    """It lists the services and sends a message."""
    bob_tail = tail(server, world.bob, 1)
    run = subprocess.run([sys.executable, REFLECTION_CLIENT, world.bob.user_id, "Hello from Python"], check=True,
                         env=parley_environment(server, world.alice.token), stdout=subprocess.PIPE, text=True,
                         timeout=60)
    assert SERVICES <= set(run.stdout.splitlines())
    assert [line["content"] for line in lines_of(bob_tail)] == ["Hello from Python"]


def test_failures_are_sentences_with_exit_codes(server, world):
    """Wrong token, no such user, nobody there."""
    wrong_token = parley(server, "wrong", "chats")
    no_such_user = parley(server, world.alice.token, "send", uuid7(), "hello")
    nobody = parley(server, world.alice.token, "chats", "--endpoint", "127.0.0.1:9", "--timeout", "1")
    assert [run.returncode for run in (wrong_token, no_such_user, nobody)] == [4, 1, 3]
    for run in (wrong_token, no_such_user, nobody):
        assert run.stderr.startswith("parley: ") and not run.stdout
