/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: our own accept loop. Core's stops for good when the process runs out of file descriptors
 * (CVE-2023-4785); this one waits and goes on. Accepted sockets are handed to core, which owns them from then on.
 */
#ifndef PL_RPC_LISTENER_H
#define PL_RPC_LISTENER_H

#include <grpc/grpc.h>

#include "base/metrics.h"
#include "base/status.h"

enum { PL_PEER_TEXT_BYTES = 64 };

struct pl_listener;

struct pl_listener_options {
    const char *addresses; /* "host:port", "[v6]:port" and "unix:/path", separated by commas */
    int64_t connections_max;
    struct pl_metrics *metrics;
};

/*
 * Binds and listens; nothing is accepted yet. PL_INVALID_ARGUMENT (an address) or PL_UNAVAILABLE (port in use, ...)
 * with a sentence in error.
 */
enum pl_status pl_listener_open(const struct pl_listener_options *options, struct pl_listener **ret_listener,
                                char *error, unsigned error_bytes) PL_MUST_CHECK;
/* Starts the thread that accepts for the server. PL_UNAVAILABLE when there is none to be had. */
enum pl_status pl_listener_start(struct pl_listener *listener, grpc_server *server) PL_MUST_CHECK;
/* No connection is accepted after this; the sockets are closed. Started or not; a second time is nothing. */
void pl_listener_stop(struct pl_listener *listener);
/* Stops when that was not done. */
void pl_listener_free(struct pl_listener *listener);
/* Of the first host:port; 0 when there are unix sockets only. */
int pl_listener_port(const struct pl_listener *listener);
/* The descriptor in core's name of a peer ("fd:7"); -1: it has none. Any thread. */
int pl_listener_peer_fd(const char *core_peer);
/* For logs: the address behind core's name of a peer ("fd:7"). Any thread. */
void pl_listener_peer(struct pl_listener *listener, const char *core_peer, char ret_text[PL_PEER_TEXT_BYTES]);

#endif
