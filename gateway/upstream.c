/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One channel for all calls: HTTP/2 carries them side by side. gRPC paces attempts to connect by at most a second; in
 * between, a call fails by itself.
 */
#include "gateway/upstream.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gateway/metrics.h"

#define US_PER_MS 1000

struct pl_upstream {
    struct pl_upstream_options options;
    struct pl_channel *channel;
    struct pl_async *async;
    _Atomic int64_t calls;
};

enum pl_status pl_upstream_open(const struct pl_upstream_options *options, struct pl_upstream **ret_upstream,
                                char *error, unsigned error_bytes)
{
    struct parley_options channel_options = {.endpoint = (char *)(uintptr_t)options->endpoint};
    struct pl_upstream *upstream = calloc(1, sizeof *upstream);
    parley_error failure;
    pl_assert(upstream != NULL);
    upstream->options = *options;
    if (pl_channel_open(&channel_options, &upstream->channel, &failure) != PARLEY_OK) {
        snprintf(error, error_bytes, "upstream: %s", failure.sentence);
        free(upstream);
        return PL_INVALID_ARGUMENT;
    }
    upstream->async = pl_async_open(upstream->channel, options->threads);
    *ret_upstream = upstream;
    return PL_OK;
}

void pl_upstream_close(struct pl_upstream *upstream)
{
    if (upstream == NULL)
        return;
    pl_async_close(upstream->async);
    pl_channel_close(upstream->channel);
    free(upstream);
}

bool pl_upstream_ready(struct pl_upstream *upstream)
{
    return pl_channel_ready(upstream->channel);
}

static void count(struct pl_upstream *upstream, int64_t change)
{
    atomic_fetch_add(&upstream->calls, change);
    pl_metrics_add(upstream->options.metrics, PL_METRIC_gateway_upstream_calls, change);
}

/* What parleyd itself says has its domain; a refusal is an answer. */
void pl_upstream_count_failure(struct pl_metrics *metrics, const struct pl_failure *failure)
{
    enum pl_upstream_failure kind;
    if (failure->status == PARLEY_UNREACHABLE)
        kind = failure->unsent ? PL_UPSTREAM_UNREACHABLE : PL_UPSTREAM_BROKEN;
    else if ((unsigned)failure->status >= PL_STATUS_COUNT)
        kind = PL_UPSTREAM_BAD_REPLY;
    else if (failure->domain[0] != '\0')
        return;
    else
        kind = failure->status == PARLEY_DEADLINE_EXCEEDED ? PL_UPSTREAM_LATE : PL_UPSTREAM_BAD_REPLY;
    pl_metrics_add(metrics, PL_METRIC_gateway_upstream_failures_total + kind, 1);
}

static void on_done(struct pl_async_call *async)
{
    struct pl_upstream_call *call = pl_container_of(async, struct pl_upstream_call, async);
    struct pl_upstream *upstream = call->upstream;
    if (async->status != PARLEY_OK)
        pl_upstream_count_failure(upstream->options.metrics, &async->failure);
    count(upstream, -1);
    call->done(call);
}

bool pl_upstream_start(struct pl_upstream *upstream, struct pl_upstream_call *call)
{
    if (atomic_load(&upstream->calls) >= upstream->options.calls_max)
        return false;
    count(upstream, 1);
    call->upstream = upstream;
    call->async.done = on_done;
    call->async.unary.deadline_us = pl_clock_now_us() + upstream->options.deadline_ms * US_PER_MS;
    pl_async_start(upstream->async, &call->async);
    return true;
}
