# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The stream of the Python package against a scripted server, driven through the program of its e2e test."""
import json
import os
import pathlib
import queue
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import grpc
from fake_parleyd import WAIT_S, FakeParleyd, chat_service_pb2 as chats, message_service_pb2 as messages, stream, sync

OTHER_CHAT = "01900000-0000-7000-8000-0000000000c2"
CHAT = "01900000-0000-7000-8000-0000000000c1"
PROGRAM = pathlib.Path(os.environ["PARLEY_SOURCE"]) / "tests" / "e2e" / "python_package_tail.py"


# Checks of heads do not keep a test waiting; the arguments are those of the program.
FAST_CHECKS = """
import runpy, sys
from parley import heads
heads.CHECK_S, heads.LATE_S = 0.5, 0.2
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def entry(seq):
    return messages.Message(message_id=f"01900000-0000-7000-9000-{seq:012x}", chat_id=CHAT, seq=seq, content="hello")


def cursors(list_):
    return {cursor.chat_id: cursor.seq for cursor in list_}


FOLDER = tempfile.TemporaryDirectory()
INSTALLED = {**os.environ, "PYTHONPATH": f"{FOLDER.name}/installed"}


def setUpModule():  # pylint: disable=invalid-name
    unittest.addModuleCleanup(FOLDER.cleanup)
    subprocess.run([sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "install",
                    "--no-index", "--no-deps", "--target", INSTALLED["PYTHONPATH"],
                    os.environ["PARLEY_PYTHON_WHEEL"]], check=True)


class PythonConnectTest(unittest.TestCase):
    def test_a_server_that_is_slow_to_greet_is_waited_for(self):
        """One that takes the connection and says nothing yet is not connected to again and again."""
        program = "import sys, parley; parley.Client(sys.argv[1]).GetChat(chat_id='x')"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(WAIT_S)
            endpoint = "%s:%d" % listener.getsockname()
            process = subprocess.Popen([sys.executable, "-c", program, endpoint], env=INSTALLED)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            connection, _ = listener.accept()
            self.addCleanup(connection.close)
            listener.settimeout(1.5)
            with self.assertRaises(socket.timeout):
                listener.accept()


class PythonStreamTest(unittest.TestCase):
    def setUp(self):
        self.server = FakeParleyd()
        self.addCleanup(lambda: self.server.stop())
        self.server.handlers["ChatService/ListChats"] = lambda request, context: chats.ListChatsResponse(
            chats=[chats.Chat(chat_id=CHAT)])
        self.token_file = pathlib.Path(FOLDER.name) / "token"
        self.token_file.write_text("first", encoding="ascii")
        self.lines = queue.Queue()
        self.asked = queue.Queue()
        self.server.handlers["SyncService/ListHeads"] = self.list_heads
        self.heads = [sync.ListHeadsResponse()]
        self.process = subprocess.Popen(
            [sys.executable, "-c", FAST_CHECKS, PROGRAM, self.server.endpoint, self.token_file], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=INSTALLED)
        reader = threading.Thread(target=self._read, daemon=True)
        reader.start()
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(reader.join)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.addCleanup(self.process.stdin.close)

    def list_heads(self, request, _):
        self.asked.put(request.page_token)
        return self.heads[int(request.page_token or "0")]

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def event(self, name, **fields):
        while True:
            line = self.lines.get(timeout=WAIT_S)
            if line["event"] == name and all(line[key] == value for key, value in fields.items()):
                return line

    def order(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def start(self, **welcome):
        session = self.server.next_session()
        session.welcome(**welcome)
        self.event("state", state="live")
        return session

    def test_entries_are_acknowledged_together(self):
        session = self.start(ack_interval_ms=10000, ack_entries_max=3)
        session.say(entries=[entry(1), entry(2), entry(3)])
        self.assertEqual(cursors(session.expect(lambda frame: frame.acks).acks), {CHAT: 3})
        self.assertEqual([self.event("entry")["seq"] for _ in range(3)], [1, 2, 3])

    def test_a_frame_says_to_wait_longer_with_its_acknowledgement_than_welcome(self):
        session = self.start(ack_interval_ms=20, heartbeat_interval_ms=100)
        session.say(entries=[entry(1)], ack_interval_ms=10000)
        self.event("entry", seq=1)
        for _ in range(3):
            self.assertEqual(session.expect(lambda frame: True).ByteSize(), 0)
        session.say(entries=[entry(2)])
        self.assertEqual(cursors(session.expect(lambda frame: frame.acks).acks), {CHAT: 2})

    def test_of_two_intervals_the_one_that_ends_first_counts(self):
        """A client that waits for the other one says before that it is there."""
        session = self.start(ack_interval_ms=10000, heartbeat_interval_ms=9000)
        session.say(entries=[entry(1)])
        session.say(entries=[entry(2)], ack_interval_ms=20)
        self.assertEqual(cursors(session.expect(lambda frame: frame.acks).acks), {CHAT: 2})
        self.assertEqual(session.passed, [])
        session.say(entries=[entry(3)], ack_interval_ms=20)
        session.say(entries=[entry(4)])
        self.assertIn(cursors(session.expect(lambda frame: frame.acks).acks), ({CHAT: 3}, {CHAT: 4}))
        self.assertEqual(session.passed, [])

    def test_who_has_nothing_to_say_says_that_they_are_there(self):
        session = self.start(heartbeat_interval_ms=100)
        for _ in range(3):
            self.assertEqual(session.expect(lambda frame: True).ByteSize(), 0)

    def test_a_gap_is_asked_for_again_then_believed(self):
        session = self.start()
        session.say(entries=[entry(1), entry(3)])
        session = self.server.next_session()
        hello = session.welcome()
        self.assertEqual((hello.epoch, cursors(hello.cursors)), ("epoch-1", {CHAT: 1}))
        session.say(entries=[entry(3)])
        self.assertEqual([self.event("entry")["seq"] for _ in range(2)], [1, 3])

    def test_an_unanswered_send_is_sent_again_with_its_id(self):
        session = self.start()
        self.order("send one")
        first = session.expect(lambda frame: frame.sends).sends[0]
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.start()
        again = session.expect(lambda frame: frame.sends).sends[0]
        self.assertEqual(again, first)
        session.say(faileds=[stream.Failed(request_id=again.request_id, code=8, reason="OVERLOADED",
                                           retry_after_ms=20)])
        again = session.expect(lambda frame: frame.sends).sends[0]
        self.assertEqual(again.message.message_id, first.message.message_id)
        session.say(sents=[stream.Sent(request_id=again.request_id, chat_id=CHAT, seq=7)])
        self.assertEqual(self.event("sent")["seq"], 7)

    def test_read_marks_wait_until_caught_up_and_are_repeated(self):
        session = self.start()
        session.say(entries=[entry(1)])
        self.order("read 1")
        self.order("send marker")
        self.assertFalse(session.expect(lambda frame: frame.sends).reads)
        self.assertFalse(any(frame.reads for frame in session.passed))
        session.say(caught_up=True)
        self.assertEqual(cursors(session.expect(lambda frame: frame.reads).reads), {CHAT: 1})
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.start()
        session.say(caught_up=True)
        self.assertEqual(cursors(session.expect(lambda frame: frame.reads).reads), {CHAT: 1})

    def test_a_stream_goes_on_with_a_newer_token(self):
        session = self.start()
        self.assertEqual(session.metadata["authorization"], "Bearer first")
        self.token_file.write_text("second", encoding="ascii")
        session.say(token_expiring=stream.TokenExpiring())
        self.assertEqual(session.expect(lambda frame: frame.HasField("reauth")).reauth.token, "second")

    def test_an_expired_token_is_followed_by_another(self):
        session = self.start()
        self.token_file.write_text("second", encoding="ascii")
        session.say(going_away=stream.GoingAway(reason="TOKEN_EXPIRED", reconnect_after_ms=0))
        session.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED", "over")
        self.assertEqual(self.start().metadata["authorization"], "Bearer second")

    def test_another_stream_of_the_device_ends_it(self):
        session = self.start()
        session.end(grpc.StatusCode.ABORTED, "SESSION_REPLACED", "newer")
        self.assertEqual(self.event("state", state="ended")["reason"], "SESSION_REPLACED")
        self.assertTrue(self.server.sessions.empty())

    def test_a_lost_entry_is_asked_for_again_once(self):
        """An end that the server means is not asked for ever."""
        self.heads = [sync.ListHeadsResponse(heads=[sync.Head(chat_id=OTHER_CHAT, last_seq=9)], next_page_token="1"),
                      sync.ListHeadsResponse(heads=[sync.Head(chat_id=CHAT, last_seq=2)])]
        session = self.start()
        session.say(entries=[entry(1)], caught_up=True)
        self.assertEqual([self.asked.get(timeout=WAIT_S) for _ in range(2)], ["", "1"])
        self.assertEqual(self.event("state", state="lost")["reason"], "BAD_REPLY")
        session = self.server.next_session()
        self.assertEqual(cursors(session.welcome().cursors), {CHAT: 1})
        session.say(caught_up=True)
        for _ in range(6):
            self.asked.get(timeout=WAIT_S)
        session.say(entries=[entry(2)])
        self.assertEqual(self.event("entry")["seq"], 2)
        self.assertTrue(self.server.sessions.empty())

    def test_heads_are_checked_again_and_again(self):
        """What the device has from before is believed at first."""
        self.heads = [sync.ListHeadsResponse(heads=[sync.Head(chat_id=OTHER_CHAT, last_seq=9)])]
        session = self.start()
        session.say(entries=[entry(1)], caught_up=True)
        for _ in range(3):
            self.asked.get(timeout=WAIT_S)
        self.heads = [sync.ListHeadsResponse(heads=[sync.Head(chat_id=OTHER_CHAT, last_seq=10)])]
        self.assertEqual(self.event("state", state="lost")["reason"], "BAD_REPLY")

    def test_what_is_gone_is_not_asked_for(self):
        """Nothing of it can come; what is behind it can."""
        self.heads = [sync.ListHeadsResponse(heads=[sync.Head(chat_id=CHAT, first_seq=4, last_seq=3)])]
        session = self.start()
        session.say(entries=[entry(1)], caught_up=True)
        for _ in range(4):
            self.asked.get(timeout=WAIT_S)
        self.assertTrue(self.server.sessions.empty())
        self.heads = [sync.ListHeadsResponse(heads=[sync.Head(chat_id=CHAT, first_seq=4, last_seq=4)])]
        self.assertEqual(self.event("state", state="lost")["reason"], "BAD_REPLY")

    def test_a_stream_closes_while_heads_are_asked_for(self):
        asked, answer = threading.Event(), threading.Event()
        self.addCleanup(answer.set)
        self.server.handlers["SyncService/ListHeads"] = lambda request, context: asked.set() or answer.wait()
        self.start().say(caught_up=True)
        self.assertTrue(asked.wait(WAIT_S))
        self.process.stdin.close()
        self.assertEqual(self.process.wait(timeout=WAIT_S), 0)

    def test_closing_acknowledges_what_was_taken(self):
        session = self.start(ack_interval_ms=10000)
        session.say(entries=[entry(1)])
        self.event("entry")
        self.process.stdin.close()
        self.assertEqual(cursors(session.expect_end()[-1].acks), {CHAT: 1})
        self.assertEqual(self.process.wait(timeout=WAIT_S), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
