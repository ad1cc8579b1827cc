/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* gRPC channels, and unary calls that block. */
#ifndef PL_TESTS_BENCH_RPC_H
#define PL_TESTS_BENCH_RPC_H

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* Before any other use of gRPC. */
void bench_rpc_start(void);
void bench_rpc_stop(void);

/* A connection of its own, which no other channel shares. */
grpc_channel *bench_channel_open(const char *endpoint);

/* A call's one credential: key is "x-api-key" or "authorization". */
struct bench_credential {
    const char *key;
    const char *value;
};

/* The reply, in the arena. Any status but OK ends the run. */
ProtobufCMessage *bench_rpc_call(grpc_channel *channel, const char *path, const struct bench_credential *credential,
                                 const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply,
                                 struct pl_arena *arena);

#endif
