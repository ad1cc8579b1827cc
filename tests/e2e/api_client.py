# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Callers of the API, and the people that most tests need: an app with alice and bob."""
import copy

import grpc
import parley_pb
from programs import MANY_THREADS, RETRY_FAST, Server
from refusals import refusal_of

CALL_S = 50  # less than Sync rests at most, so that a rest that nothing ends fails
SERVICES = [service for module in vars(parley_pb).values()
            if getattr(getattr(module, "DESCRIPTOR", None), "package", "") == "parley.v1"
            for service in module.DESCRIPTOR.services_by_name.values()]
METHODS = {method.name: method for service in SERVICES for method in service.methods if service.name != "StreamService"}


class Caller:
    """Calls methods with one set of metadata: `api.CreateUser(username="alice")`. What is refused raises a Refusal."""

    def __init__(self, **metadata):
        self.metadata = metadata_of(metadata)

    def also(self, **metadata):
        """The same caller on the same connection, with more metadata."""
        other = copy.copy(self)
        other.metadata += metadata_of(metadata)
        return other

    def __getattr__(self, name):
        if name not in METHODS:
            raise AttributeError(name)
        # pylint: disable-next=protected-access
        request_class = METHODS[name].input_type._concrete_class
        return lambda **fields: self.call(METHODS[name], request_class(**fields))

    def anew(self, **metadata):
        """Another caller of the same server."""
        raise NotImplementedError

    def call(self, method, request):
        """Calls a method."""
        raise NotImplementedError

    def close(self):
        """Closes what this caller opened."""


def metadata_of(fields):
    """Pairs of name and value."""
    return tuple((name.replace("_", "-"), value) for name, value in fields.items())


class Api(Caller):
    """Over gRPC, by plain grpcio."""

    def __init__(self, address, **metadata):
        super().__init__(**metadata)
        self.channel = grpc.insecure_channel(address, options=RETRY_FAST)
        self.address = address

    def anew(self, **metadata):
        return Api(self.address, **metadata)

    def call(self, method, request):
        return self.raw(method.name, request.SerializeToString())

    def raw(self, name, request, **options):
        """Calls a method with the bytes of a request."""
        method = METHODS[name]
        # pylint: disable-next=protected-access
        reply_class = method.output_type._concrete_class
        return reply_class.FromString(self.path(f"/{method.containing_service.full_name}/{name}", request, **options))

    def path(self, path, request=b"", **options):
        """Calls any path; the reply is bytes."""
        try:
            return self.channel.unary_unary(path)(request, metadata=self.metadata, timeout=CALL_S,
                                                  wait_for_ready=True, **options)
        except grpc.RpcError as error:
            raise refusal_of(error) from error

    def close(self):
        self.channel.close()


class GrpcServer(Server):
    """A parleyd that is called over gRPC."""

    def __init__(self, folder, postgres, threads=MANY_THREADS):
        super().__init__(folder, postgres, threads)

    def api(self, **metadata):
        """A caller with this metadata."""
        return Api(self.address, **metadata)


class Person:
    """A user with one device and its token."""

    def __init__(self, backend, username):
        self.user_id = backend.CreateUser(username=username).user_id
        self.device_id = backend.CreateDevice(user_id=self.user_id, name="phone").device_id
        self.token = backend.CreateToken(user_id=self.user_id, device_id=self.device_id).token
        self.api = backend.anew(authorization=f"Bearer {self.token}")


class World:
    """An app with alice and bob."""

    def __init__(self, server):
        self.server = server
        self.operator = server.api(x_api_key=server.operator_key)
        self.app_id = self.operator.CreateApp(name="Test").app_id
        self.api_key = self.operator.CreateApiKey(app_id=self.app_id, name="test").secret
        self.backend = server.api(x_api_key=self.api_key)
        self.alice = Person(self.backend, "alice")
        self.bob = Person(self.backend, "bob")

    def backend_as(self, person):
        """The app's backend, acting for a user."""
        return self.server.api(x_api_key=self.api_key, parley_user=person.user_id)

    def close(self):
        """Closes every connection."""
        for api in (self.operator, self.backend, self.alice.api, self.bob.api):
            api.close()
