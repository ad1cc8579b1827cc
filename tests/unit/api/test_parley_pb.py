# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The generated Python messages work beside the system's google and grpc packages."""
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support/python"))

import parley_pb  # noqa: E402  pylint: disable=wrong-import-position


class ParleyPb(unittest.TestCase):
    def test_messages_survive_the_wire(self):
        sent = parley_pb.message_service_pb2.SendMessageRequest(chat_id="c", content="hello", metadata={"k": "v"})
        got = parley_pb.message_service_pb2.SendMessageRequest.FromString(sent.SerializeToString())
        self.assertEqual(got.content, "hello")
        self.assertEqual(got.metadata["k"], "v")

    def test_error_info_is_there(self):
        self.assertEqual(parley_pb.error_details_pb2.ErrorInfo(reason="X").reason, "X")

    def test_scope_of_a_method_can_be_read(self):
        service = parley_pb.stream_service_pb2.DESCRIPTOR.services_by_name["StreamService"]
        scope = service.methods_by_name["Connect"].GetOptions().Extensions[parley_pb.options_pb2.scope]
        self.assertEqual(scope, parley_pb.options_pb2.SCOPE_DEVICE)


if __name__ == "__main__":
    unittest.main()
