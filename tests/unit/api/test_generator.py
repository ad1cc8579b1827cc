# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""api/generate.py refuses what is incomplete, and protoc-gen-c-shim makes C of what protoc-gen-c alone refuses."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

API = pathlib.Path(__file__).resolve().parents[3] / "api"
PROTOC = os.environ["PARLEY_PROTOC"]
PROTO_PATH = os.environ["PARLEY_PROTO_PATH"].split(":")

COMPLETE = """
syntax = "proto3";
package parley.v1;
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/field_mask.proto";
import "parley/v1/options.proto";

// A service.
service RoomService {
  // Returns a room.
  rpc GetRoom(GetRoomRequest) returns (Room) {
    option (scope) = SCOPE_USER;
    option (google.api.http) = {
      get: "/v1/rooms/{room_id}"
      additional_bindings {get: "/v1/halls/{room_id}"}
    };
  }
}

// A request.
message GetRoomRequest {
  option (shorthand) = "room_id";
  // The room.
  string room_id = 1;
}

// A kind.
enum Kind {
  // Not set.
  KIND_UNSPECIFIED = 0;
}

// A room.
message Room {
  // Maybe a topic.
  optional string topic = 3;
  // Since when.
  google.protobuf.Timestamp begin = 2;
  // What to change.
  google.protobuf.FieldMask mask = 5;
  // Which kind.
  Kind kind = 6;
  // Names.
  map<string, Door> doors = 1;
  // A door.
  message Door {
    // Its colour.
    string colour = 1 [json_name = "color"];
  }
}
"""

CREATE = """
  // Creates a room.
  rpc CreateRoom(Room) returns (GetRoomRequest) {
    option (scope) = SCOPE_APP;
    option (google.api.http) = {post: "/v1/rooms"};
    option (location) = "/v1/rooms/{room_id}";
  }
"""
CREATING = COMPLETE.replace("// Returns a room.", CREATE + "// Returns a room.")


