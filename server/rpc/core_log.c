/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Core logs errors that any client can cause, so its lines are limited to LINES_PER_SECOND and are warnings at most.
 * Its log function has no context, and core is one for the whole process; hence the statics, which are atomics.
 */
#include "rpc/core_log.h"

#include <grpc/support/log.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/log.h"

enum { LINES_PER_SECOND = 10 };

static struct pl_metrics *_Atomic counted_in;
static _Atomic int64_t window_second;
static atomic_int window_lines;

static bool may_log(void)
{
    int64_t second = pl_clock_now_us() / 1000000;

    if (atomic_exchange(&window_second, second) != second)
        atomic_store(&window_lines, 0);
    return atomic_fetch_add(&window_lines, 1) < LINES_PER_SECOND;
}

static void write_line(gpr_log_func_args *line)
{
    struct pl_metrics *metrics = atomic_load(&counted_in);

    if (may_log()) {
        pl_log(line->severity == GPR_LOG_SEVERITY_ERROR ? PL_LOG_WARNING : PL_LOG_DEBUG, "core",
               PL_LOG_TEXT("file", line->file), PL_LOG_NUMBER("line", line->line),
               PL_LOG_TEXT("message", line->message));
    } else if (metrics != NULL) {
        pl_metrics_add(metrics, PL_METRIC_core_log_suppressed_total, 1);
    }
}

void pl_core_log_route(struct pl_metrics *metrics)
{
    atomic_store(&counted_in, metrics);
    gpr_set_log_function(write_line);
}
