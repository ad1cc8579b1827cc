/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: accepts, and goes on accepting after the process ran out of file descriptors. It counts
 * connections from then until they say that they are gone.
 */
#ifndef PL_RPC_LISTENER_H
#define PL_RPC_LISTENER_H

#include <stddef.h>

#include "base/metrics.h"
#include "base/status.h"

struct pl_listener;
struct pl_rpc;

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
enum pl_status pl_listener_start(struct pl_listener *listener, struct pl_rpc *rpc) PL_MUST_CHECK;
/* No connection is accepted after this; the sockets are closed. Started or not; a second time is nothing. */
void pl_listener_stop(struct pl_listener *listener);
/* Stops when that was not done. */
void pl_listener_free(struct pl_listener *listener);
/* Of the first host:port; 0 when there are unix sockets only. */
int pl_listener_port(const struct pl_listener *listener);
/* How many connections are open. Any thread. */
size_t pl_listener_connection_count(const struct pl_listener *listener);
/* One is closed; how many are left. Any thread. */
size_t pl_listener_connection_gone(struct pl_listener *listener);

#endif
