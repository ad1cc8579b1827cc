/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A thread that asks PostgreSQL every database_sample_ms how large and how well it is, for /metrics. It has a
 * connection of its own, for counting the bytes of a large database takes a while, and nobody waits behind it. While
 * the database is away the last answer stays; database_sampled_timestamp_seconds says how old it is.
 */
#ifndef PL_DB_SAMPLER_H
#define PL_DB_SAMPLER_H

#include <pthread.h>

#include "db/conn.h"
#include "db/context.h"

struct pl_sampler {
    struct pl_db_context *context;
    struct pl_conn conn;
    struct pl_wake wake;
    _Atomic int64_t until_us; /* pl_clock_now_us; the thread ends. INT64_MAX: not yet */
    pthread_t thread;
};

void pl_sampler_init(struct pl_sampler *sampler, struct pl_db_context *context);
void pl_sampler_fini(struct pl_sampler *sampler);
void pl_sampler_start(struct pl_sampler *sampler);
/* Lets go of a question in flight. join waits for the thread: at most a second. */
void pl_sampler_stop(struct pl_sampler *sampler);
void pl_sampler_join(struct pl_sampler *sampler);

#endif
