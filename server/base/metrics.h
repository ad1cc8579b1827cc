/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Counters and gauges of the process, by table. Any thread; adding is one relaxed atomic. */
#ifndef PL_BASE_METRICS_H
#define PL_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"

enum pl_metric {
#define PL_METRIC(name, type, help) PL_METRIC_##name,
#include "base/metrics.def"
#undef PL_METRIC
    PL_METRIC_COUNT
};

struct pl_metrics {
    _Atomic int64_t values[PL_METRIC_COUNT];
};

static inline void pl_metrics_add(struct pl_metrics *metrics, enum pl_metric metric, int64_t amount)
{
    atomic_fetch_add_explicit(&metrics->values[metric], amount, memory_order_relaxed);
}

static inline void pl_metrics_set(struct pl_metrics *metrics, enum pl_metric metric, int64_t value)
{
    atomic_store_explicit(&metrics->values[metric], value, memory_order_relaxed);
}

static inline int64_t pl_metrics_get(const struct pl_metrics *metrics, enum pl_metric metric)
{
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

/* Prometheus text format 0.0.4. */
void pl_metrics_format(const struct pl_metrics *metrics, struct pl_buf *buf);

#endif
