/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Counters, gauges and histograms of a process, by table: each program has its rows in its own metrics.def, which an
 * enum turns into places in one array of numbers. Any thread; adding is one relaxed atomic, observing two. Labels come
 * from closed tables, so a process has the same samples from its start to its end: nothing that a client sends can add
 * one. metrics.def says what a row is.
 */
#ifndef PL_BASE_METRICS_H
#define PL_BASE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

#define PL_METRICS_MAX 1024
/* The value of what is not known: the sample is left out. */
#define PL_METRIC_ABSENT INT64_MIN

#define PL_BOUNDS_MAX 18
/* Of a histogram: its buckets, one for what is above them all, and the sum of all values. */
#define PL_HISTOGRAM_SLOTS (PL_BOUNDS_MAX + 2)

/* The upper bounds of buckets, rising, in the unit of what is observed; per_unit of these are 1 in the text. */
struct pl_bounds {
    int64_t per_unit;
    unsigned count;
    int64_t bounds[PL_BOUNDS_MAX];
};

extern const struct pl_bounds pl_bounds_seconds; /* observed in microseconds */
extern const struct pl_bounds pl_bounds_entries;

/* A family of samples. */
struct pl_metric_row {
    const char *name; /* without the parley_ prefix */
    const char *type; /* counter, gauge or histogram */
    const char *help;
    unsigned first;                 /* its first place */
    unsigned count;                 /* samples; 1 for a histogram */
    const char *const *labels;      /* of each sample, as in the text; NULL: none */
    const struct pl_bounds *bounds; /* of a histogram */
};

struct pl_metrics {
    _Atomic int64_t values[PL_METRICS_MAX]; /* by place */
};

/* The metrics of a program with what they are called. */
struct pl_metrics_table {
    const struct pl_metrics *metrics;
    const struct pl_metric_row *rows;
    unsigned row_count;
};

/* metric: the row's enum constant; of a row with labels, plus the number of the label. */
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

/* Of a row with the labels refusal: one more for status, which is not PL_OK. */
static inline void pl_metrics_refuse(struct pl_metrics *metrics, unsigned metric, enum pl_status status)
{
    pl_assert(status != PL_OK);
    pl_metrics_add(metrics, metric + status - 1, 1);
}

/* Into a histogram of seconds. */
void pl_metrics_observe_us(struct pl_metrics *metrics, unsigned histogram, int64_t duration_us);
/* Into a histogram of entries. */
void pl_metrics_observe_entries(struct pl_metrics *metrics, unsigned histogram, int64_t count);
/* How many were observed. */
int64_t pl_metrics_observed(const struct pl_metrics *metrics, unsigned histogram);

/* Prometheus text format 0.0.4. */
void pl_metrics_format(const struct pl_metrics_table *table, struct pl_buf *buf);

/* ---- labels ---- */

/* Where the live stream of a device is in its life. */
enum pl_session_phase {
    PL_PHASE_HELLO,       /* open; hello is not answered yet */
    PL_PHASE_CATCHING_UP, /* what hello found is being sent */
    PL_PHASE_LIVE,        /* all that was told: entries are pushed as they are committed */
    PL_PHASE_ENDING,      /* over, or the device is being told why */
    PL_PHASE_COUNT
};

/* How many labels a table has, and the table. */
#define PL_LABELS_status PL_STATUS_COUNT
#define PL_LABELS_refusal (PL_STATUS_COUNT - 1) /* a status but PL_OK, counted from it */
#define PL_LABELS_phase PL_PHASE_COUNT
#define PL_LABELS_quota PL_QUOTA_COUNT
#define PL_LABELS_version 1
extern const char *const pl_labels_status[PL_LABELS_status];
#define pl_labels_refusal (pl_labels_status + 1)
extern const char *const pl_labels_phase[PL_LABELS_phase];
extern const char *const pl_labels_quota[PL_LABELS_quota];
extern const char *const pl_labels_version[PL_LABELS_version];

/* ---- from a row of metrics.def to places and to a row of the table ---- */

#define PL_METRIC_PLACE(name, type, help) PL_METRIC_##name,
#define PL_METRIC_BY_PLACE(name, type, labels, help)                                                                   \
    PL_METRIC_##name, PL_METRIC_LAST_##name = PL_METRIC_##name + (int)PL_LABELS_##labels - 1,
#define PL_HISTOGRAM_PLACE(name, bounds, help)                                                                         \
    PL_METRIC_##name, PL_METRIC_LAST_##name = PL_METRIC_##name + PL_HISTOGRAM_SLOTS - 1,
#define PL_METRIC_ROW(name, type, help) {#name, #type, help, PL_METRIC_##name, 1, NULL, NULL},
#define PL_METRIC_BY_ROW(name, type, labels, help)                                                                     \
    {#name, #type, help, PL_METRIC_##name, PL_LABELS_##labels, pl_labels_##labels, NULL},
#define PL_HISTOGRAM_ROW(name, bounds, help) {#name, "histogram", help, PL_METRIC_##name, 1, NULL, &pl_bounds_##bounds},

/* ---- those of parleyd ---- */

enum pl_metric {
#define PL_METRIC PL_METRIC_PLACE
#define PL_METRIC_BY PL_METRIC_BY_PLACE
#define PL_HISTOGRAM PL_HISTOGRAM_PLACE
#include "base/metrics.def"
#undef PL_METRIC
#undef PL_METRIC_BY
#undef PL_HISTOGRAM
    PL_METRIC_COUNT
};
_Static_assert(PL_METRIC_COUNT <= PL_METRICS_MAX, "struct pl_metrics has a place for each sample");

enum {
#define PL_METRIC(name, type, help) +1
#define PL_METRIC_BY(name, type, labels, help) +1
#define PL_HISTOGRAM(name, bounds, help) +1
    PL_METRIC_ROW_COUNT = 0
#include "base/metrics.def"
#undef PL_METRIC
#undef PL_METRIC_BY
#undef PL_HISTOGRAM
};
extern const struct pl_metric_row pl_metric_rows[PL_METRIC_ROW_COUNT];

#endif
