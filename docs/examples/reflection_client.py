#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""Lists Parley's services and sends a message, knowing nothing but gRPC server reflection.

Usage: PARLEY_GRPC=host:port PARLEY_TOKEN=token reflection_client.py RECIPIENT_ID TEXT
Needs Debian's python3-grpcio and python3-protobuf.
"""
import os
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

REFLECTION = """
name: "reflection.proto" package: "r" syntax: "proto3"
message_type { name: "Request"
  field { name: "file_containing_symbol" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 }
  field { name: "list_services" number: 7 type: TYPE_STRING label: LABEL_OPTIONAL oneof_index: 0 }
  oneof_decl { name: "ask" } }
message_type { name: "Response"
  field { name: "files" number: 4 type: TYPE_MESSAGE type_name: ".r.Files" label: LABEL_OPTIONAL }
  field { name: "services" number: 6 type: TYPE_MESSAGE type_name: ".r.Services" label: LABEL_OPTIONAL } }
message_type { name: "Files" field { name: "file" number: 1 type: TYPE_BYTES label: LABEL_REPEATED } }
message_type { name: "Services"
  field { name: "service" number: 1 type: TYPE_MESSAGE type_name: ".r.Service" label: LABEL_REPEATED } }
message_type { name: "Service" field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL } }
"""


def message_class(pool, name):
    """The class of a message that the pool describes."""
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(name))


def reflect(channel, **ask):
    """Asks the server's reflection service one question."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(REFLECTION, descriptor_pb2.FileDescriptorProto()))
    call = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                 request_serializer=lambda request: request.SerializeToString(),
                                 response_deserializer=message_class(pool, "r.Response").FromString)
    return next(call(iter([message_class(pool, "r.Request")(**ask)]), timeout=10))


def add_files(pool, files):
    """Adds files to the pool, those that others import first."""
    files = {file.name: file for file in map(descriptor_pb2.FileDescriptorProto.FromString, files)}

    def add(name):
        file = files.pop(name, None)
        if file:
            for dependency in file.dependency:
                add(dependency)
            pool.Add(file)

    for name in list(files):
        add(name)


def main():
    """Lists the services, then sends."""
    recipient_id, text = sys.argv[1:]
    with grpc.insecure_channel(os.environ["PARLEY_GRPC"]) as channel:
        for service in reflect(channel, list_services="").services.service:
            print(service.name)
        pool = descriptor_pool.DescriptorPool()
        add_files(pool, reflect(channel, file_containing_symbol="parley.v1.MessageService").files.file)
        method = pool.FindServiceByName("parley.v1.MessageService").methods_by_name["SendMessage"]
        send = channel.unary_unary(f"/{method.containing_service.full_name}/{method.name}",
                                   request_serializer=lambda request: request.SerializeToString(),
                                   response_deserializer=message_class(pool, method.output_type.full_name).FromString)
        request = message_class(pool, method.input_type.full_name)(recipient_id=recipient_id, content=text)
        message = send(request, timeout=10, metadata=[("authorization", "Bearer " + os.environ["PARLEY_TOKEN"])])
        print(f"sent {message.message_id} as number {message.seq} of chat {message.chat_id}")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
