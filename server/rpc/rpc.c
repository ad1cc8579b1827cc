/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The server as a whole: open binds and starts the loops, start accepts, stop refuses, drain waits, close frees. While
 * it drains, connections are told to go, and WARNING_US later take no more calls and close when theirs have ended; what
 * still lives at the deadline is cut.
 */
#include "rpc/rpc.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "rpc/connection.h"
#include "rpc/health.h"
#include "rpc/serving.h"
#include "rpc/stream.h"

enum { SCRATCH_BYTES_PER_REQUEST_BYTE = 8, SCRATCH_BYTES_MIN = 64 << 10, WARNING_US = 100000 };

static void go_away(struct pl_task *task)
{
    struct pl_home *home = pl_container_of(task, struct pl_home, go_away);
    struct pl_connection *connection;
    struct pl_stream *stream;

    TAILQ_FOREACH (stream, &home->streams, on_home)
        if (stream->call.served->builtin)
            pl_stream_end(stream, PL_DRAINING);
    TAILQ_FOREACH (connection, &home->connections, link)
        pl_connection_warn(connection);
    pl_timers_arm(&home->io.loop.timers, &home->leave, pl_clock_now_us() + WARNING_US);
}

/* Calls that were on their way when the client was warned have come, and were refused with a reason. */
static void leave(struct pl_timer *timer)
{
    struct pl_home *home = pl_container_of(timer, struct pl_home, leave);
    struct pl_connection *connection;

    TAILQ_FOREACH (connection, &home->connections, link)
        pl_connection_go_away(connection);
}

static void cut(struct pl_task *task)
{
    struct pl_home *home = pl_container_of(task, struct pl_home, cut);

    while (!TAILQ_EMPTY(&home->connections))
        pl_connection_cut(TAILQ_FIRST(&home->connections));
}

static void wake_drain(struct pl_rpc *rpc)
{
    pthread_mutex_lock(&rpc->lock);
    pthread_cond_broadcast(&rpc->changed);
    pthread_mutex_unlock(&rpc->lock);
}

void pl_rpc_call_gone(struct pl_rpc *rpc)
{
    if (atomic_fetch_sub(&rpc->living, 1) == 1 && atomic_load(&rpc->closing))
        wake_drain(rpc);
}

