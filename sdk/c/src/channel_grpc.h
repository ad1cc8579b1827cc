/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What channel.c, async.c, bidi.c and wire.c share of gRPC core. */
#ifndef PL_SDK_CHANNEL_GRPC_H
#define PL_SDK_CHANNEL_GRPC_H

#include <grpc/grpc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sdk/c/src/channel.h"
#include "sdk/c/src/error.h"

#define PL_CHANNEL_HEADERS_MAX 3

struct pl_channel {
    grpc_channel *grpc;
    char *endpoint;
    grpc_metadata headers[PL_CHANNEL_HEADERS_MAX]; /* credentials; const after open */
    size_t header_count;
};

/* The headers of one call: the channel's, and its own. Lives until the call is over. */
struct pl_call_headers {
    grpc_metadata list[PL_CHANNEL_HEADERS_MAX + PL_UNARY_HEADERS_MAX];
    size_t count;
    size_t borrowed; /* how many are the channel's */
};

/* How a call ended; what RECV_STATUS_ON_CLIENT writes to. */
struct pl_call_end {
    grpc_status_code code;
    grpc_slice message;
    grpc_metadata_array trailers;
};

/*
 * Everything that a unary call's one batch points at; it must not move until the batch is done. Trailers borrow from
 * the call, so the call lives until the answer has been read.
 */
struct pl_exchange {
    _Atomic bool started; /* released before the batch starts: what another thread, which ends it, acquires first */
    grpc_call *call;
    struct pl_call_headers headers;
    const ProtobufCMessageDescriptor *descriptor; /* of the reply */
    bool trusted;
    grpc_metadata_array initial;
    grpc_byte_buffer *request;
    grpc_byte_buffer *reply;
    struct pl_call_end end;
};

/* Starts the call; its one batch comes out of the queue with the tag, after the deadline at the latest. */
void pl_exchange_start(struct pl_exchange *exchange, const struct pl_channel *channel, const struct pl_unary *unary,
                       grpc_completion_queue *queue, void *tag);
/* After that: the answer, or all that the failure says, in the arena. */
parley_status pl_exchange_read_all(const struct pl_exchange *exchange, const struct pl_channel *channel,
                                   struct pl_arena *arena, ProtobufCMessage **ret_reply,
                                   struct pl_failure *ret_failure);
/* The same, with what an application sees of the failure. ret_error is not NULL. */
parley_status pl_exchange_read(const struct pl_exchange *exchange, const struct pl_channel *channel,
                               struct pl_arena *arena, ProtobufCMessage **ret_reply, parley_error *ret_error);
/* After the batch is done. */
void pl_exchange_fini(struct pl_exchange *exchange);
/* deadline_us of pl_clock_now_us; INT64_MAX: never. */
gpr_timespec pl_grpc_deadline(int64_t deadline_us);
/* token is visible ASCII; NULL or empty: none. */
void pl_call_headers_init(struct pl_call_headers *headers, const struct pl_channel *channel, const char *token);
/* Also with headers of the call's own. */
void pl_call_headers_add(struct pl_call_headers *headers, const struct pl_unary_header *added, unsigned count);
void pl_call_headers_fini(struct pl_call_headers *headers);
grpc_slice pl_grpc_pack(const ProtobufCMessage *message);
void pl_call_end_init(struct pl_call_end *end);
void pl_call_end_fini(struct pl_call_end *end);
/* The op that fills in end. */
void pl_call_end_op(struct pl_call_end *end, grpc_op *ret_op);
/* PARLEY_OK, or the failure, in the arena. */
parley_status pl_call_end_fail(const struct pl_channel *channel, const struct pl_call_end *end, struct pl_arena *arena,
                               struct pl_failure *ret_failure);
/* PARLEY_OK, or the failure in *ret_error. */
parley_status pl_call_end_read(const struct pl_channel *channel, const struct pl_call_end *end,
                               parley_error *ret_error);

#endif
