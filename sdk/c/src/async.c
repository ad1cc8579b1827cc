/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Calls go round the threads; each thread has a completion queue of its own. In Debian's gRPC a completion costs more
 * the more calls are outstanding on its queue, so several queues also keep that short.
 */
#include "sdk/c/src/async.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sdk/c/src/channel_grpc.h"
#include "sdk/c/src/quiet_signals.h"

struct lane {
    const struct pl_channel *channel;
    grpc_completion_queue *queue;
    pthread_t thread;
};

struct pl_async {
    _Atomic unsigned next;
    unsigned count;
    struct lane lanes[];
};

/* In the arena of its call. */
struct flight {
    struct pl_exchange exchange;
    struct pl_async_call *call;
};

static void finish(const struct lane *lane, struct flight *flight)
{
    struct pl_async_call *call;
    /* The queue has ordered this behind the start already, but race detectors do not see into gRPC. */
    pl_assert(atomic_load_explicit(&flight->exchange.started, memory_order_acquire));
    call = flight->call;
    if (call->ended != NULL)
        call->ended(call);
    call->status = pl_exchange_read_all(&flight->exchange, lane->channel, call->arena, &call->reply, &call->failure);
    pl_exchange_fini(&flight->exchange);
    call->done(call);
}

static void *run(void *argument)
{
    const struct lane *lane = argument;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(lane->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        finish(lane, event.tag);
    }
}

struct pl_async *pl_async_open(struct pl_channel *channel, unsigned threads)
{
    struct pl_async *async = calloc(1, sizeof *async + threads * sizeof async->lanes[0]);
    struct pl_quiet_signals signals;
    pl_assert(async != NULL && threads > 0);
    async->count = threads;
    pl_quiet_signals_begin(&signals);
    for (unsigned i = 0; i < threads; i++) {
        struct lane *lane = &async->lanes[i];
        *lane = (struct lane){.channel = channel, .queue = grpc_completion_queue_create_for_next(NULL)};
        pl_assert(pthread_create(&lane->thread, NULL, run, lane) == 0);
    }
    pl_quiet_signals_end(&signals);
    return async;
}

void pl_async_close(struct pl_async *async)
{
    for (unsigned i = 0; i < async->count; i++) {
        grpc_completion_queue_shutdown(async->lanes[i].queue);
        pthread_join(async->lanes[i].thread, NULL);
        grpc_completion_queue_destroy(async->lanes[i].queue);
    }
    free(async);
}

void pl_async_start(struct pl_async *async, struct pl_async_call *call)
{
    unsigned index = atomic_fetch_add_explicit(&async->next, 1, memory_order_relaxed) % async->count;
    const struct lane *lane = &async->lanes[index];
    struct flight *flight = pl_arena_new(call->arena, struct flight);
    flight->call = call;
    call->flight = flight;
    pl_exchange_start(&flight->exchange, lane->channel, &call->unary, lane->queue, flight);
}

void pl_async_cancel(struct pl_async_call *call)
{
    const struct flight *flight = call->flight;
    grpc_call_cancel(flight->exchange.call, NULL);
}
