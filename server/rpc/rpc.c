/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The server as a whole: open binds and starts the loops, start accepts, stop refuses, drain waits, close frees. Core's
 * shutdown notice comes when its last connection is gone; what still lives at the deadline is cancelled.
 * Connections without calls that do not leave by themselves get DRAIN_GRACE_US.
 */
#include "rpc/rpc.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "rpc/core_log.h"
#include "rpc/core_start.h"
#include "rpc/health.h"
#include "rpc/server_args.h"
#include "rpc/serving.h"
#include "rpc/stream.h"

enum { HELPER_NICE = 5, DRAIN_GRACE_US = 1000000, SCRATCH_BYTES_PER_REQUEST_BYTE = 8, SCRATCH_BYTES_MIN = 64 << 10 };

static void end_builtins(struct pl_task *task)
{
    struct pl_home *home = pl_container_of(task, struct pl_home, end_builtins);
    struct pl_stream *stream;

    TAILQ_FOREACH (stream, &home->streams, on_home)
        if (stream->call.served->builtin)
            pl_stream_end(stream, PL_DRAINING);
}

static void on_shut_down(struct pl_tag *tag, bool ok)
{
    struct pl_rpc *rpc = pl_container_of(tag, struct pl_rpc, shut_down_tag);

    (void)ok;
    pthread_mutex_lock(&rpc->lock);
    rpc->shut_down = true;
    pthread_cond_broadcast(&rpc->changed);
    pthread_mutex_unlock(&rpc->lock);
}

void pl_rpc_call_gone(struct pl_rpc *rpc)
{
    if (atomic_fetch_sub(&rpc->living, 1) == 1 && atomic_load(&rpc->closing)) {
        pthread_mutex_lock(&rpc->lock);
        pthread_cond_broadcast(&rpc->changed);
        pthread_mutex_unlock(&rpc->lock);
    }
}

