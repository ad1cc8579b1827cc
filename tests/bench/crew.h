/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Many calls at a time, so that commits are shared: threads that do one numbered piece of work after the other. */
#ifndef PL_TESTS_BENCH_CREW_H
#define PL_TESTS_BENCH_CREW_H

#include <grpc/grpc.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "bench/setup.h"

struct bench_crew {
    const struct bench_options *options;
    const struct bench_app *app;
    /* Does the piece of this number, on any thread. Channel is the thread's own; the arena is emptied behind it. */
    void (*step)(const struct bench_crew *crew, grpc_channel *channel, unsigned index, struct pl_arena *arena);
    const void *work; /* what the step wants to know */
    unsigned count;   /* of pieces, from 0 */
    atomic_uint next;
};

/* Blocks until all is done. */
void bench_crew_run(struct bench_crew *crew);

#endif
