# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Stands between clients and a parleyd, passes every call on, and lies on streams as a test wants."""
import concurrent.futures
import contextlib

import grpc
from parley_pb import stream_service_pb2 as pb
from ports import free_port

CONNECT = "/parley.v1.StreamService/Connect"
OWN = ("user-agent",)
THREADS = 100  # each stream takes one, and each call


class Liar(grpc.GenericRpcHandler):
    """hear: what becomes of each ClientFrame; tell: of each ServerFrame. Both give any number of frames in its place,
    and are called on many threads."""

    def __init__(self, address, hear=lambda frame: [frame], tell=lambda frame: [frame]):
        self._hear, self._tell = hear, tell
        self._channel = grpc.insecure_channel(address)
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(THREADS), handlers=(self,),
                                   options=(("grpc.so_reuseport", 0),))
        self.address = f"127.0.0.1:{free_port()}"
        assert self._server.add_insecure_port(self.address)
        self._server.start()

    def service(self, handler_call_details):
        if handler_call_details.method == CONNECT:
            return grpc.stream_stream_rpc_method_handler(self._connect, pb.ClientFrame.FromString,
                                                         pb.ServerFrame.SerializeToString)
        call = self._channel.unary_unary(handler_call_details.method)
        return grpc.unary_unary_rpc_method_handler(lambda request, context: call(request, metadata=said(context)))

    def _connect(self, frames, context):
        connect = self._channel.stream_stream(CONNECT, pb.ClientFrame.SerializeToString, pb.ServerFrame.FromString)
        call = connect(self._heard(frames), metadata=said(context))
        context.add_callback(call.cancel)
        try:
            for frame in call:
                yield from self._tell(frame)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())

    def _heard(self, frames):
        with contextlib.suppress(grpc.RpcError):  # the client has gone
            for frame in frames:
                yield from self._hear(frame)

    def close(self):
        """Ends every call."""
        self._server.stop(None).wait()
        self._channel.close()


def said(context):
    """The client's metadata."""
    return [pair for pair in context.invocation_metadata() if pair[0] not in OWN]
