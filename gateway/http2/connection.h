/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http2: a connected socket with its nghttp2 session. On its loop's thread. */
#ifndef PL_GATEWAY_HTTP2_CONNECTION_H
#define PL_GATEWAY_HTTP2_CONNECTION_H

#include "gateway/http2/client.h"

struct pl_http2_connection;

TAILQ_HEAD(pl_http2_calls, pl_http2_call);

/* What a connection tells its owner; none frees it. */
struct pl_http2_events {
    /* The server speaks HTTP/2. */
    void (*ready)(void *owner);
    /* It takes no more calls (GOAWAY, or its stream ids run out); those that it has go on. */
    void (*going)(void *owner, struct pl_http2_connection *connection);
    /* outcome and what belongs to it is set; not in any list. */
    void (*ended)(void *owner, struct pl_http2_call *call);
    /* It takes at least one more call; told whenever that may have changed. */
    void (*room)(void *owner);
    /* It is broken, or has no call any more after it was going; every call has ended. Last of all. */
    void (*closed)(void *owner, struct pl_http2_connection *connection);
};

struct pl_http2_connection_options {
    struct pl_io_loop *loop;
    const char *authority; /* for :authority */
    int64_t deadline_ms;   /* for grpc-timeout */
    size_t reply_bytes_max;
    const struct pl_http2_events *events;
    void *owner;
};

/* Takes fd, which may still be connecting. */
struct pl_http2_connection *pl_http2_connection_new(const struct pl_http2_connection_options *options, int fd);
/* Without a word to the owner; of its calls, none may be left. */
void pl_http2_connection_free(struct pl_http2_connection *connection);
/* How many more calls the server takes now. */
unsigned pl_http2_connection_room(const struct pl_http2_connection *connection);
/* There is room. Leaves at the end of the turn. */
void pl_http2_connection_submit(struct pl_http2_connection *connection, struct pl_http2_call *call);
/* Nobody waits for the call any more: ended is not told. */
void pl_http2_connection_cancel(struct pl_http2_connection *connection, struct pl_http2_call *call);

#endif
