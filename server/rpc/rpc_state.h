/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: the server as its parts see it. */
#ifndef PL_RPC_RPC_STATE_H
#define PL_RPC_RPC_STATE_H

#include <grpc/grpc.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "rpc/cork.h"
#include "rpc/listener.h"
#include "rpc/queue_loop.h"
#include "rpc/rpc.h"
#include "rpc/served.h"

enum { PL_RETRY_AFTER_MS = 1000 };

struct pl_stream;

/* A loop and the streams on it, if it carries any; all of it is its thread's, but for `told`. */
struct pl_home {
    struct pl_queue_loop queue;
    struct pl_rpc *rpc;
    TAILQ_HEAD(, pl_stream) streams;
    atomic_uint stream_count; /* any thread may read it */
    struct pl_cork cork;
    struct pl_task tell; /* health changed: its watchers here are told */
    atomic_bool told;    /* tell is posted and has not run */
    struct pl_task end_builtins;
};

struct pl_rpc {
    struct pl_rpc_options options;
    grpc_server *server;
    struct pl_listener *listener;
    struct pl_home *homes;
    unsigned home_count;
    unsigned unary_count;  /* the first ones poll: they do socket I/O and take calls */
    unsigned first_stream; /* that one and those behind it carry streams: all, or only those that do not poll */
    struct pl_served *served;
    unsigned served_count;
    struct pl_served unknown; /* every method that is not served */
    bool started;

    atomic_uint next_home; /* round robin */
    _Atomic int64_t calls; /* unary, in work */
    _Atomic int64_t streams;
    _Atomic int64_t builtin_streams; /* of health and reflection, which are not among streams */
    _Atomic int64_t living; /* calls of all three, and requests for them that core has, until their memory is gone */
    atomic_bool serving;
    atomic_bool draining; /* new calls are refused */
    atomic_bool closing;  /* health and reflection streams end too */

    pthread_mutex_t lock; /* guards shut_down */
    pthread_cond_t changed;
    bool shut_down; /* core says that no call and no connection is left */
    struct pl_tag shut_down_tag;
};

/* What one call leaves behind: wakes pl_rpc_drain when it was the last. */
void pl_rpc_call_gone(struct pl_rpc *rpc);

#endif
