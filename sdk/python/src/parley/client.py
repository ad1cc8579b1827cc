# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A client: one connection to a Parley server with one set of credentials, and its unary calls."""
import importlib
import pkgutil
import random
import time

import grpc

from parley import errors, v1
from parley.ids import make_id
from parley.stream import Stream

RETRY_FIRST_S = 0.1
RETRY_MAX_S = 2.0
_REPEATABLE_PREFIXES = ("Get", "List", "Lookup", "MarkRead", "SendMessage", "Sync", "AckSync")
# The least of gRPC's backoffs is also how long an attempt to connect may take.
_CONNECT_TIMEOUT_MS = 5000
_CHANNEL_OPTIONS = (("grpc.keepalive_time_ms", 30000), ("grpc.keepalive_timeout_ms", 10000),
                    ("grpc.http2.max_pings_without_data", 0), ("grpc.initial_reconnect_backoff_ms", 100),
                    ("grpc.min_reconnect_backoff_ms", _CONNECT_TIMEOUT_MS),
                    ("grpc.max_reconnect_backoff_ms", 1000), ("grpc.max_receive_message_length", 32 << 20))


def _unary_methods():
    """Every unary method by its name; names are unique over the services."""
    methods = {}
    for module in pkgutil.iter_modules(v1.__path__):
        if not module.name.endswith("_service_pb2"):
            continue
        file = importlib.import_module(f"parley.v1.{module.name}").DESCRIPTOR
        for service in file.services_by_name.values():
            if service.name != "StreamService":
                methods.update((method.name, method) for method in service.methods)
    return methods


METHODS = _unary_methods()


class Client:
    """Every unary method of the API is a method of the client, by its name and with the fields of its request:

        client.SendMessage(recipient_id=bob, content="Hello")

    It answers the reply's message and raises parley.Error. What is safe to repeat (reading, listing, marking as read,
    sending: its message_id is chosen before the first attempt) is repeated while the server is away, until the
    timeout. Any thread.

    token: a device's token, or a function without arguments that returns one. The function is called for every call
    and every attempt of a stream, by the thread that makes it, and should keep its token while it is good.
    api_key: an app's or the operator's key. acting_user: with an API key, the user for whom the app acts.
    timeout: seconds of a call with all its attempts.
    """

    def __init__(self, endpoint="127.0.0.1:50051", *, token=None, api_key=None, acting_user=None, timeout=10.0):
        self._token, self._timeout = token, timeout
        self._fixed_metadata = tuple((key, value) for key, value in (("x-api-key", api_key),
                                                                     ("parley-user", acting_user)) if value)
        self._channel = grpc.insecure_channel(endpoint, options=_CHANNEL_OPTIONS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the connection; calls that run fail. Close its streams before."""
        self._channel.close()

    def __getattr__(self, name):
        if name not in METHODS:
            raise AttributeError(f"Parley has no method {name}")
        return lambda request=None, /, **fields: self.call(name, request, **fields)

    def __dir__(self):
        return [*super().__dir__(), *METHODS]

    def call(self, name, request=None, /, *, idempotency_key=None, timeout=None, **fields):
        """Calls the method `name` with a request message, or with the fields of one.

        A message to send that has no message_id gets one, in the request, too: to send it again is to call with the
        same request. idempotency_key: makes a call that creates happen once, and so repeatable, too.
        """
        method = METHODS[name]
        request = self._request_of(method, request, fields)
        repeatable = bool(idempotency_key) or name.startswith(_REPEATABLE_PREFIXES)
        more = (("idempotency-key", idempotency_key),) if idempotency_key else ()
        # How long Sync may rest is its caller's wish, not the server's delay.
        rest = getattr(request, "wait_seconds", 0)
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout) + rest
        pause = RETRY_FIRST_S
        while True:
            try:
                return self._attempt(method, request, more, deadline)
            except grpc.RpcError as failure:
                error = errors.from_rpc(failure)
            wait = max(pause * random.uniform(0.5, 1), error.retry_after * random.uniform(1, 1.25))
            if not repeatable or not error.passing or time.monotonic() + wait >= deadline:
                raise error
            time.sleep(wait)
            pause = min(pause * 2, RETRY_MAX_S)

    def open_stream(self, on_message=None, **options):
        """Opens the stream of the device; see parley.Stream."""
        return Stream(self, on_message, **options)

    def token(self):
        """The token that is good now; None without one."""
        try:
            return self._token() if callable(self._token) else self._token
        except Exception as failure:
            raise errors.Error(grpc.StatusCode.UNKNOWN, "TOKEN_UNAVAILABLE", f"no token: {failure}") from failure

    def metadata(self):
        """The credentials as a call carries them."""
        token = self.token()
        return self._fixed_metadata + ((("authorization", f"Bearer {token}"),) if token else ())

    @property
    def renews_token(self):
        """A function was given for the token."""
        return callable(self._token)

    @staticmethod
    def _request_of(method, request, fields):
        # pylint: disable-next=protected-access
        request_class = method.input_type._concrete_class
        if request is None:
            request = request_class(**fields)
        elif fields or not isinstance(request, request_class):
            raise TypeError(f"{method.name} takes one {method.input_type.name}, or its fields")
        for message in {"SendMessage": [request], "SendMessages": getattr(request, "messages", ())}.get(
                method.name, ()):
            message.message_id = message.message_id or make_id()
        return request

    def _callable(self, method):
        # pylint: disable=protected-access
        return self._channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}",
                                         request_serializer=method.input_type._concrete_class.SerializeToString,
                                         response_deserializer=method.output_type._concrete_class.FromString)

    def _attempt(self, method, request, more_metadata, deadline):
        return self._callable(method)(request, metadata=self.metadata() + more_metadata,
                                      timeout=max(0.0, deadline - time.monotonic()))

    def start(self, name, timeout, **fields):
        """One attempt of a call, as a grpc.Future that can be cancelled; it raises grpc.RpcError."""
        request = self._request_of(METHODS[name], None, fields)
        return self._callable(METHODS[name]).future(request, metadata=self.metadata(), timeout=timeout)

    def connect(self, frames, serializer, deserializer):
        """The call of a stream; `frames` are what is said."""
        connect = self._channel.stream_stream("/parley.v1.StreamService/Connect", request_serializer=serializer,
                                              response_deserializer=deserializer)
        return connect(frames, metadata=self.metadata())
