/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Unary gRPC calls (gRPC over HTTP/2) from one loop, over one connection: calls that start in one turn leave in one
 * write, and no other thread is woken for them. nghttp2 is behind it and nowhere else.
 *
 * The connection is kept open. While there is none, calls fail at once; it is tried again after a pause that grows from
 * 0.1 s to 1 s. All of it belongs to the loop's thread, but for what says otherwise.
 */
#ifndef PL_GATEWAY_HTTP2_CLIENT_H
#define PL_GATEWAY_HTTP2_CLIENT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/io_loop.h"
#include "base/status.h"
#include "sdk/c/src/channel.h"

struct pl_http2_client;
struct pl_http2_connection;

/* How a call ended. */
enum pl_http2_outcome {
    PL_HTTP2_ANSWERED, /* with a gRPC status */
    PL_HTTP2_UNSENT,   /* the server cannot have worked on it */
    PL_HTTP2_BROKEN,   /* the connection ended before the answer came, or what came was no answer */
    PL_HTTP2_LATE,     /* no answer until the deadline */
};

enum { PL_HTTP2_PREFIX_BYTES = 5 };

/* One call. The caller's memory until done; zeroed at first. */
struct pl_http2_call {
    const char *path;
    const ProtobufCMessage *request;       /* until start returns */
    const struct pl_unary_header *headers; /* until done; likewise their values */
    unsigned header_count;                 /* up to PL_UNARY_HEADERS_MAX */
    struct pl_arena *arena;                /* what is sent and what comes is kept here */
    void (*done)(struct pl_http2_call *call);

    /* For done. */
    enum pl_http2_outcome outcome;
    int grpc_code;          /* when answered, as the following */
    const char *sentence;   /* never NULL then */
    const uint8_t *details; /* a packed google.rpc.Status; NULL: none */
    size_t details_bytes;
    const uint8_t *reply; /* NULL: no whole message came */
    size_t reply_bytes;
    /*
     * What the server says of a caller's quota beside its answer, good or bad: the values of its metadata "ratelimit"
     * and "ratelimit-policy", initial or trailing, in the arena; NULL: not said.
     */
    const char *ratelimit;
    const char *ratelimit_policy;

    /* Private. */
    TAILQ_ENTRY(pl_http2_call) link; /* of the client's calls, in the order of their deadlines */
    TAILQ_ENTRY(pl_http2_call) wait; /* of those that are not submitted, or are ended */
    int64_t deadline_us;
    struct pl_http2_connection *connection; /* NULL: not submitted */
    int32_t stream_id;
    bool has_status;
    bool is_malformed;
    uint8_t *body; /* prefix and message */
    size_t body_bytes;
    size_t body_sent;
    size_t header_bytes; /* that came */
    uint8_t prefix[PL_HTTP2_PREFIX_BYTES];
    size_t got_bytes; /* of prefix and message */
    uint8_t *incoming;
};

struct pl_http2_options {
    const char *endpoint; /* host:port or unix:/path */
    int64_t deadline_ms;  /* of each call */
    size_t reply_bytes_max;
};

/* Any thread; starts to connect. PL_INVALID_ARGUMENT with a sentence in error: the endpoint. */
enum pl_status pl_http2_open(const struct pl_http2_options *options, struct pl_io_loop *loop,
                             struct pl_http2_client **ret_client, char *error, unsigned error_bytes) PL_MUST_CHECK;
/* Not from a loop's thread. Every call is done. */
void pl_http2_close(struct pl_http2_client *client);
/* Connected right now. Any thread. */
bool pl_http2_ready(const struct pl_http2_client *client);
/* done follows, after the deadline at the latest; it may be before this returns. */
void pl_http2_start(struct pl_http2_client *client, struct pl_http2_call *call);

#endif
