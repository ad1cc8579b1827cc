/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Every limit that core is given, with its reason. Core has no limit on header floods or stream resets; that is the
 * edge's work.
 */
#include "rpc/server_args.h"

enum {
    STREAMS_PER_CONNECTION = 1000,
    /* Credentials may be 8 KiB long, which is core's default for all metadata together. */
    METADATA_BYTES_MAX = 16 << 10,
    /* A phone that vanished is noticed within a minute and a half, also by the proxy's idle connections. */
    KEEPALIVE_MS = 60000,
    KEEPALIVE_TIMEOUT_MS = 20000,
    /* Clients may ask as often themselves. */
    PING_INTERVAL_MIN_MS = 10000,
    HANDSHAKE_TIMEOUT_MS = 10000,
    /* A connection keeps as much to read into while it rests; core doubles it where more comes. */
    READ_BYTES = 1024,
    /* Outwards; what comes in compressed stays so, and is refused: core would inflate it without a bound. */
    ALGORITHMS = 1 << GRPC_COMPRESS_NONE | 1 << GRPC_COMPRESS_GZIP,
    /* Core refuses without our reason; it should only meet what is far above our own limit. */
    RECEIVE_LIMIT_FACTOR = 2,
    RECEIVE_LIMIT_MIN = 64 << 10,
};

#define INTEGER_ARG(name_, value_)                                                                                     \
    {                                                                                                                  \
        .type = GRPC_ARG_INTEGER, .key = (char *)(name_), .value.integer = (value_)                                    \
    }

grpc_server *pl_server_args_create(size_t request_bytes_max)
{
    int receive_max = (int)request_bytes_max * RECEIVE_LIMIT_FACTOR + RECEIVE_LIMIT_MIN;
    grpc_arg args[] = {
        INTEGER_ARG(GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS_PER_CONNECTION),
        INTEGER_ARG(GRPC_ARG_MAX_METADATA_SIZE, METADATA_BYTES_MAX),
        INTEGER_ARG(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, receive_max),
        INTEGER_ARG(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        INTEGER_ARG(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        INTEGER_ARG(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
        INTEGER_ARG(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, PING_INTERVAL_MIN_MS),
        INTEGER_ARG(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, HANDSHAKE_TIMEOUT_MS),
        INTEGER_ARG(GRPC_ARG_TCP_READ_CHUNK_SIZE, READ_BYTES),
        INTEGER_ARG(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, ALGORITHMS),
        INTEGER_ARG(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
        INTEGER_ARG(GRPC_ARG_ALLOW_REUSEPORT, 0),
        INTEGER_ARG(GRPC_ARG_ENABLE_CHANNELZ, 0),
        INTEGER_ARG(GRPC_ARG_HTTP2_BDP_PROBE, 0), /* windows stay at 64 KiB for each stream */
    };
    grpc_channel_args all = {.num_args = sizeof(args) / sizeof(args[0]), .args = args};

    return grpc_server_create(&all, NULL);
}
