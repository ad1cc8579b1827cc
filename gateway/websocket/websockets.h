/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Devices' streams over WebSocket (RFC 6455): each upgraded connection is bridged to a StreamService.Connect of its
 * own. What crosses is not looked into, but for the first frame when that brings the credentials. A few threads serve
 * all sockets; nothing of them blocks.
 *
 * Bounds: a message of a client PL_STREAM_FRAME_BYTES_MAX (PL_WS_FIRST_BYTES_MAX before its credentials), of which few
 * wait for parleyd; of parleyd one frame at a time waits for a client. Who does not keep up is not read from.
 */
#ifndef PL_GATEWAY_WEBSOCKET_WEBSOCKETS_H
#define PL_GATEWAY_WEBSOCKET_WEBSOCKETS_H

#include "base/metrics.h"
#include "gateway/http/http.h"
#include "gateway/websocket/handshake.h"
#include "sdk/c/src/channel.h"

#define PL_WS_FIRST_BYTES_MAX (16 << 10)
#define PL_WS_HEADERS_MAX 4

struct pl_websockets;

struct pl_websockets_options {
    const char *endpoint; /* of parleyd, as pl_upstream's */
    unsigned threads;
    int64_t sockets_max;
    int64_t idle_ms; /* a silent client is pinged; after twice that it is cut */
    struct pl_metrics *metrics;
};

/* What is known of a client from its handshake. */
struct pl_ws_client {
    enum pl_ws_format format;
    bool has_credentials;            /* among headers; otherwise the first frame brings a token */
    struct pl_unary_header *headers; /* of the call; names static */
    unsigned header_count;           /* up to PL_WS_HEADERS_MAX */
    const char *request_id;          /* for the log, as the following */
    const char *peer;
};

/* Borrows the endpoint. PL_INVALID_ARGUMENT with a sentence in error. */
enum pl_status pl_websockets_open(const struct pl_websockets_options *options, struct pl_websockets **ret_websockets,
                                  char *error, unsigned error_bytes) PL_MUST_CHECK;
/* PL_OK, or why no more are taken now: PL_OVERLOADED, PL_DRAINING. Any thread. */
enum pl_status pl_websockets_admit(const struct pl_websockets *websockets) PL_MUST_CHECK;
/* Takes the socket over; copies what client says. Any thread. */
void pl_websockets_add(struct pl_websockets *websockets, struct pl_http_socket *socket,
                       const struct pl_ws_client *client);
/* Clients are told to come back elsewhere; all sockets are closed within about 5 s. Does not wait. */
void pl_websockets_drain(struct pl_websockets *websockets);
/* After the drain, when the HTTP server is closed and no socket is left. NULL is allowed. */
void pl_websockets_close(struct pl_websockets *websockets);

#endif
