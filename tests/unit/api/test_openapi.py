# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""openapi.yaml says of every operation what a client must know. That its examples are valid, the lint checks."""
import pathlib
import re
import sys
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "api"))

from generator import comments, openapi_examples, statuses  # noqa: E402  pylint: disable=wrong-import-position

VERBS = ("get", "post", "put", "patch", "delete")


class OpenApi(unittest.TestCase):
    """The checked-in file, which openapi_is_current proves to be the generator's."""

    @classmethod
    def setUpClass(cls):
        cls.document = yaml.safe_load((ROOT / "openapi/openapi.yaml").read_text(encoding="utf-8"))
        cls.operations = {operation["operationId"]: operation for path in cls.document["paths"].values()
                          for verb, operation in path.items() if verb in VERBS}

    def resolve(self, element):
        """What a $ref refers to."""
        while "$ref" in element:
            place = element["$ref"].removeprefix("#/").split("/")
            element = self.document
            for step in place:
                element = element[step]
        return element

    def reasons(self, name, code):
        content = self.resolve(self.operations[name]["responses"][code])["content"]["application/problem+json"]
        return content["schema"]["allOf"][1]["properties"]["reason"]["enum"]

    def parameters(self, name):
        return [self.resolve(parameter)["name"] for parameter in self.operations[name]["parameters"]]

    def test_every_rule_of_the_protos_is_an_operation(self):
        texts = [path.read_text(encoding="utf-8") for path in (ROOT / "api/parley/v1").glob("*_service.proto")]
        rules = re.findall(r'\{(get|post|put|patch|delete): "/v1(/[^"]+)"', "".join(texts))
        self.assertEqual({(verb, path) for path, verbs in self.document["paths"].items() for verb in verbs}, set(rules))

    def test_every_operation_has_text_examples_errors_and_security(self):
        for name, operation in self.operations.items():
            with self.subTest(name):
                self.assertTrue(operation["summary"] and operation["description"] and operation["security"])
                self.assertLess(len(operation["summary"]), 100)
                (success,) = [code for code in operation["responses"] if code.startswith("2")]
                self.assertIn("example", operation["responses"][success]["content"]["application/json"])
                if "requestBody" in operation:
                    self.assertIn("example", operation["requestBody"]["content"]["application/json"])
                self.assertIn("CREDENTIALS_MISSING", self.reasons(name, "401"))

    def test_errors_are_those_of_the_comments_by_status(self):
        self.assertEqual(self.reasons("SendMessage", "409"), ["MESSAGE_ID_REUSED"])
        self.assertEqual(self.reasons("SendMessage", "403"), ["PERMISSION_DENIED", "NOT_A_MEMBER", "USER_DEACTIVATED",
                                                              "RECIPIENT_BLOCKED", "RECIPIENT_UNAVAILABLE"])
        self.assertIn("OUTCOME_UNKNOWN", self.reasons("UpdateUser", "503"))
        self.assertNotIn("OUTCOME_UNKNOWN", self.reasons("GetUser", "503"))
        self.assertIn("IDEMPOTENCY_KEY_IN_USE", self.reasons("CreateChat", "409"))
        self.assertNotIn("409", self.operations["GetChat"]["responses"])

    def test_a_note_stands_beside_its_error(self):
        response = self.operations["GetChat"]["responses"]["403"]
        self.assertIn("`NOT_A_MEMBER`: the caller is not a member of this chat (also when there is no such chat)",
                      response["description"])

    def test_what_creates_answers_201_with_its_place(self):
        self.assertIn("Location", self.operations["SendMessage"]["responses"]["201"]["headers"])
        self.assertNotIn("Location", self.operations["CreateToken"]["responses"]["201"]["headers"])
        self.assertIn("200", self.operations["MarkRead"]["responses"])

    def test_headers_and_aliases_are_parameters(self):
        self.assertLessEqual({"Idempotency-Key", "parley-user"}, set(self.parameters("SendMessage")))
        self.assertLessEqual({"chat_id", "page_size", "limit", "before_seq"}, set(self.parameters("ListMessages")))
        self.assertIn("If-Match", self.parameters("UpdateChat"))
        self.assertIn("If-None-Match", self.parameters("GetChat"))
        self.assertNotIn("parley-user", self.parameters("CreateApp"))

    def test_bodies_leave_out_what_the_path_says(self):
        properties = self.document["components"]["schemas"]["UpdateChatRequest"]["properties"]
        self.assertIn("name", properties)
        self.assertNotIn("chat_id", properties)

    def test_types_are_those_of_the_json(self):
        message = self.document["components"]["schemas"]["Message"]
        self.assertEqual(message["properties"]["seq"]["type"], "integer")
        self.assertEqual(message["properties"]["timestamp"]["format"], "date-time")
        self.assertEqual(message["properties"]["encrypted_content"]["format"], "byte")
        self.assertEqual(message["properties"]["metadata"]["additionalProperties"], {"type": "string"})
        self.assertIn("seq", message["required"])
        self.assertNotIn("content", message["required"])
        self.assertEqual(self.document["components"]["schemas"]["ChatType"]["enum"],
                         ["unspecified", "individual", "group", "self"])
        participant = self.document["components"]["schemas"]["NewParticipant"]["oneOf"]
        self.assertEqual([one["type"] for one in participant], ["string", "object"])

    def test_texts_speak_of_rest(self):
        text = (ROOT / "openapi/openapi.yaml").read_text(encoding="utf-8")
        for word in ("CHAT_TYPE_", "ROLE_", "MESSAGE_TYPE_", "the metadata `idempotency-key`", "Service."):
            self.assertNotIn(word, text)

    def test_every_error_of_the_table_but_grpc_alone_is_shown(self):
        known = set(statuses.load(ROOT / "api/status.def"))
        shown = set(self.document["components"]["examples"])
        self.assertLessEqual(shown, known)
        self.assertLessEqual({"ROUTE_NOT_FOUND", "CHAT_FULL", "ETAG_MISMATCH", "UNKNOWN_FIELD"}, shown)


class Comments(unittest.TestCase):
    """How comments are read."""

    def test_errors_begin_a_paragraph_and_have_notes(self):
        comment = "Does it.\n Well.\n Errors: NOT_FOUND (also\n when gone), CHAT_FULL."
        self.assertEqual(comments.paragraphs(comment),
                         ["Does it. Well.", "Errors: NOT_FOUND (also when gone), CHAT_FULL."])
        self.assertEqual(comments.prose(comment), ["Does it. Well."])

    def test_summary_ends_where_the_sentence_begins_to_explain(self):
        self.assertEqual(openapi_examples.first_sentence("Keeps a user out: within 5 s. More."), "Keeps a user out")
        self.assertEqual(openapi_examples.first_sentence("Returns a room."), "Returns a room")


if __name__ == "__main__":
    unittest.main()
