/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A connection to a server and its unary calls. gRPC core is visible in channel.c, async.c, bidi.c and wire.c only. Any
 * thread, but for open and close.
 */
#ifndef PL_SDK_CHANNEL_H
#define PL_SDK_CHANNEL_H

#include <parley/types.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "sdk/c/src/options.h"

struct pl_channel;

#define PL_UNARY_HEADERS_MAX 8

/* The value is borrowed until the call has started: visible ASCII and blanks within. */
struct pl_unary_header {
    const char *name; /* static, lower case */
    const char *value;
};

/* One attempt of a unary call. */
struct pl_unary {
    const char *path; /* static */
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply;
    int64_t deadline_us;                   /* pl_clock_now_us */
    const char *token;                     /* of this call; NULL or empty: the credentials of the channel alone */
    const struct pl_unary_header *headers; /* of this call, beside those */
    unsigned header_count;                 /* up to PL_UNARY_HEADERS_MAX */
    bool trusted;                          /* the server is one of our own: pl_codec_unpack_trusted */
};

/* Copies what it needs. PARLEY_INVALID_ARGUMENT. */
parley_status pl_channel_open(const struct parley_options *options, struct pl_channel **ret_channel,
                              parley_error *ret_error);
void pl_channel_close(struct pl_channel *channel);
/* Blocks until connected, the first failure, or the deadline. */
parley_status pl_channel_connect(struct pl_channel *channel, int64_t deadline_us, parley_error *ret_error);
/* The next call tries to connect at once, whatever failed before. */
void pl_channel_retry_now(struct pl_channel *channel);
/* Blocks; the reply is built in the arena. ret_error is not NULL, and is set when the answer is not PARLEY_OK. */
parley_status pl_channel_call(struct pl_channel *channel, const struct pl_unary *unary, struct pl_arena *arena,
                              ProtobufCMessage **ret_reply, parley_error *ret_error);

#endif
