/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Calls to parleyd. No thread waits for an answer: a call ends on the loop that it was started on, each of which has a
 * connection. While parleyd is away calls fail at once, and work again within about a second after it is back.
 */
#ifndef PL_GATEWAY_UPSTREAM_H
#define PL_GATEWAY_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/io_loop.h"
#include "base/metrics.h"
#include "base/status.h"
#include "gateway/http2/client.h"
#include "sdk/c/src/async.h"

struct pl_upstream;

struct pl_upstream_options {
    const char *endpoint;      /* host:port or unix:/path */
    struct pl_io_loops *loops; /* they live longer */
    int64_t deadline_ms;       /* of each call */
    int64_t calls_max;         /* in flight; more are refused */
    struct pl_metrics *metrics;
};

/* One call. The caller's memory until done. */
struct pl_upstream_call {
    /* unary without its deadline, and arena, are the caller's; status, reply and failure are the answer. */
    struct pl_async_call async;
    void (*done)(struct pl_upstream_call *call); /* exactly once; the call may be gone when it returns */
    struct pl_upstream *upstream;                /* private, as what follows */
    struct pl_http2_call http2;
};

/* Counts what became of a call that failed; a refusal of parleyd is none. Any thread. */
void pl_upstream_count_failure(struct pl_metrics *metrics, const struct pl_failure *failure);
/* PL_INVALID_ARGUMENT with a sentence in error. parleyd need not be there. */
enum pl_status pl_upstream_open(const struct pl_upstream_options *options, struct pl_upstream **ret_upstream,
                                char *error, unsigned error_bytes) PL_MUST_CHECK;
/* No call is in flight. NULL is allowed. */
void pl_upstream_close(struct pl_upstream *upstream);
/* parleyd is connected right now, with each loop. Any thread; does not block. */
bool pl_upstream_ready(struct pl_upstream *upstream);
/*
 * On the loop's thread; does not block. done may be called before this returns. False when too many are in flight: done
 * is not called then. Headers and their values are borrowed until done.
 */
bool pl_upstream_start(struct pl_upstream *upstream, const struct pl_io_loop *loop,
                       struct pl_upstream_call *call) PL_MUST_CHECK;

#endif