void pl_rpc_connection_gone(struct pl_rpc *rpc)
{
    if (pl_listener_connection_gone(rpc->listener) == 0 && atomic_load(&rpc->closing))
        wake_drain(rpc);
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

/* Counts up what it started, so that a failure half way can be undone. */
static enum pl_status start_loops(struct pl_rpc *rpc)
{
    unsigned count = (unsigned)rpc->options.config->rpc_threads;
    size_t scratch_bytes =
        pl_serving_request_bytes_max(&rpc->options) * SCRATCH_BYTES_PER_REQUEST_BYTE + SCRATCH_BYTES_MIN;

    rpc->homes = calloc(count, sizeof(*rpc->homes));
    pl_assert(rpc->homes != NULL);
    for (; rpc->home_count < count; rpc->home_count++) {
        struct pl_home *home = &rpc->homes[rpc->home_count];
        home->rpc = rpc;
        home->tell.run = pl_health_tell;
        home->go_away.run = go_away;
        home->leave.run = leave;
        home->cut.run = cut;
        TAILQ_INIT(&home->connections);
        TAILQ_INIT(&home->streams);
        pl_arena_init(&home->scratch, scratch_bytes);
        if (pl_io_loop_start(&home->io, rpc->home_count, "rpc") != PL_OK)
            return PL_UNAVAILABLE;
    }
    return PL_OK;
}

/* What one loop posts to another while it ends is run after all have ended. */
static void stop_loops(struct pl_rpc *rpc)
{
    for (unsigned i = 0; i < rpc->home_count; i++)
        pl_io_loop_join(&rpc->homes[i].io);
    for (unsigned i = 0; i < rpc->home_count; i++) {
        pl_io_loop_fini(&rpc->homes[i].io);
        pl_gzip_fini(&rpc->homes[i].gzip);
        pl_arena_fini(&rpc->homes[i].scratch);
    }
}

/* All that open made, in reverse. No call and no connection is left. */
static void free_rpc(struct pl_rpc *rpc)
{
    stop_loops(rpc);
    pl_serving_fini(rpc);
    pl_listener_free(rpc->listener);
    pthread_cond_destroy(&rpc->changed);
    pthread_mutex_destroy(&rpc->lock);
    free(rpc->homes);
    free(rpc);
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
    init_lock(rpc);
    if (start_loops(rpc) != PL_OK) {
        snprintf(error, error_bytes, "the system gives no more threads");
        free_rpc(rpc);
        return PL_UNAVAILABLE;
    }
    pl_serving_init(rpc);
    *ret_rpc = rpc;
    return PL_OK;
}

void pl_rpc_start(struct pl_rpc *rpc)
{
    enum pl_status status;

    pl_assert(!rpc->started);
    rpc->started = true;
    status = pl_listener_start(rpc->listener, rpc);
    pl_assert(status == PL_OK);
}

int pl_rpc_port(const struct pl_rpc *rpc)
{
    return pl_listener_port(rpc->listener);
}

unsigned pl_rpc_loop_count(const struct pl_rpc *rpc)
{
    return rpc->home_count;
}

struct pl_loop *pl_rpc_loop(struct pl_rpc *rpc, unsigned index)
{
    pl_assert(index < rpc->home_count);
    return &rpc->homes[index].io.loop;
}

void pl_rpc_set_serving(struct pl_rpc *rpc, bool serving)
{
    if (atomic_exchange(&rpc->serving, serving) != serving)
        pl_rpc_tell_health(rpc);
}

void pl_rpc_tell_health(struct pl_rpc *rpc)
{
    for (unsigned i = 0; i < rpc->home_count; i++) {
        struct pl_home *home = &rpc->homes[i];
        if (!atomic_exchange(&home->told, true))
            pl_mailbox_post(&home->io.loop.mailbox, &home->tell);
    }
}

void pl_rpc_stop(struct pl_rpc *rpc)
{
    pl_rpc_set_serving(rpc, false);
    atomic_store(&rpc->draining, true);
    pl_listener_stop(rpc->listener);
}

static bool is_over(const struct pl_rpc *rpc)
{
    return atomic_load(&rpc->living) == 0 && pl_listener_connection_count(rpc->listener) == 0;
}

/* True: all is over. */
static bool wait_until(struct pl_rpc *rpc, int64_t until_us)
{
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    int timed_out = 0;
    bool over;

    pthread_mutex_lock(&rpc->lock);
    while (!is_over(rpc) && !timed_out)
        timed_out = pthread_cond_timedwait(&rpc->changed, &rpc->lock, &until);
    over = is_over(rpc);
    pthread_mutex_unlock(&rpc->lock);
    return over;
}

/* Past the deadline: whatever is left is cut. Handlers still end their calls, however late. */
static void cut_rest(struct pl_rpc *rpc)
{
    for (unsigned i = 0; i < rpc->home_count; i++)
        pl_mailbox_post(&rpc->homes[i].io.loop.mailbox, &rpc->homes[i].cut);
    pthread_mutex_lock(&rpc->lock);
    while (!is_over(rpc))
        pthread_cond_wait(&rpc->changed, &rpc->lock);
    pthread_mutex_unlock(&rpc->lock);
}

void pl_rpc_drain(struct pl_rpc *rpc, int64_t deadline_us)
{
    pl_rpc_stop(rpc);
    pl_assert(!atomic_exchange(&rpc->closing, true));
    for (unsigned i = 0; i < rpc->home_count; i++)
        pl_mailbox_post(&rpc->homes[i].io.loop.mailbox, &rpc->homes[i].go_away);
    if (!wait_until(rpc, deadline_us))
        cut_rest(rpc);
}

void pl_rpc_close(struct pl_rpc *rpc)
{
    pl_assert(atomic_load(&rpc->closing));
    free_rpc(rpc);
}
