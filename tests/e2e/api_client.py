# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A caller of the API over plain grpcio, and the people that most tests need: an app with alice and bob."""
import contextlib
import copy

import grpc
import pytest
from parley_pb import (admin_service_pb2, chat_service_pb2, error_details_pb2, message_service_pb2, status_pb2,
                       sync_service_pb2, user_service_pb2)
from programs import RETRY_FAST

CALL_S = 30
METHODS = {method.name: method
           for module in (admin_service_pb2, chat_service_pb2, message_service_pb2, sync_service_pb2,
                          user_service_pb2)
           for service in module.DESCRIPTOR.services_by_name.values() for method in service.methods}


class Api:
    """Calls methods with one set of metadata: `api.CreateUser(username="alice")`."""

    def __init__(self, address, **metadata):
        self.channel = grpc.insecure_channel(address, options=RETRY_FAST)
        self.address = address
        self.metadata = tuple((name.replace("_", "-"), value) for name, value in metadata.items())

    def also(self, **metadata):
        """The same caller on the same connection, with more metadata."""
        other = copy.copy(self)
        other.metadata += tuple((name.replace("_", "-"), value) for name, value in metadata.items())
        return other

    def __getattr__(self, name):
        if name not in METHODS:
            raise AttributeError(name)
        # pylint: disable-next=protected-access
        request_class = METHODS[name].input_type._concrete_class
        return lambda **fields: self.raw(name, request_class(**fields).SerializeToString())

    def raw(self, name, request, **options):
        """Calls a method with the bytes of a request."""
        method = METHODS[name]
        # pylint: disable-next=protected-access
        reply_class = method.output_type._concrete_class
        call = self.channel.unary_unary(f"/{method.containing_service.full_name}/{name}",
                                        response_deserializer=reply_class.FromString)
        return call(request, metadata=self.metadata, timeout=CALL_S, wait_for_ready=True, **options)

    def path(self, path, request=b""):
        """Calls any path; the reply is bytes."""
        return self.channel.unary_unary(path)(request, metadata=self.metadata, timeout=CALL_S, wait_for_ready=True)

    def close(self):
        """Closes the connection."""
        self.channel.close()


def info_of(error):
    """The ErrorInfo of an error; an empty one when it has none."""
    info = error_details_pb2.ErrorInfo()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            assert status.code == error.code().value[0]
            assert status.details[0].Unpack(info)
    return info


def reason_of(error):
    """The `reason` of an error's ErrorInfo; None when it has none."""
    return info_of(error).reason or None


def retry_after_of(error):
    """The seconds of an error's RetryInfo; None when it has none."""
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    retry = error_details_pb2.RetryInfo()
    return retry.retry_delay.seconds if any(detail.Unpack(retry) for detail in status.details) else None


@contextlib.contextmanager
def refused(code, reason, **metadata):
    """The block must be answered with this gRPC code and this reason, and these details."""
    with pytest.raises(grpc.RpcError) as caught:
        yield
    error = caught.value
    assert (error.code().name, reason_of(error)) == (code, reason), error.details()
    assert error.details()
    assert dict(info_of(error).metadata).items() >= metadata.items()


class Person:
    """A user with one device and its token."""

    def __init__(self, backend, username):
        self.user_id = backend.CreateUser(username=username).user_id
        self.device_id = backend.CreateDevice(user_id=self.user_id, name="phone").device_id
        self.token = backend.CreateToken(user_id=self.user_id, device_id=self.device_id).token
        self.api = Api(backend.address, authorization=f"Bearer {self.token}")


class World:
    """An app with alice and bob."""

    def __init__(self, server):
        self.server = server
        self.operator = Api(server.address, x_api_key=server.operator_key)
        self.app_id = self.operator.CreateApp(name="Test").app_id
        self.api_key = self.operator.CreateApiKey(app_id=self.app_id, name="test").secret
        self.backend = Api(server.address, x_api_key=self.api_key)
        self.alice = Person(self.backend, "alice")
        self.bob = Person(self.backend, "bob")

    def backend_as(self, person):
        """The app's backend, acting for a user."""
        return Api(self.server.address, x_api_key=self.api_key, parley_user=person.user_id)

    def close(self):
        """Closes every connection."""
        for api in (self.operator, self.backend, self.alice.api, self.bob.api):
            api.close()
