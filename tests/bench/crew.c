/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/crew.h"

#include <pthread.h>

#include "bench/rpc.h"

#define THREADS 16

static void *run(void *argument)
{
    struct bench_crew *crew = argument;
    grpc_channel *channel = bench_channel_open(crew->options->endpoint);
    struct pl_arena arena;
    pl_arena_init(&arena, SIZE_MAX);
    for (unsigned index; (index = atomic_fetch_add(&crew->next, 1)) < crew->count;) {
        crew->step(crew, channel, index, &arena);
        pl_arena_reset(&arena);
    }
    pl_arena_fini(&arena);
    grpc_channel_destroy(channel);
    return NULL;
}

void bench_crew_run(struct bench_crew *crew)
{
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        pl_assert(pthread_create(&threads[i], NULL, run, crew) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}
