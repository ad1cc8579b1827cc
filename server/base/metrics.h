/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Counters and gauges of a process, by table: each program has its rows in its own metrics.def, and numbers them by an
 * enum. Any thread; adding is one relaxed atomic.
 */
#ifndef PL_BASE_METRICS_H
#define PL_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

#define PL_METRICS_MAX 64

struct pl_metric_row {
    const char *name; /* without the parley_ prefix */
    const char *type; /* counter or gauge */
    const char *help;
};

struct pl_metrics {
    _Atomic int64_t values[PL_METRICS_MAX]; /* by the number of the row */
};

/* The metrics of a program with what they are called. */
struct pl_metrics_table {
    const struct pl_metrics *metrics;
    const struct pl_metric_row *rows;
    unsigned count;
};

static inline void pl_metrics_add(struct pl_metrics *metrics, unsigned metric, int64_t amount)
{
    atomic_fetch_add_explicit(&metrics->values[metric], amount, memory_order_relaxed);
}

static inline void pl_metrics_set(struct pl_metrics *metrics, unsigned metric, int64_t value)
{
    atomic_store_explicit(&metrics->values[metric], value, memory_order_relaxed);
}

static inline int64_t pl_metrics_get(const struct pl_metrics *metrics, unsigned metric)
{
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

/* Prometheus text format 0.0.4. */
void pl_metrics_format(const struct pl_metrics_table *table, struct pl_buf *buf);

/* Those of parleyd. */
enum pl_metric {
#define PL_METRIC(name, type, help) PL_METRIC_##name,
#include "base/metrics.def"
#undef PL_METRIC
    PL_METRIC_COUNT
};
_Static_assert(PL_METRIC_COUNT <= PL_METRICS_MAX, "struct pl_metrics has a place for each row");
extern const struct pl_metric_row pl_metric_rows[PL_METRIC_COUNT];

#endif
