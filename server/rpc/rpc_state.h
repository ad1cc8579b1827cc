/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: the server as its parts see it. */
#ifndef PL_RPC_RPC_STATE_H
#define PL_RPC_RPC_STATE_H

#include <stdatomic.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/io_loop.h"
#include "rpc/gzip.h"
#include "rpc/listener.h"
#include "rpc/rpc.h"
#include "rpc/served.h"

enum { PL_RETRY_AFTER_MS = 1000, PL_READ_BYTES = 64 << 10, PL_WRITE_BYTES = 64 << 10, PL_FRAME_BYTES_MAX = 17 << 10 };

struct pl_connection;
struct pl_stream;
TAILQ_HEAD(pl_connections, pl_connection);

/* A loop with its connections and their calls; all of it is its thread's, but for `told`. */
struct pl_home {
    struct pl_io_loop io;
    struct pl_rpc *rpc;
    struct pl_connections connections;
    TAILQ_HEAD(, pl_stream) streams;
    struct pl_arena scratch; /* a stream's message while it is handled */
    struct pl_gzip gzip;
    struct pl_task tell; /* health changed: its watchers here are told */
    atomic_bool told;    /* tell is posted and has not run */
    struct pl_task go_away;
    struct pl_timer leave;
    struct pl_task cut;
    uint8_t in[PL_READ_BYTES];                        /* while it is read */
    uint8_t out[PL_WRITE_BYTES + PL_FRAME_BYTES_MAX]; /* while it is written */
};

struct pl_rpc {
    struct pl_rpc_options options;
    struct pl_listener *listener;
    struct pl_home *homes;
    unsigned home_count;
    struct pl_served *served; /* by path */
    unsigned served_count;
    struct pl_served unknown; /* every method that is not served */
    size_t scratch_bytes;
    bool started;

    atomic_uint next_home; /* round robin */
    _Atomic int64_t calls; /* unary, in work */
    _Atomic int64_t streams;
    _Atomic int64_t builtin_streams; /* of health and reflection, which are not among streams */
    _Atomic int64_t living;          /* calls of all three, until their memory is gone */
    atomic_bool serving;
    atomic_bool draining; /* new calls are refused */
    atomic_bool closing;  /* health and reflection streams end too */

    pthread_mutex_t lock; /* nothing but the wait for what follows */
    pthread_cond_t changed;
};

/* What a call or a connection leaves behind: wakes pl_rpc_drain. Any thread. */
void pl_rpc_call_gone(struct pl_rpc *rpc);
void pl_rpc_connection_gone(struct pl_rpc *rpc);

#endif
