# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The stream of the SDK against a scripted server, driven through `parley chat` and `parley tail`."""
import os
import signal
import tempfile
import threading
import unittest

import grpc
from fake_parleyd import WAIT_S, FakeParleyd, message_service_pb2 as messages, stream, sync
from parley_command import BOB, Running, token

CHAT = "01900000-0000-7000-8000-0000000000c1"
OTHER_CHAT = "01900000-0000-7000-8000-0000000000c2"


def entry(seq, text="hello", chat=CHAT, sender=BOB):
    return messages.Message(message_id=f"01900000-0000-7000-9000-{seq:012x}", chat_id=chat, seq=seq, sender_id=sender,
                            content=text)


def has_sends(frame):
    return len(frame.sends) > 0


def has_acks(frame):
    return len(frame.acks) > 0


def cursors(list_):
    return {cursor.chat_id: cursor.seq for cursor in list_}


class StreamTest(unittest.TestCase):
    def setUp(self):
        self.server = FakeParleyd()
        self.addCleanup(lambda: self.server.stop())
        self.server.handlers["MessageService/ListMessages"] = lambda request, context: messages.ListMessagesResponse()

    def start(self, *arguments):
        command = Running(self.server.endpoint, *arguments)
        self.addCleanup(command.kill)
        return command

    def start_chat(self, **welcome):
        command = self.start("chat", "--chat", CHAT)
        session = self.server.next_session()
        session.welcome(**welcome)
        command.event("state", state="live")
        return command, session

    def answer(self, session, send, seq):
        session.say(sents=[stream.Sent(request_id=send.request_id, chat_id=CHAT, message_id=send.message.message_id,
                                       seq=seq)])

    def test_hello_carries_credentials_and_name(self):
        self.start("tail")
        session = self.server.next_session()
        hello = session.welcome()
        self.assertEqual(hello.protocol_version, 1)
        self.assertEqual(hello.client, "parley-cli")
        self.assertEqual(hello.epoch, "")
        self.assertTrue(session.metadata["authorization"].startswith("Bearer "))

    def test_entries_are_acknowledged_together_in_one_frame(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome(ack_interval_ms=200)
        session.say(entries=[entry(1), entry(2), entry(3), entry(7, chat=OTHER_CHAT)])
        frame = session.expect(has_acks)
        self.assertEqual(cursors(frame.acks), {CHAT: 3, OTHER_CHAT: 7})
        self.assertEqual([command.next()["seq"] for _ in range(4)], [1, 2, 3, 7])

    def test_who_has_nothing_to_say_says_that_they_are_there(self):
        self.start("tail")
        session = self.server.next_session()
        session.welcome(heartbeat_interval_ms=100)
        for _ in range(3):
            self.assertEqual(session.expect(lambda frame: True).ByteSize(), 0)

    def test_many_entries_are_acknowledged_before_the_interval(self):
        self.start("tail")
        session = self.server.next_session()
        session.welcome(ack_interval_ms=10000, ack_entries_max=5)
        session.say(entries=[entry(seq) for seq in range(1, 6)])
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 5})

    def test_a_frame_says_to_wait_longer_with_its_acknowledgement_than_welcome(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome(ack_interval_ms=20, heartbeat_interval_ms=100)
        session.say(entries=[entry(1)], ack_interval_ms=10000)
        command.next(lambda line: line["seq"] == 1)
        for _ in range(3):
            self.assertEqual(session.expect(lambda frame: True).ByteSize(), 0)
        session.say(entries=[entry(2)])
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 2})

    def test_of_two_intervals_the_one_that_ends_first_counts(self):
        """A client that waits for the other one says before that it is there."""
        self.start("tail")
        session = self.server.next_session()
        session.welcome(ack_interval_ms=10000, heartbeat_interval_ms=9000)
        session.say(entries=[entry(1)])
        session.say(entries=[entry(2)], ack_interval_ms=20)
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 2})
        self.assertEqual(session.passed, [])
        session.say(entries=[entry(3)], ack_interval_ms=20)
        session.say(entries=[entry(4)])
        self.assertIn(cursors(session.expect(has_acks).acks), ({CHAT: 3}, {CHAT: 4}))
        self.assertEqual(session.passed, [])

    def test_duplicates_are_dropped_and_acknowledged_again(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(1), entry(2)])
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 2})
        session.say(entries=[entry(2)])
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 2})
        session.say(entries=[entry(3)])
        self.assertEqual([command.next()["seq"] for _ in range(3)], [1, 2, 3])

    def test_resume_carries_epoch_and_cursors(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome(ack_interval_ms=10000)
        session.say(entries=[entry(4), entry(5)])
        command.next(lambda line: line["seq"] == 5)
        session.end(grpc.StatusCode.UNAVAILABLE, "DRAINING", "restarting")
        session = self.server.next_session()
        hello = session.welcome()
        self.assertEqual(hello.epoch, "epoch-1")
        self.assertEqual(cursors(hello.cursors), {CHAT: 5})
        session.say(entries=[entry(5), entry(6)])
        self.assertEqual(command.next()["seq"], 6)

    def test_a_duplicate_is_never_acknowledged_above_what_the_session_was_sent(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(1), entry(2), entry(3)])
        command.next(lambda line: line["seq"] == 3)
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(1)])
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 1})

    def test_another_epoch_forgets_cursors(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(8)])
        self.assertEqual(command.next()["seq"], 8)
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.server.next_session()
        session.welcome(epoch="epoch-2")
        session.say(entries=[entry(3, text="restored")])
        self.assertEqual(command.next()["content"], "restored")
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 3})

    def test_a_gap_is_asked_for_again_then_believed(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(1)])
        command.next()
        session.say(entries=[entry(3)])
        session = self.server.next_session()
        self.assertEqual(cursors(session.welcome().cursors), {CHAT: 1})
        session.say(entries=[entry(3)])
        self.assertEqual(command.next()["seq"], 3)
        self.assertEqual(cursors(session.expect(has_acks).acks), {CHAT: 3})

    def test_a_missing_entry_that_comes_is_shown_in_order(self):
        command = self.start("tail")
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(1), entry(3)])
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(2), entry(3)])
        self.assertEqual([command.next()["seq"] for _ in range(3)], [1, 2, 3])

    def test_unanswered_sends_are_sent_again_with_their_ids_in_order(self):
        command, session = self.start_chat()
        for text in ("one", "two", "three"):
            command.type(text)
        sends = []
        while len(sends) < 3:
            sends += session.expect(has_sends).sends
        self.answer(session, sends[0], 1)
        command.event("sent")
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.server.next_session()
        session.welcome()
        again = []
        while len(again) < 2:
            again += session.expect(has_sends).sends
        self.assertEqual([(s.request_id, s.message.message_id, s.message.content) for s in again],
                         [(s.request_id, s.message.message_id, s.message.content) for s in sends[1:]])
        for seq, send in enumerate(again, 2):
            self.answer(session, send, seq)
        self.assertEqual([command.event("sent")["seq"] for _ in range(2)], [2, 3])

    def test_sends_keep_to_the_window(self):
        command, session = self.start_chat(sends_in_flight_max=2)
        for text in ("one", "two", "three"):
            command.type(text)
        sends = []
        while len(sends) < 2:
            sends += session.expect(has_sends).sends
        self.assertEqual([send.message.content for send in sends], ["one", "two"])
        self.answer(session, sends[0], 1)
        self.assertEqual([send.message.content for send in session.expect(has_sends).sends], ["three"])

    def test_a_passing_refusal_is_tried_again_before_later_messages(self):
        command, session = self.start_chat(sends_in_flight_max=1)
        command.type("one")
        send = session.expect(has_sends).sends[0]
        session.say(faileds=[stream.Failed(request_id=send.request_id, code=8, reason="OVERLOADED", message="busy",
                                           retry_after_ms=50)])
        command.type("two")
        again = session.expect(has_sends).sends[0]
        self.assertEqual(again.message.message_id, send.message.message_id)
        self.answer(session, again, 1)
        self.assertEqual(session.expect(has_sends).sends[0].message.content, "two")

    def test_a_final_refusal_is_told(self):
        command, session = self.start_chat()
        command.type("one")
        send = session.expect(has_sends).sends[0]
        session.say(faileds=[stream.Failed(request_id=send.request_id, code=7, reason="NOT_A_MEMBER", message="no")])
        failed = command.event("failed")
        self.assertEqual((failed["reason"], failed["message_id"]), ("NOT_A_MEMBER", send.message.message_id))
        self.assertEqual(command.finish()[0], 1)

    def test_read_marks_are_repeated_until_stored(self):
        command, session = self.start_chat()
        session.say(entries=[entry(1), entry(2)], caught_up=True)
        frame = session.expect(lambda frame: cursors(frame.reads).get(CHAT) == 2)
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.server.next_session()
        session.welcome()
        session.say(caught_up=True)
        frame = session.expect(lambda frame: len(frame.reads) > 0)
        self.assertEqual(cursors(frame.reads), {CHAT: 2})
        session.say(read_oks=[stream.Cursor(chat_id=CHAT, seq=2)])
        command.event("read_ok", seq=2)
        session.end(grpc.StatusCode.UNAVAILABLE)
        session = self.server.next_session()
        session.welcome()
        session.say(caught_up=True)
        command.event("state", state="caught_up")
        command.type("marker")
        self.assertFalse(session.expect(has_sends).reads)
        self.assertFalse(any(frame.reads for frame in session.passed))

    def test_read_marks_wait_until_caught_up(self):
        command, session = self.start_chat()
        session.say(entries=[entry(1)])
        command.event("message")
        command.type("marker")
        self.assertFalse(session.expect(has_sends).reads)
        session.say(caught_up=True)
        self.assertEqual(cursors(session.expect(lambda frame: len(frame.reads) > 0).reads), {CHAT: 1})

    def test_receipts_are_told(self):
        command, session = self.start_chat()
        session.say(receipts=[stream.Receipt(chat_id=CHAT, user_id=BOB, delivered_seq=4, read_seq=2)])
        receipt = command.event("receipt")
        self.assertEqual((receipt["delivered_seq"], receipt["read_seq"]), (4, 2))

    def test_receipts_of_groups_are_told(self):
        command, session = self.start_chat()
        session.say(group_receipts=[stream.GroupReceipt(chat_id=CHAT, first_seq=4, last_seq=6, recipient_count=3,
                                                        delivered_count=2, read_count=1, status="MESSAGE_STATUS_DELIVERED")])
        self.assertEqual(command.event("group_receipt"), {
            "event": "group_receipt", "chat_id": CHAT, "first_seq": 4, "last_seq": 6, "recipient_count": 3,
            "delivered_count": 2, "read_count": 1, "status": "delivered"})

    def test_chat_that_is_shown_is_fetched(self):
        command, session = self.start_chat()
        session.say(entries=[entry(1)])
        command.event("message")
        session.say(chats_advanced=[stream.ChatAdvanced(chat_id=CHAT, last_seq=5)])
        fetches = session.expect(lambda frame: len(frame.fetches) > 0).fetches
        self.assertEqual([(fetch.chat_id, fetch.after_seq) for fetch in fetches], [(CHAT, 1)])

    def test_terminal_statuses_end_the_stream(self):
        cases = [(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED", 4),
                 (grpc.StatusCode.ABORTED, "SESSION_REPLACED", 1),
                 (grpc.StatusCode.UNAUTHENTICATED, "DEVICE_REVOKED", 4),
                 (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_ARGUMENT", 1)]
        for code, reason, exit_code in cases:
            with self.subTest(reason):
                command, session = self.start_chat()
                session.end(code, reason, "that is it")
                self.assertEqual(command.event("state", state="ended")["reason"], reason)
                self.assertEqual(command.process.wait(timeout=WAIT_S), exit_code)
                self.assertTrue(self.server.sessions.empty())

    def start_with_tokens(self, *tokens):
        """`parley tail` that takes one token after the other; the last one again and again."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "tokens")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(tokens) + "\n")
        take = f'head -n1 "{path}"; [ "$(wc -l <"{path}")" = 1 ] || sed -i 1d "{path}"'
        return self.start("tail", "--token-command", take)

    def authorization(self, session):
        return session.metadata["authorization"].removeprefix("Bearer ")

    def test_an_expired_token_is_followed_by_another(self):
        looked_at, first, second = token(), token("1"), token("2")
        command = self.start_with_tokens(looked_at, first, second)
        session = self.server.next_session()
        self.assertEqual(self.authorization(session), first)
        session.welcome()
        session.say(entries=[entry(1)])
        self.assertEqual(command.next()["seq"], 1)
        session.say(going_away=stream.GoingAway(reason="TOKEN_EXPIRED", reconnect_after_ms=0))
        session.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED", "over")
        session = self.server.next_session()
        self.assertEqual(self.authorization(session), second)
        self.assertEqual(cursors(session.welcome().cursors), {CHAT: 1})

    def test_a_stream_goes_on_with_a_newer_token(self):
        self.start_with_tokens(token(), token("1"), "no token", token("2"))
        session = self.server.next_session()
        session.welcome()
        session.say(token_expiring=stream.TokenExpiring())
        frame = session.expect(lambda frame: frame.HasField("reauth"))
        self.assertEqual(frame.reauth.token, token("2"))

    def test_a_stream_whose_token_is_fixed_has_no_newer_one(self):
        command, session = self.start_chat()
        session.say(token_expiring=stream.TokenExpiring(), caught_up=True)
        command.event("state", state="caught_up")
        command.type("marker")
        self.assertFalse(session.expect(has_sends).HasField("reauth"))
        self.assertFalse(any(frame.HasField("reauth") for frame in session.passed))

    def test_a_stream_waits_for_a_token(self):
        self.start_with_tokens(token(), "no token", token("2"))
        session = self.server.next_session()
        self.assertEqual(self.authorization(session), token("2"))

    def test_what_waits_fails_when_the_stream_ends(self):
        command, session = self.start_chat()
        command.type("one")
        send = session.expect(has_sends).sends[0]
        session.end(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED", "over")
        self.assertEqual(command.event("failed")["message_id"], send.message.message_id)
        self.assertEqual(command.event("state", state="ended")["reason"], "TOKEN_EXPIRED")

    def test_going_away_without_return_ends_the_stream(self):
        command, session = self.start_chat()
        session.say(going_away=stream.GoingAway(reason="DRAINING", reconnect_after_ms=0))
        session.end(grpc.StatusCode.UNAVAILABLE, "DRAINING", "for good")
        self.assertEqual(command.event("state", state="ended")["reason"], "DRAINING")
        self.assertTrue(self.server.sessions.empty())

    def test_what_comes_while_leaving_is_left_for_the_next_time(self):
        command, session = self.start_chat()
        session.ends_with_client = False
        command.process.stdin.close()
        session.expect_end()
        session.say(entries=[entry(1)])
        session.end()
        code, rest = command.finish()
        self.assertEqual((code, [line for line in rest if line["event"] == "message"]), (0, []))

    def test_going_away_with_return_comes_back(self):
        command, session = self.start_chat()
        session.say(going_away=stream.GoingAway(reason="DRAINING", reconnect_after_ms=30))
        session.end(grpc.StatusCode.UNAVAILABLE, "DRAINING", "restarting")
        self.assertEqual(command.event("state", state="lost")["reason"], "DRAINING")
        self.server.next_session().welcome()
        command.event("state", state="live")

    def test_a_server_that_restarts_is_found_again(self):
        command, session = self.start_chat()
        port = self.server.port
        self.server.stop()
        command.event("state", state="lost")
        command.type("while away")
        self.server = FakeParleyd(port)
        session = self.server.next_session()
        session.welcome()
        self.assertEqual(session.expect(has_sends).sends[0].message.content, "while away")

    def test_a_bad_frame_is_survived(self):
        command, session = self.start_chat()
        session.say(entries=[entry(0)])
        self.assertEqual(command.event("state", state="lost")["reason"], "BAD_REPLY")
        self.server.next_session().welcome()
        command.event("state", state="live")

    def test_a_pipe_ends_when_all_is_stored(self):
        command, session = self.start_chat()
        command.type("last words")
        command.process.stdin.close()
        self.answer(session, session.expect(has_sends).sends[0], 1)
        self.assertEqual(command.process.wait(timeout=WAIT_S), 0)

    def test_a_lost_entry_is_asked_for_again(self):
        """Two pages of heads; what the second names does not come within ten seconds."""
        pages = {"": sync.ListHeadsResponse(heads=[sync.Head(chat_id=OTHER_CHAT, last_seq=9)], next_page_token="more"),
                 "more": sync.ListHeadsResponse(heads=[sync.Head(chat_id=CHAT, last_seq=2)])}
        self.server.handlers["SyncService/ListHeads"] = lambda request, context: pages[request.page_token]
        command, session = self.start_chat()
        session.say(entries=[entry(1)], caught_up=True)
        self.assertEqual(command.event("state", state="lost")["reason"], "BAD_REPLY")
        session = self.server.next_session()
        self.assertEqual(cursors(session.welcome().cursors), {CHAT: 1})
        session.say(entries=[entry(2)], caught_up=True)
        self.assertEqual(command.event("message")["message"]["seq"], 2)

    def test_a_stream_closes_while_heads_are_asked_for(self):
        asked, answer = threading.Event(), threading.Event()
        self.addCleanup(answer.set)
        self.server.handlers["SyncService/ListHeads"] = lambda request, context: asked.set() or answer.wait()
        command, session = self.start_chat()
        session.say(caught_up=True)
        self.assertTrue(asked.wait(WAIT_S))
        self.assertEqual(command.finish()[0], 0)

    def test_closing_acknowledges_what_was_shown(self):
        command = self.start("tail", "--count", "2")
        session = self.server.next_session()
        session.welcome(ack_interval_ms=10000)
        session.say(entries=[entry(1), entry(2), entry(3)])
        frames = session.expect_end()
        self.assertEqual(cursors(frames[-1].acks), {CHAT: 2})
        session.end()
        code, rest = command.finish()
        self.assertEqual((code, [line["seq"] for line in rest]), (0, [1, 2]))

    def test_until_caught_up_ends_tail(self):
        command = self.start("tail", "--until-caught-up")
        session = self.server.next_session()
        session.welcome()
        session.say(entries=[entry(1)], caught_up=True)
        frames = session.expect_end()
        self.assertEqual(cursors(frames[-1].acks), {CHAT: 1})
        self.assertEqual(command.finish()[0], 0)

    def test_interrupt_ends_cleanly(self):
        command, session = self.start_chat()
        session.say(entries=[entry(1)])
        command.event("message")
        command.interrupt(signal.SIGINT)
        session.expect_end()
        self.assertEqual(command.process.wait(timeout=WAIT_S), 130)


if __name__ == "__main__":
    unittest.main(verbosity=2)
