# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The `parley` command's calls, exit codes and sentences against a scripted server."""
import json
import os
import stat
import tempfile
import unittest

import grpc
from fake_parleyd import FakeParleyd, chat_service_pb2 as chats, message_service_pb2 as messages
from fake_parleyd import refuse, user_service_pb2
from parley_command import ALICE, BOB, run, token
from ports import free_port

CHAT = "01900000-0000-7000-8000-0000000000c1"


def message_of(request, status=messages.MESSAGE_STATUS_SENT):
    return messages.Message(message_id=request.message_id, chat_id=CHAT, seq=1, sender_id=ALICE,
                            content=request.content, status=status)


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.server = FakeParleyd()
        self.addCleanup(self.server.stop)
        self.on("UserService/GetUser", lambda request, context: user_service_pb2.User(
            user_id=request.user_id, username="alice" if request.user_id == ALICE else "bob"))

    def on(self, method, handler):
        self.server.handlers[method] = handler

    def run_parley(self, *arguments, **more):
        return run(self.server.endpoint, *arguments, **more)

    def test_send_prints_id_and_tick(self):
        seen = []
        self.on("MessageService/SendMessage", lambda request, context: seen.append(request) or message_of(request))
        code, out, err = self.run_parley("send", BOB, "hello")
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, f"{seen[0].message_id} ✓\n")
        self.assertEqual((seen[0].recipient_id, seen[0].content, seen[0].message_id[14]), (BOB, "hello", "7"))

    def test_send_to_a_chat_reads_standard_input(self):
        seen = []
        self.on("MessageService/SendMessage", lambda request, context: seen.append(request) or message_of(request))
        code, out, _ = self.run_parley("--json", "send", "--chat", CHAT, "-", stdin="two\nlines\n")
        self.assertEqual(code, 0)
        self.assertEqual((seen[0].chat_id, seen[0].content), (CHAT, "two\nlines"))
        self.assertEqual(json.loads(out)["status"], "sent")

    def test_send_repeats_an_unknown_outcome_with_the_same_id(self):
        seen = []

        def answer(request, context):
            seen.append(request.message_id)
            if len(seen) == 1:
                refuse(context, grpc.StatusCode.UNAVAILABLE, "OUTCOME_UNKNOWN", "who knows")
            if len(seen) == 2:
                refuse(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", "busy", retry_after_ms=20)
            return message_of(request)

        self.on("MessageService/SendMessage", answer)
        self.assertEqual(self.run_parley("send", BOB, "hello")[0], 0)
        self.assertEqual(len(seen), 3)
        self.assertEqual(len(set(seen)), 1)

    def test_send_waits_for_the_tick(self):
        asked = []

        def get(request, context):
            asked.append(request)
            status = messages.MESSAGE_STATUS_DELIVERED if len(asked) > 2 else messages.MESSAGE_STATUS_SENT
            return messages.Message(message_id=request.message_id, status=status)

        self.on("MessageService/SendMessage", lambda request, context: message_of(request))
        self.on("MessageService/GetMessage", get)
        code, out, _ = self.run_parley("send", "--wait", "delivered", BOB, "hello")
        self.assertEqual(code, 0)
        self.assertTrue(out.endswith(" ✓✓ delivered\n"), out)

    def test_waiting_has_an_end(self):
        self.on("MessageService/SendMessage", lambda request, context: message_of(request))
        self.on("MessageService/GetMessage", lambda request, context: messages.Message(
            message_id=request.message_id, status=messages.MESSAGE_STATUS_DELIVERED))
        code, _, err = self.run_parley("send", "--wait", "read", "--timeout", "1", BOB, "hello")
        self.assertEqual(code, 5)
        self.assertIn("not read within 1 seconds", err)

    def test_refusals_have_sentences_and_codes(self):
        cases = [(grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND", "there is no such user in this app", 1),
                 (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED", "the device token has expired", 4),
                 (grpc.StatusCode.PERMISSION_DENIED, "NOT_A_MEMBER", "the caller is not a member of this chat", 1),
                 (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED", "these credentials may not do this", 4)]
        for code, reason, sentence, exit_code in cases:
            with self.subTest(reason):
                self.on("MessageService/SendMessage",
                        lambda request, context: refuse(context, code, reason, sentence))
                result = self.run_parley("send", BOB, "hello")
                self.assertEqual(result[0], exit_code)
                self.assertTrue(result[2].startswith(f"parley: {sentence} ({reason})"), result[2])

    def test_bad_drafts_never_leave(self):
        for arguments, reason in ((("send", "bob", "hello"), "INVALID_ID"), (("send", BOB, ""), "INVALID_CONTENT")):
            with self.subTest(reason):
                code, _, err = self.run_parley(*arguments)
                self.assertEqual(code, 1)
                self.assertIn(reason, err)

    def test_an_absent_server_is_said_at_once(self):
        endpoint = f"127.0.0.1:{free_port()}"
        code, _, err = run(endpoint, "send", BOB, "hello")
        self.assertEqual((code, err), (3, f"parley: cannot reach {endpoint}; is parleyd running?\n"))

    def test_usage_errors(self):
        for arguments in ((), ("sned",), ("send", BOB), ("send", "--wait", "soon", BOB, "x"), ("tail", "--count", "0"),
                          ("admin",), ("admin", "create-user"), ("--timeout", "0", "chats"), ("history",)):
            with self.subTest(arguments):
                self.assertEqual(self.run_parley(*arguments)[0], 2)
        code, _, err = run("nowhere", "chats")
        self.assertEqual(code, 2)
        self.assertIn("host:port", err)

    def test_help_names_every_exit_code(self):
        code, out, _ = self.run_parley("--help")
        self.assertEqual(code, 0)
        for word in ("send", "tail", "admin create-token", "exit codes: 0 done; 1 refused", "PARLEY_GRPC"):
            self.assertIn(word, out)
        self.assertEqual(self.run_parley("send", "--help")[0], 0)

    def test_login_stores_for_the_user_only(self):
        with tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "config")
            code, out, err = self.run_parley("login", "-", folder=config, stdin=token() + "\n", PARLEY_TOKEN="")
            self.assertEqual((code, err), (0, ""))
            self.assertIn("alice", out)
            path = os.path.join(config, "credentials.json")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path) as file:
                self.assertEqual(json.load(file), {"endpoint": self.server.endpoint, "token": token()})
            code, out, _ = self.run_parley("whoami", folder=config, PARLEY_TOKEN="", PARLEY_GRPC="")
            self.assertEqual(code, 0)
            self.assertIn(ALICE, out)

    def test_login_keeps_nothing_that_the_server_refuses(self):
        self.on("UserService/GetUser", lambda request, context: refuse(
            context, grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID", "the device token is not valid"))
        with tempfile.TemporaryDirectory() as folder:
            code, _, err = self.run_parley("login", folder=folder)
            self.assertEqual((code, os.listdir(folder)), (4, []))
            self.assertIn("TOKEN_INVALID", err)
        self.assertEqual(self.run_parley("login", "nonsense")[0], 4)

    def test_no_credentials_is_said_before_calling(self):
        code, _, err = self.run_parley("chats", PARLEY_TOKEN="")
        self.assertEqual((code, err), (4, "parley: not logged in; run `parley login`, or set PARLEY_TOKEN\n"))
        self.assertEqual(self.run_parley("admin", "create-app", "x")[0], 4)

    def test_credentials_follow_the_command(self):
        seen = []

        def answer(request, context):
            metadata = dict(context.invocation_metadata())
            seen.append({key: metadata.get(key) for key in ("authorization", "x-api-key", "parley-user")})
            return chats.ListChatsResponse()

        self.on("ChatService/ListChats", answer)
        self.run_parley("chats", PARLEY_API_KEY="key")
        self.run_parley("chats", "--as", BOB, PARLEY_API_KEY="key")
        self.assertEqual(seen, [{"authorization": "Bearer " + token(), "x-api-key": None, "parley-user": None},
                                {"authorization": None, "x-api-key": "key", "parley-user": BOB}])

    def test_chats_follows_pages(self):
        def answer(request, context):
            number = int(request.page_token or "0")
            return chats.ListChatsResponse(chats=[chats.Chat(chat_id=f"chat-{number}", chat_type=2, name="g")],
                                           next_page_token=str(number + 1) if number < 2 else "")

        self.on("ChatService/ListChats", answer)
        code, out, _ = self.run_parley("chats", "--json")
        self.assertEqual(code, 0)
        self.assertEqual([json.loads(line)["chat_id"] for line in out.splitlines()], ["chat-0", "chat-1", "chat-2"])

    def test_history_is_oldest_first_and_harmless(self):
        self.on("MessageService/ListMessages", lambda request, context: messages.ListMessagesResponse(messages=[
            messages.Message(message_id="2", seq=2, sender_id=BOB, content="\x1b]0;evil\x07", status=3),
            messages.Message(message_id="1", seq=1, sender_id=ALICE, content="first", status=1)]))
        code, out, _ = self.run_parley("history", CHAT)
        self.assertEqual(code, 0)
        self.assertNotIn("\x1b", out)
        first, second = out.splitlines()
        self.assertIn("alice: first  ✓", first)
        self.assertIn("bob: \ufffd]0;evil\ufffd  ✓✓ read", second)

    def test_admin_creates(self):
        self.on("UserService/CreateUser", lambda request, context: user_service_pb2.User(
            user_id=BOB, username=request.username, display_name=request.display_name))
        code, out, _ = self.run_parley("admin", "create-user", "--display-name", "Bob", "bob", PARLEY_API_KEY="key")
        self.assertEqual((code, out), (0, BOB + "\n"))
        self.on("UserService/CreateToken", lambda request, context: user_service_pb2.CreateTokenResponse(
            token=f"{request.user_id}/{request.device_id}/{request.ttl_seconds}"))
        code, out, _ = self.run_parley("admin", "create-token", "--ttl", "60", "u", "d", "--api-key", "key")
        self.assertEqual((code, out), (0, "u/d/60\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
