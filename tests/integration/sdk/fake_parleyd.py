# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A server that does what a test tells it, to see what the SDK does in return.

It speaks the real protos over loopback and keeps no chats: a test scripts the unary answers, takes each stream as a
Session and says frame by frame what the server says. Waiting is always for an event, at most WAIT_S.
"""
import os
import queue
import sys
from concurrent import futures

sys.path[:0] = [os.environ["PARLEY_PYTHON_STUBS"], os.path.join(os.environ["PARLEY_SOURCE"], "tests/support/python")]

import google  # noqa: E402

google.__path__.append(os.path.join(os.environ["PARLEY_PYTHON_STUBS"], "google"))

import grpc  # noqa: E402
from google.protobuf import any_pb2, duration_pb2  # noqa: E402
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from parley.v1 import (  # noqa: E402
    admin_service_pb2,
    chat_service_pb2,
    message_service_pb2,
    stream_service_pb2 as stream,
    sync_service_pb2 as sync,
    user_service_pb2,
)
from ports import free_port  # noqa: E402

WAIT_S = 120
END = object()


def refuse(context, code, reason, sentence, retry_after_ms=0):
    """Ends a call as parleyd does: with ErrorInfo, and RetryInfo when there is something to wait for."""
    details = [error_details_pb2.ErrorInfo(reason=reason, domain="parley")]
    if retry_after_ms:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(retry_after_ms)
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    status = status_pb2.Status(code=code.value[0], message=sentence)
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, sentence)


class Session:
    """One stream, from the server's side."""

    def __init__(self, context):
        self.context = context
        self.metadata = dict(context.invocation_metadata())
        self.received = queue.Queue()
        self.outgoing = queue.Queue()
        self.ends_with_client = True

    def expect(self, wanted):
        """The next client frame for which wanted(frame) holds; what comes before is kept in `passed`."""
        self.passed = []
        while True:
            frame = self.received.get(timeout=WAIT_S)
            if frame is END:
                raise AssertionError(f"the client ended the stream; before: {self.passed}")
            if wanted(frame):
                return frame
            self.passed.append(frame)

    def expect_end(self):
        """All frames until the client half-closes or is gone."""
        frames = []
        while True:
            frame = self.received.get(timeout=WAIT_S)
            if frame is END:
                return frames
            frames.append(frame)

    def say(self, **parts):
        self.outgoing.put(stream.ServerFrame(**parts))

    def welcome(self, epoch="epoch-1", ack_interval_ms=20, ack_entries_max=64, sends_in_flight_max=64,
                heartbeat_interval_ms=0):
        """Takes hello and answers it; the hello."""
        hello = self.expect(lambda frame: frame.HasField("hello")).hello
        self.say(
            welcome=stream.Welcome(
                protocol_version=1, session_id="s", epoch=epoch, ack_interval_ms=ack_interval_ms,
                ack_entries_max=ack_entries_max, content_bytes_max=65536, frame_bytes_max=1 << 20,
                sends_in_flight_max=sends_in_flight_max, heartbeat_interval_ms=heartbeat_interval_ms))
        return hello

    def end(self, code=None, reason="", sentence=""):
        """Well, or with a status."""
        self.outgoing.put((code, reason, sentence) if code else END)

    def run(self, requests):
        futures.ThreadPoolExecutor(1).submit(self._read, requests)
        while True:
            frame = self.outgoing.get()
            if frame is END:
                return
            if isinstance(frame, tuple):
                code, reason, sentence = frame
                if reason:
                    refuse(self.context, code, reason, sentence)
                self.context.abort(code, sentence)
            yield frame

    def _read(self, requests):
        try:
            for frame in requests:
                self.received.put(frame)
        except Exception:  # the call is over; grpc raises its own kinds
            pass
        self.received.put(END)
        if self.ends_with_client:
            self.outgoing.put(END)


class FakeParleyd:
    """handlers: {"MessageService/SendMessage": function(request, context)}."""

    METHODS = {
        "AdminService/CreateApp": (admin_service_pb2.CreateAppRequest, admin_service_pb2.App),
        "AdminService/CreateApiKey": (admin_service_pb2.CreateApiKeyRequest, admin_service_pb2.CreateApiKeyResponse),
        "UserService/CreateUser": (user_service_pb2.CreateUserRequest, user_service_pb2.User),
        "UserService/GetUser": (user_service_pb2.GetUserRequest, user_service_pb2.User),
        "UserService/CreateDevice": (user_service_pb2.CreateDeviceRequest, user_service_pb2.Device),
        "UserService/CreateToken": (user_service_pb2.CreateTokenRequest, user_service_pb2.CreateTokenResponse),
        "ChatService/CreateChat": (chat_service_pb2.CreateChatRequest, chat_service_pb2.Chat),
        "ChatService/GetChat": (chat_service_pb2.GetChatRequest, chat_service_pb2.Chat),
        "ChatService/ListChats": (chat_service_pb2.ListChatsRequest, chat_service_pb2.ListChatsResponse),
        "MessageService/SendMessage": (message_service_pb2.SendMessageRequest, message_service_pb2.Message),
        "MessageService/GetMessage": (message_service_pb2.GetMessageRequest, message_service_pb2.Message),
        "MessageService/ListMessages":
            (message_service_pb2.ListMessagesRequest, message_service_pb2.ListMessagesResponse),
        "SyncService/ListHeads": (sync.ListHeadsRequest, sync.ListHeadsResponse),
        "MessageService/MarkRead": (message_service_pb2.MarkReadRequest, message_service_pb2.MarkReadResponse),
    }

    def __init__(self, port=None):
        self.handlers = {}
        self.sessions = queue.Queue()
        self.server = grpc.server(futures.ThreadPoolExecutor(16), options=[
            ("grpc.so_reuseport", 0), ("grpc.http2.min_ping_interval_without_data_ms", 5000)])
        self.server.add_generic_rpc_handlers((self._handler(),))
        self.port = self.server.add_insecure_port(f"127.0.0.1:{port or free_port()}")
        self.server.start()

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.port}"

    def next_session(self):
        return self.sessions.get(timeout=WAIT_S)

    def stop(self):
        self.server.stop(None).wait()

    def _handler(self):
        methods = {
            f"/parley.v1.{name}": grpc.unary_unary_rpc_method_handler(
                self._unary(name), request_deserializer=request.FromString,
                response_serializer=reply.SerializeToString)
            for name, (request, reply) in self.METHODS.items()
        }
        methods["/parley.v1.StreamService/Connect"] = grpc.stream_stream_rpc_method_handler(
            self._connect, request_deserializer=stream.ClientFrame.FromString,
            response_serializer=stream.ServerFrame.SerializeToString)

        class Handler(grpc.GenericRpcHandler):
            def service(self, details):
                return methods.get(details.method)

        return Handler()

    def _unary(self, name):
        def answer(request, context):
            handler = self.handlers.get(name)
            if handler is None:
                refuse(context, grpc.StatusCode.NOT_FOUND, "NOT_FOUND", "the test has no answer for " + name)
            return handler(request, context)
        return answer

    def _connect(self, requests, context):
        session = Session(context)
        self.sessions.put(session)
        yield from session.run(requests)
