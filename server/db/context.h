/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the threads of server/db share. */
#ifndef PL_DB_CONTEXT_H
#define PL_DB_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"
#include "db/circuit.h"
#include "db/db.h"

/* Who waited this long for a database that is away is answered. */
#define PL_UNSETTLED_US_MAX INT64_C(3000000)

struct pl_db_context {
    const struct pl_config *config;
    struct pl_metrics *metrics;
    struct pl_db_listener listener;
    struct pl_circuits circuits;
    atomic_bool stopping;     /* nothing more is submitted; threads end when their work is done */
    _Atomic int64_t until_us; /* pl_clock_now_us; from then on the database counts as away. INT64_MAX: for ever */
};

/* Whether until_us is past. */
static inline bool pl_db_is_over(const struct pl_db_context *context)
{
    return pl_clock_now_us() >= atomic_load(&context->until_us);
}

#endif
