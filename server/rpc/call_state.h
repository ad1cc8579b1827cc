/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: what unary calls and streams have in common. On the call's loop, but for arming. */
#ifndef PL_RPC_CALL_STATE_H
#define PL_RPC_CALL_STATE_H

#include <grpc/grpc.h>

#include "rpc/error_details.h"
#include "rpc/queue_loop.h"
#include "rpc/served.h"

enum { PL_CALL_HEADERS_MAX = 2 };

struct pl_call_kind {
    void (*admit)(struct pl_call *call);
    void (*fail)(struct pl_call *call, enum pl_status status);
};

struct pl_call {
    const struct pl_call_kind *kind;
    const struct pl_served *served;
    struct pl_rpc *rpc;
    struct pl_queue_loop *home;
    grpc_call *core;
    gpr_timespec core_deadline;
    grpc_metadata_array metadata;
    struct pl_arena arena;
    struct pl_principal principal;
    struct pl_error error;                      /* gathered until fail */
    grpc_metadata headers[PL_CALL_HEADERS_MAX]; /* of the answer; their slices are static */
    unsigned header_count;
    void *owner; /* of whoever handles the call */
    int64_t started_us;
    int64_t deadline_us;
    int64_t bytes_in;
    int64_t bytes_out;
};

/* Before core is asked for a call. Counts as living from here until pl_rpc_call_gone. */
void pl_call_init(struct pl_call *call, const struct pl_served *served, struct pl_queue_loop *home,
                  const struct pl_call_kind *kind);
/* Core has filled it in. */
void pl_call_begin(struct pl_call *call);
/* Frees what admission needed (metadata, arena): a stream lives long after it. Nothing of it may be in use. */
void pl_call_forget_admission(struct pl_call *call);
/* Lets go of everything; the call's memory is its owner's. */
void pl_call_fini(struct pl_call *call);
/* What became of a call that core ended: the deadline passed, or the client went. */
enum pl_status pl_call_cancel_status(const struct pl_call *call);
/* PL_OK, or why calls are refused now: the server drains, or `open` is more than `max`. Prepares RetryInfo. */
enum pl_status pl_call_refusal(struct pl_call *call, int64_t open, int64_t max);
/* One line: event is "call_finished" or "stream_finished". */
void pl_call_log(const struct pl_call *call, const char *event, enum pl_status status);
/* Starts one batch; core's refusal would be our bug. */
void pl_call_start(struct pl_call *call, const grpc_op *ops, size_t count, struct pl_tag *tag);

#endif
