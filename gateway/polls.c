/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * In Debian's gRPC a completion costs more the more calls are outstanding on its queue, and parleyd takes 1,000 calls
 * on a connection: so each lane, a connection with a queue and its thread, has at most 500. Lanes are opened when they
 * are needed, and stay.
 *
 * Calls start and are cut under the lock, and leave the list under it before anything of them is freed.
 */
#include "gateway/polls.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gateway/metrics.h"
#include "gateway/upstream.h"

enum { CALLS_PER_LANE = 500, US_PER_MS = 1000 };

struct lane {
    struct pl_channel *channel;
    struct pl_async *async;
    unsigned calls;
};

struct pl_polls {
    struct pl_polls_options options;
    pthread_mutex_t lock; /* guards what follows */
    TAILQ_HEAD(, pl_poll_call) calls;
    int64_t count;
    bool draining;
    struct lane *lanes;
    unsigned lane_count;
};

struct pl_polls *pl_polls_new(const struct pl_polls_options *options)
{
    struct pl_polls *polls = calloc(1, sizeof(*polls));
    pl_assert(polls != NULL);
    polls->options = *options;
    pthread_mutex_init(&polls->lock, NULL);
    TAILQ_INIT(&polls->calls);
    return polls;
}

void pl_polls_free(struct pl_polls *polls)
{
    if (polls == NULL)
        return;
    for (unsigned i = 0; i < polls->lane_count; i++) {
        pl_async_close(polls->lanes[i].async);
        pl_channel_close(polls->lanes[i].channel);
    }
    pthread_mutex_destroy(&polls->lock);
    free(polls->lanes);
    free(polls);
}

/* gRPC lets channels that are alike share a connection; their names make these differ. */
static void add_lane(struct pl_polls *polls)
{
    char name[64];
    struct parley_options options = {.endpoint = (char *)(uintptr_t)polls->options.endpoint, .client_name = name};
    struct lane added = {.calls = 0};
    parley_error failure;
    snprintf(name, sizeof(name), "parley-gateway/poll-%u", polls->lane_count);
    /* The endpoint was good when the upstream was opened. */
    pl_assert(pl_channel_open(&options, &added.channel, &failure) == PARLEY_OK);
    added.async = pl_async_open(added.channel);
    polls->lanes = realloc(polls->lanes, (polls->lane_count + 1) * sizeof(added));
    pl_assert(polls->lanes != NULL);
    polls->lanes[polls->lane_count++] = added;
}

static unsigned take_lane(struct pl_polls *polls)
{
    unsigned index = 0;
    while (index < polls->lane_count && polls->lanes[index].calls == CALLS_PER_LANE)
        index++;
    if (index == polls->lane_count)
        add_lane(polls);
    polls->lanes[index].calls++;
    return index;
}

static void count(struct pl_polls *polls, int change)
{
    polls->count += change;
    pl_metrics_add(polls->options.metrics, PL_METRIC_gateway_polls, change);
}

static void on_ended(struct pl_async_call *async)
{
    struct pl_poll_call *call = pl_container_of(async, struct pl_poll_call, async);
    struct pl_polls *polls = call->polls;
    pthread_mutex_lock(&polls->lock);
    TAILQ_REMOVE(&polls->calls, call, link);
    call->is_started = false;
    polls->lanes[call->lane].calls--;
    count(polls, -1);
    pthread_mutex_unlock(&polls->lock);
    call->ended(call);
}

static void on_done(struct pl_async_call *async)
{
    struct pl_poll_call *call = pl_container_of(async, struct pl_poll_call, async);
    if (async->status != PARLEY_OK && !call->is_cut)
        pl_upstream_count_failure(call->polls->options.metrics, &async->failure);
    call->done(call);
}

/* The lock is held. */
static void start(struct pl_polls *polls, struct pl_poll_call *call)
{
    call->polls = polls;
    call->lane = take_lane(polls);
    call->is_started = true;
    call->async.ended = on_ended;
    call->async.done = on_done;
    call->async.unary.deadline_us = pl_clock_now_us() + (polls->options.deadline_ms + call->rest_ms) * US_PER_MS;
    TAILQ_INSERT_TAIL(&polls->calls, call, link);
    count(polls, 1);
    pl_async_start(polls->lanes[call->lane].async, &call->async);
    if (call->is_cut)
        pl_async_cancel(&call->async);
}

enum pl_status pl_polls_start(struct pl_polls *polls, struct pl_poll_call *call)
{
    enum pl_status status = PL_OK;
    pthread_mutex_lock(&polls->lock);
    if (polls->draining)
        status = PL_DRAINING;
    else if (polls->count >= polls->options.polls_max)
        status = PL_OVERLOADED;
    else
        start(polls, call);
    pthread_mutex_unlock(&polls->lock);
    return status;
}

/* The lock is held. */
static void cut(struct pl_poll_call *call)
{
    call->is_cut = true;
    if (call->is_started)
        pl_async_cancel(&call->async);
}

void pl_polls_cut(struct pl_polls *polls, struct pl_poll_call *call)
{
    pthread_mutex_lock(&polls->lock);
    cut(call);
    pthread_mutex_unlock(&polls->lock);
}

void pl_polls_drain(struct pl_polls *polls)
{
    struct pl_poll_call *call;
    if (polls == NULL)
        return;
    pthread_mutex_lock(&polls->lock);
    polls->draining = true;
    TAILQ_FOREACH (call, &polls->calls, link)
        cut(call);
    pthread_mutex_unlock(&polls->lock);
}
