/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "sdk/c/src/async.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sdk/c/src/channel_grpc.h"
#include "sdk/c/src/quiet_signals.h"

struct pl_async {
    const struct pl_channel *channel;
    grpc_completion_queue *queue;
    pthread_t thread;
};

/* In the arena of its call. */
struct flight {
    struct pl_exchange exchange;
    struct pl_async_call *call;
};

static void finish(const struct pl_async *async, struct flight *flight)
{
    struct pl_async_call *call;
    /* The queue has ordered this behind the start already, but race detectors do not see into gRPC. */
    pl_assert(atomic_load_explicit(&flight->exchange.started, memory_order_acquire));
    call = flight->call;
    if (call->ended != NULL)
        call->ended(call);
    call->status = pl_exchange_read_all(&flight->exchange, async->channel, call->arena, &call->reply, &call->failure);
    pl_exchange_fini(&flight->exchange);
    call->done(call);
}

static void *run(void *argument)
{
    const struct pl_async *async = argument;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(async->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        finish(async, event.tag);
    }
}

struct pl_async *pl_async_open(const struct pl_channel *channel)
{
    struct pl_async *async = calloc(1, sizeof *async);
    struct pl_quiet_signals signals;
    pl_assert(async != NULL);
    *async = (struct pl_async){.channel = channel, .queue = grpc_completion_queue_create_for_next(NULL)};
    pl_quiet_signals_begin(&signals);
    pl_assert(pthread_create(&async->thread, NULL, run, async) == 0);
    pl_quiet_signals_end(&signals);
    return async;
}

void pl_async_close(struct pl_async *async)
{
    grpc_completion_queue_shutdown(async->queue);
    pthread_join(async->thread, NULL);
    grpc_completion_queue_destroy(async->queue);
    free(async);
}

void pl_async_start(struct pl_async *async, struct pl_async_call *call)
{
    struct flight *flight = pl_arena_new(call->arena, struct flight);
    flight->call = call;
    call->flight = flight;
    pl_exchange_start(&flight->exchange, async->channel, &call->unary, async->queue, flight);
}

void pl_async_cancel(struct pl_async_call *call)
{
    const struct flight *flight = call->flight;
    grpc_call_cancel(flight->exchange.call, NULL);
}
