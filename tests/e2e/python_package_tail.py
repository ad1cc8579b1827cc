# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A device that is written with the Python package: says on standard output, in lines of JSON, what it gets and how its
stream is; sends each line of standard input to the chat; ends with its input. Arguments: endpoint, file of the token.
"""
import json
import sys
import threading

import parley

OUT = threading.Lock()


def say(event, **fields):
    """One line."""
    with OUT:
        print(json.dumps({"event": event, **fields}), flush=True)


def read_token():
    """As an app's token function would: whatever is good now."""
    with open(sys.argv[2], encoding="ascii") as file:
        return file.read().strip()


def on_state(state, error):
    """The stream's states."""
    say("state", state=state, reason=error.reason if error else "")


def main():
    """Runs until the end of the input."""
    with parley.Client(sys.argv[1], token=read_token, timeout=60) as client:
        chat_id = client.ListChats().chats[0].chat_id
        with client.open_stream(lambda entry: say("entry", seq=entry.seq, content=entry.content), on_state=on_state,
                                on_receipt=lambda receipt: say("receipt", read=receipt.read_seq),
                                on_typing=lambda typing: say("typing", user=typing.user_id),
                                on_presence=lambda one: say("presence", user=one.user_id, online=one.online)) as stream:
            for line in sys.stdin:
                word, _, rest = line.strip().partition(" ")
                if word == "send":
                    say("sent", seq=stream.send(chat_id=chat_id, content=rest).result(timeout=60).seq)
                elif word == "watch":
                    stream.watch(rest.split())
                elif word == "type":
                    stream.type(chat_id)
                elif word == "read":
                    stream.read(chat_id, int(rest))


main()
