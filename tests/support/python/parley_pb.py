# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The generated protobuf messages for tests in Python: `from parley_pb import message_service_pb2`.

PARLEY_PYTHON_STUBS names the folder that the build target pl_api_python fills. The system has packages google and grpc
too, so their paths are extended instead of shadowed.
"""
import os
import sys

import google
import grpc

STUBS = os.environ["PARLEY_PYTHON_STUBS"]
sys.path.insert(0, STUBS)
google.__path__.append(os.path.join(STUBS, "google"))
grpc.__path__.append(os.path.join(STUBS, "grpc"))

# pylint: disable=wrong-import-position,unused-import
from google.api import annotations_pb2, http_pb2  # noqa: E402,F401
from google.rpc import error_details_pb2, status_pb2  # noqa: E402,F401
from grpc.health.v1 import health_pb2  # noqa: E402,F401
from grpc.reflection.v1 import reflection_pb2  # noqa: E402,F401
from grpc.reflection.v1alpha import reflection_pb2 as reflection_v1alpha_pb2  # noqa: E402,F401
from parley.v1 import admin_service_pb2  # noqa: E402,F401
from parley.v1 import chat_service_pb2  # noqa: E402,F401
from parley.v1 import message_service_pb2  # noqa: E402,F401
from parley.v1 import options_pb2  # noqa: E402,F401
from parley.v1 import stream_service_pb2  # noqa: E402,F401
from parley.v1 import presence_service_pb2  # noqa: E402,F401
from parley.v1 import sync_service_pb2  # noqa: E402,F401
from parley.v1 import user_service_pb2  # noqa: E402,F401
