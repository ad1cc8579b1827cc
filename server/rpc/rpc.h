/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The gRPC server: gRPC over HTTP/2 by nghttp2, which is visible in this folder only. Listening, loops, calls, health,
 * reflection, drain.
 */
#ifndef PL_RPC_RPC_H
#define PL_RPC_RPC_H

#include <stdbool.h>

#include "base/config.h"
#include "base/metrics.h"
#include "rpc/call.h"

struct pl_rpc;

struct pl_rpc_options {
    const struct pl_config *config;
    struct pl_metrics *metrics;
    /* Handed to handlers by pl_call_context. */
    void *context;
    /*
     * Says who calls. Called first, on the call's loop; fills in pl_call_principal and calls
     * pl_call_admit, now or later, or fails the call. Health and reflection are not asked.
     */
    void (*admit)(struct pl_call *call);
    /*
     * Called in place of the handler of an idempotent method; goes on with pl_call_handle, now or later, or ends the
     * call. NULL: the handler is called.
     */
    void (*once)(struct pl_call *call, const ProtobufCMessage *request);
    /* Health says SERVING only while this is true. Any thread; must not block. NULL: always. */
    bool (*ready)(void *context);
    /* Every method of the API; opening asserts that each generated method has exactly one entry. */
    const struct pl_method *const *methods;
    unsigned method_count;
};

/* Binds and starts the loops, which do not accept calls yet: a hub can be made on them. */
enum pl_status pl_rpc_open(const struct pl_rpc_options *options, struct pl_rpc **ret_rpc, char *error,
                           unsigned error_bytes) PL_MUST_CHECK;
/* Starts to accept. */
void pl_rpc_start(struct pl_rpc *rpc);
/* The port that was bound for the first host:port (useful with port 0); 0 when there are unix sockets only. */
int pl_rpc_port(const struct pl_rpc *rpc);
/* The loops that calls live on, for whoever has state on them. */
unsigned pl_rpc_loop_count(const struct pl_rpc *rpc);
struct pl_loop *pl_rpc_loop(struct pl_rpc *rpc, unsigned index);
/* The admitted call goes on to its handler. On the call's loop. */
void pl_call_admit(struct pl_call *call);
/* For once: the call goes on to its handler. */
void pl_call_handle(struct pl_call *call, const ProtobufCMessage *request);
/* What health answers while ready is true, for "" and every service. Any thread. */
void pl_rpc_set_serving(struct pl_rpc *rpc, bool serving);
/* What ready says may have changed: whoever watches health is told. Any thread. */
void pl_rpc_tell_health(struct pl_rpc *rpc);
/*
 * Graceful end, in three steps, so that the caller can end its streams after the first and close what calls work with
 * after the second. Stop: health NOT_SERVING, no new connections, new calls refused with DRAINING.
 */
void pl_rpc_stop(struct pl_rpc *rpc);
/* Waits until calls and streams have ended, at most until deadline_us (pl_clock_now_us), then cancels the rest. The
 * loops still run mail. */
void pl_rpc_drain(struct pl_rpc *rpc, int64_t deadline_us);
/* After drain. Runs the mail that is left, joins the threads, frees. */
void pl_rpc_close(struct pl_rpc *rpc);

#endif