class ApiCase(unittest.TestCase):
    """Each test works on a proto of its own in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.proto = self.folder / "parley/v1/room_service.proto"
        self.proto.parent.mkdir(parents=True)

    def protoc(self, text, *arguments):
        self.proto.write_text(text, encoding="utf-8")
        paths = [f"-I{path}" for path in [self.folder, API, *PROTO_PATH]]
        return subprocess.run([PROTOC, *paths, *arguments, "parley/v1/room_service.proto"],
                              capture_output=True, text=True, check=False)

    def generate(self, text):
        """(exit status, stderr, methods.c or None)"""
        descriptors, output = self.folder / "api.fds", self.folder / "methods.c"
        described = self.protoc(text, "--include_imports", "--include_source_info",
                                f"--descriptor_set_out={descriptors}")
        self.assertEqual(described.returncode, 0, described.stderr)
        run = subprocess.run([sys.executable, "-B", API / "generate.py", "--descriptors", descriptors,
                              "--methods-c", output], capture_output=True, text=True, check=False)
        return run.returncode, run.stderr, output.read_text(encoding="utf-8") if output.exists() else None


class Generator(ApiCase):
    def assert_refused(self, old, new, sentence, text=COMPLETE):
        self.assertIn(old, text)
        status, errors, output = self.generate(text.replace(old, new))
        self.assertEqual(status, 1)
        self.assertIn(sentence, errors)
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertIsNone(output)

    def test_complete_api_is_generated(self):
        status, errors, output = self.generate(COMPLETE)
        self.assertEqual((status, errors), (0, ""))
        self.assertIn(".scope = PL_SCOPE_USER, .http = http_0, .http_count = 2", output)
        self.assertIn('{"GET", "/v1/halls/{room_id}", ""}', output)

    def test_json_fields_are_sorted_by_number_with_kind_and_presence(self):
        output = self.generate(COMPLETE)[2]
        self.assertRegex(output, r'    {"doors", 5, PL_API_JSON_MAP, false, &pl_api_json_messages\[\d+\], 0},\n'
                                 r'    {"begin", 5, PL_API_JSON_TIMESTAMP, false, &pl_api_json_messages\[\d+\], 0},\n'
                                 r'    {"topic", 5, PL_API_JSON_PLAIN, true, NULL, 0},\n'
                                 r'    {"mask", 4, PL_API_JSON_FIELD_MASK, false, &pl_api_json_messages\[\d+\], 0},\n'
                                 r'    {"kind", 4, PL_API_JSON_PLAIN, false, NULL, 5},\n')
        self.assertIn('{"color", 6, PL_API_JSON_PLAIN, false, NULL, 0}', output)

    def test_missing_comments_are_refused(self):
        for kind, name, comment in (
                ("service", "RoomService", "// A service."), ("rpc", "RoomService.GetRoom", "// Returns a room."),
                ("message", "Room", "// A room."), ("message", "Room.Door", "// A door."),
                ("field", "Room.Door.colour", "// Its colour."), ("enum", "Kind", "// A kind."),
                ("enum value", "KIND_UNSPECIFIED", "// Not set.")):
            with self.subTest(name):
                self.assert_refused(comment, "", f": {kind} parley.v1.{name} has no comment above it")

    def test_a_problem_names_file_and_line(self):
        self.assert_refused("// Returns a room.", "", "parley/v1/room_service.proto:12: rpc ")

    def test_all_problems_are_told_at_once(self):
        status, errors, _ = self.generate(COMPLETE.replace("// A room.", "").replace("// The room.", ""))
        self.assertEqual((status, len(errors.splitlines())), (1, 2))

    def test_missing_scope_is_refused(self):
        self.assert_refused("option (scope) = SCOPE_USER;", "", "rpc parley.v1.RoomService.GetRoom has no scope")

    def test_unspecified_scope_is_refused(self):
        self.assert_refused("SCOPE_USER", "SCOPE_UNSPECIFIED", "rpc parley.v1.RoomService.GetRoom has no scope")

    def test_missing_http_rule_is_refused(self):
        rule = COMPLETE[COMPLETE.index("    option (google"):COMPLETE.index("    };\n") + len("    };\n")]
        self.assert_refused(rule, "", "rpc parley.v1.RoomService.GetRoom has no HTTP rule")

    def test_stream_service_needs_no_http_rule(self):
        rule = COMPLETE[COMPLETE.index("    option (google"):COMPLETE.index("    };\n") + len("    };\n")]
        status, errors, output = self.generate(COMPLETE.replace(rule, "").replace("RoomService", "StreamService"))
        self.assertEqual((status, errors), (0, ""))
        self.assertIn(".http = NULL, .http_count = 0", output)

    def test_path_variable_that_is_no_field_is_refused(self):
        self.assert_refused("/v1/halls/{room_id}", "/v1/halls/{hall_id}", "has {hall_id} in its HTTP path")

    def test_body_that_is_no_field_is_refused(self):
        self.assert_refused('get: "/v1/rooms/{room_id}"', 'put: "/v1/rooms/{room_id}" body: "room"',
                            "has body room in its HTTP rule")

    def test_location_and_shorthand_are_in_the_tables(self):
        output = self.generate(CREATING)[2]
        self.assertIn('.location = "/v1/rooms/{room_id}"', output)
        self.assertIn('{&parley__v1__get_room_request__descriptor, fields_0, "room_id"}', output)
        self.assertIn('.http_count = 2, .location = NULL', output)

    def test_location_may_be_empty(self):
        output = self.generate(CREATING.replace('(location) = "/v1/rooms/{room_id}"', '(location) = ""'))[2]
        self.assertIn('.location = ""', output)

    def test_location_that_no_get_has_is_refused(self):
        self.assert_refused('(location) = "/v1/rooms', '(location) = "/v1/chambers',
                            "has the location /v1/chambers/{room_id}, which no GET has", CREATING)

    def test_location_of_what_the_reply_has_not_is_refused(self):
        self.assert_refused("returns (GetRoomRequest)", "returns (Room)",
                            "has {room_id} in its location, but parley.v1.Room has no such string field", CREATING)

    def test_shorthand_that_is_no_field_is_refused(self):
        self.assert_refused('(shorthand) = "room_id"', '(shorthand) = "room"', "has the shorthand room, but no such")

    def test_enum_value_without_the_name_of_the_enum_is_refused(self):
        self.assert_refused("KIND_UNSPECIFIED", "SORT_UNSPECIFIED",
                            "enum value parley.v1.SORT_UNSPECIFIED does not begin with KIND_")

    def test_numbers_that_json_has_no_rule_for_are_refused(self):
        self.assert_refused("Kind kind = 6", "double kind = 6", "Room.kind is a double, for which")
        self.assert_refused("map<string, Door>", "map<int32, Door>", "key is a map's key and no string, for which")

    def test_error_that_the_table_does_not_have_is_refused(self):
        for comment, new, element in (("// A service.", "// Every method can also answer NO_SUCH_ERROR.", "service"),
                                      ("// Returns a room.", "// Returns a room.\n  // Errors: NO_SUCH_ERROR.", "rpc")):
            with self.subTest(element):
                self.assert_refused(comment, f"{comment}\n//\n{new}",
                                    "names the error NO_SUCH_ERROR, which api/status.def does not have")

    def test_type_without_json_rule_is_refused(self):
        text = COMPLETE.replace("timestamp.proto", "any.proto").replace("Timestamp begin", "Any begin")
        status, errors, _ = self.generate(text)
        self.assertEqual(status, 1)
        self.assertIn("field parley.v1.Room.begin is a google.protobuf.Any, for which", errors)


class Shim(ApiCase):
    def compile(self, *arguments):
        return self.protoc(COMPLETE, *arguments, f"--c_out={self.folder}")

    def test_optional_becomes_a_oneof_of_one(self):
        run = self.compile(f"--plugin=protoc-gen-c={API / 'protoc-gen-c-shim'}")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        header = (self.folder / "parley/v1/room_service.pb-c.h").read_text(encoding="utf-8")
        self.assertIn("Parley__V1__Room__OptTopicCase opt_topic_case;", header)

    def test_imports_of_options_are_dropped_and_others_kept(self):
        self.compile(f"--plugin=protoc-gen-c={API / 'protoc-gen-c-shim'}")
        header = (self.folder / "parley/v1/room_service.pb-c.h").read_text(encoding="utf-8")
        self.assertNotIn("annotations.pb-c.h", header)
        self.assertNotIn("options.pb-c.h", header)
        self.assertIn('#include "google/protobuf/timestamp.pb-c.h"', header)

    def test_protoc_gen_c_alone_refuses_optional(self):
        """When this fails, the rewriting of optional fields can go."""
        self.assertNotEqual(self.compile().returncode, 0)


if __name__ == "__main__":
    unittest.main()
