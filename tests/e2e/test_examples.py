# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The examples of the C SDK, as a new user runs them."""
import os
import re
import signal
import subprocess

from device import Device
from programs import BUILD

EXAMPLES = BUILD / "sdk" / "c" / "examples"


def environment(server):
    """Where the server is."""
    return dict(os.environ, PARLEY_GRPC=server.address)


def test_send_one_sends_one(server, world):
    """And says where it is; a token that is none is explained."""
    run = subprocess.run([EXAMPLES / "send_one", world.alice.token, world.bob.user_id, "Hello"], timeout=60, text=True,
                         env=environment(server), capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    message_id, chat_id = re.fullmatch(r"(\S+) is number 1 of chat (\S+)\n", run.stdout).groups()
    message = world.bob.api.GetMessage(message_id=message_id)
    assert (message.content, message.chat_id) == ("Hello", chat_id)
    run = subprocess.run([EXAMPLES / "send_one", "nonsense", world.bob.user_id, "Hello"], timeout=60, text=True,
                         env=environment(server), capture_output=True, check=False)
    assert run.returncode == 1 and run.stderr.startswith("TOKEN_INVALID: ")


def test_echo_bot_answers(server, world):
    """Every text once, and nothing of its own."""
    with subprocess.Popen([EXAMPLES / "echo_bot", world.bob.token, world.bob.user_id], env=environment(server)) as bot:
        alice = Device(server.address, world.alice.token)
        sent = [world.alice.api.SendMessage(recipient_id=world.bob.user_id, content=text) for text in ("one", "two")]
        alice.wait_for(lambda device: len(device.entries[sent[0].chat_id]) == 4)
        answers = [(entry.content, entry.reply_to_message_id) for entry in alice.entries[sent[0].chat_id]
                   if entry.sender_id == world.bob.user_id]
        assert answers == [("one", sent[0].message_id), ("two", sent[1].message_id)]
        alice.close()
        bot.send_signal(signal.SIGINT)
        assert bot.wait(timeout=60) == 0