static void init_lock(struct pl_rpc *rpc)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&rpc->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* as pl_clock_now_us */
    pthread_cond_init(&rpc->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

/*
 * Stream loops are numbered from 0, whichever kind carries them. Where polling ones do, everything passes through them,
 * and when cores are short they go before those that only write to the many.
 */
static enum pl_status start_loop(struct pl_rpc *rpc, bool polling, size_t scratch_bytes)
{
    struct pl_home *home = &rpc->homes[rpc->home_count];
    unsigned index = rpc->home_count >= rpc->first_stream ? rpc->home_count - rpc->first_stream : rpc->home_count;
    if (!polling && rpc->first_stream == 0)
        home->queue.nice = HELPER_NICE;
    enum pl_status status = pl_queue_loop_start(&home->queue, index, polling, scratch_bytes);

    rpc->home_count += status == PL_OK;
    return status;
}

/* Counts up what it started, so that a failure half way can be undone. */
static enum pl_status start_loops(struct pl_rpc *rpc)
{
    const struct pl_config *config = rpc->options.config;
    unsigned count = (unsigned)(config->unary_threads + config->stream_threads);
    size_t scratch_bytes =
        pl_serving_request_bytes_max(&rpc->options) * SCRATCH_BYTES_PER_REQUEST_BYTE + SCRATCH_BYTES_MIN;
    enum pl_status status = PL_OK;

    rpc->unary_count = (unsigned)config->unary_threads;
    rpc->first_stream = config->stream_threads == 0 || config->polled_streams > 0 ? 0 : rpc->unary_count;
    rpc->homes = calloc(count, sizeof(*rpc->homes));
    pl_assert(rpc->homes != NULL);
    for (unsigned i = 0; i < count; i++) {
        rpc->homes[i].rpc = rpc;
        rpc->homes[i].tell.run = pl_health_tell;
        rpc->homes[i].end_builtins.run = end_builtins;
        TAILQ_INIT(&rpc->homes[i].streams);
        pl_cork_init(&rpc->homes[i].cork, &rpc->homes[i].queue.loop);
    }
    while (status == PL_OK && rpc->home_count < count)
        status = start_loop(rpc, rpc->home_count < rpc->unary_count, scratch_bytes);
    return status;
}

/* What one loop posts to another while it ends is run after all have ended. */
static void stop_loops(struct pl_rpc *rpc)
{
    for (unsigned i = 0; i < rpc->home_count; i++)
        pl_queue_loop_join(&rpc->homes[i].queue);
    for (unsigned i = 0; i < rpc->home_count; i++) {
        pl_queue_loop_fini(&rpc->homes[i].queue);
        pl_cork_fini(&rpc->homes[i].cork);
    }
}

/* All that open made, in reverse. Core has no call left. */
static void free_rpc(struct pl_rpc *rpc)
{
    if (rpc->server != NULL)
        grpc_server_destroy(rpc->server);
    stop_loops(rpc);
    pl_serving_fini(rpc);
    pl_listener_free(rpc->listener);
    pthread_cond_destroy(&rpc->changed);
    pthread_mutex_destroy(&rpc->lock);
    free(rpc->homes);
    free(rpc);
    grpc_shutdown();
    pl_core_log_route(NULL);
}

static void make_server(struct pl_rpc *rpc)
{
    rpc->server = pl_server_args_create(pl_serving_request_bytes_max(&rpc->options));
    for (unsigned i = 0; i < rpc->unary_count; i++)
        grpc_server_register_completion_queue(rpc->server, rpc->homes[i].queue.queue, NULL);
    pl_serving_init(rpc);
}

enum pl_status pl_rpc_open(const struct pl_rpc_options *options, struct pl_rpc **ret_rpc, char *error,
                           unsigned error_bytes)
{
    struct pl_listener_options listener_options = {.addresses = options->config->grpc_listen,
                                                   .connections_max = options->config->connections_max,
                                                   .metrics = options->metrics};
    struct pl_listener *listener;
    enum pl_status status = pl_listener_open(&listener_options, &listener, error, error_bytes);
    struct pl_rpc *rpc;

    if (status != PL_OK)
        return status;
    rpc = calloc(1, sizeof(*rpc));
    pl_assert(rpc != NULL);
    rpc->options = *options;
    rpc->listener = listener;
    rpc->shut_down_tag.run = on_shut_down;
    init_lock(rpc);
    pl_core_log_route(options->metrics);
    pl_core_start();
    if (start_loops(rpc) != PL_OK) {
        snprintf(error, error_bytes, "the system gives no more threads");
        free_rpc(rpc);
        return PL_UNAVAILABLE;
    }
    make_server(rpc);
    *ret_rpc = rpc;
    return PL_OK;
}

void pl_rpc_start(struct pl_rpc *rpc)
{
    enum pl_status status;

    pl_assert(!rpc->started);
    rpc->started = true;
    grpc_server_start(rpc->server);
    pl_serving_arm(rpc);
    status = pl_listener_start(rpc->listener, rpc->server);
    pl_assert(status == PL_OK);
}

int pl_rpc_port(const struct pl_rpc *rpc)
{
    return pl_listener_port(rpc->listener);
}

unsigned pl_rpc_stream_loop_count(const struct pl_rpc *rpc)
{
    return rpc->home_count - rpc->first_stream;
}

unsigned pl_rpc_record_loop_count(const struct pl_rpc *rpc)
{
    return rpc->first_stream == 0 ? rpc->unary_count : rpc->home_count - rpc->first_stream;
}

struct pl_loop *pl_rpc_stream_loop(struct pl_rpc *rpc, unsigned index)
{
    pl_assert(index < pl_rpc_stream_loop_count(rpc));
    return &rpc->homes[rpc->first_stream + index].queue.loop;
}

void pl_rpc_set_serving(struct pl_rpc *rpc, bool serving)
{
    if (atomic_exchange(&rpc->serving, serving) != serving)
        pl_rpc_tell_health(rpc);
}

void pl_rpc_tell_health(struct pl_rpc *rpc)
{
    for (unsigned i = rpc->first_stream; i < rpc->home_count; i++) {
        struct pl_home *home = &rpc->homes[i];
        if (!atomic_exchange(&home->told, true))
            pl_mailbox_post(&home->queue.loop.mailbox, &home->tell);
    }
}

void pl_rpc_stop(struct pl_rpc *rpc)
{
    pl_rpc_set_serving(rpc, false);
    atomic_store(&rpc->draining, true);
    pl_listener_stop(rpc->listener);
}

/* Nothing of core's will come any more. Core may say that it has shut down before our last call is gone. */
static bool is_over(const struct pl_rpc *rpc)
{
    return rpc->shut_down && atomic_load(&rpc->living) == 0;
}

/* Until all is over, or until no call lives (when that is enough), or until_us. */
static bool wait_over(struct pl_rpc *rpc, int64_t until_us, bool or_idle)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    int timed_out = 0;
    bool over;

    pthread_mutex_lock(&rpc->lock);
    while (!is_over(rpc) && !timed_out && !(or_idle && atomic_load(&rpc->living) == 0))
        timed_out = pthread_cond_timedwait(&rpc->changed, &rpc->lock, &until);
    over = is_over(rpc);
    pthread_mutex_unlock(&rpc->lock);
    return over;
}

/* Past the deadline: whatever is left is cancelled. Handlers still end their calls, however late. */
static void cancel_rest(struct pl_rpc *rpc)
{
    grpc_server_cancel_all_calls(rpc->server);
    pthread_mutex_lock(&rpc->lock);
    while (!is_over(rpc))
        pthread_cond_wait(&rpc->changed, &rpc->lock);
    pthread_mutex_unlock(&rpc->lock);
}

void pl_rpc_drain(struct pl_rpc *rpc, int64_t deadline_us)
{
    int64_t grace_us;

    pl_rpc_stop(rpc);
    pl_assert(!atomic_exchange(&rpc->closing, true));
    grpc_server_shutdown_and_notify(rpc->server, rpc->homes[0].queue.queue, &rpc->shut_down_tag);
    for (unsigned i = rpc->first_stream; i < rpc->home_count; i++)
        pl_mailbox_post(&rpc->homes[i].queue.loop.mailbox, &rpc->homes[i].end_builtins);
    wait_over(rpc, deadline_us, true);
    grace_us = pl_clock_now_us() + DRAIN_GRACE_US;
    if (!wait_over(rpc, grace_us < deadline_us ? grace_us : deadline_us, false))
        cancel_rest(rpc);
}

void pl_rpc_close(struct pl_rpc *rpc)
{
    pl_assert(atomic_load(&rpc->closing));
    free_rpc(rpc);
}
