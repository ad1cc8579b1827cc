/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Calls to parleyd that may rest for long, apart from the others: they have a limit of their own, and connections and
 * threads, one for every 500 of them, so that thousands at rest cost no other call anything. No thread waits for one.
 */
#ifndef PL_GATEWAY_POLLS_H
#define PL_GATEWAY_POLLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/metrics.h"
#include "base/status.h"
#include "sdk/c/src/async.h"

struct pl_polls;

struct pl_polls_options {
    const char *endpoint; /* as of pl_upstream_options, which has tried it */
    int64_t deadline_ms;  /* of each call, beside its rest */
    int64_t polls_max;    /* in flight; more are refused */
    struct pl_metrics *metrics;
};

/* One call. The caller's memory until done; zeroed at first. */
struct pl_poll_call {
    struct pl_async_call async; /* unary without its deadline, and arena, are the caller's; the rest is the answer */
    int64_t rest_ms;
    /* Nobody may cut it from here on; on the thread of done, before it. */
    void (*ended)(struct pl_poll_call *call);
    void (*done)(struct pl_poll_call *call); /* as of async; the call may be gone when it returns */
    bool is_cut;                             /* for done: it was ended from here, whatever the answer says */
    struct pl_polls *polls;                  /* private, as what follows */
    unsigned lane;
    bool is_started;
    TAILQ_ENTRY(pl_poll_call) link;
};

struct pl_polls *pl_polls_new(const struct pl_polls_options *options);
/* Ends all calls soon, and refuses further ones. NULL is allowed. Any thread. */
void pl_polls_drain(struct pl_polls *polls);
/* No call is in flight. NULL is allowed. */
void pl_polls_free(struct pl_polls *polls);
/* PL_OVERLOADED, or PL_DRAINING: then neither ended nor done is called. Any thread. */
enum pl_status pl_polls_start(struct pl_polls *polls, struct pl_poll_call *call) PL_MUST_CHECK;
/* Nobody waits for it any more. Any thread, from before start until ended; may be called twice. */
void pl_polls_cut(struct pl_polls *polls, struct pl_poll_call *call);

#endif
