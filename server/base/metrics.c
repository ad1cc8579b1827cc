/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The rows and label tables of parleyd, and every row as text, with the prefix parley_. */
#include "base/metrics.h"

#include <inttypes.h>

const struct pl_bounds pl_bounds_seconds = {1000000,
                                            17,
                                            {100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
                                             500000, 1000000, 2500000, 5000000, 10000000, 30000000}};
const struct pl_bounds pl_bounds_entries = {1, 11, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}};

const char *const pl_labels_status[PL_LABELS_status] = {
#define PL_STATUS(name, grpc_code, http_status, reason, sentence, cure) "code=\"" #grpc_code "\",reason=\"" reason "\"",
#include "status.def"
#undef PL_STATUS
};

const char *const pl_labels_phase[PL_LABELS_phase] = {
    [PL_PHASE_HELLO] = "state=\"hello\"",
    [PL_PHASE_CATCHING_UP] = "state=\"catching_up\"",
    [PL_PHASE_LIVE] = "state=\"live\"",
    [PL_PHASE_ENDING] = "state=\"ending\"",
};

const char *const pl_labels_quota[PL_LABELS_quota] = {
#define PL_QUOTA(name, key, unit, meaning, sentence) "limit=\"" key "\"",
#include "quotas.def"
#undef PL_QUOTA
};

const char *const pl_labels_version[PL_LABELS_version] = {"version=\"" PARLEY_VERSION "\""};

const struct pl_metric_row pl_metric_rows[PL_METRIC_ROW_COUNT] = {
#define PL_METRIC PL_METRIC_ROW
#define PL_METRIC_BY PL_METRIC_BY_ROW
#define PL_HISTOGRAM PL_HISTOGRAM_ROW
#include "base/metrics.def"
#undef PL_METRIC
#undef PL_METRIC_BY
#undef PL_HISTOGRAM
};

/* ---- histograms ---- */

static void observe(struct pl_metrics *metrics, unsigned histogram, const struct pl_bounds *bounds, int64_t value)
{
    unsigned bucket = 0;
    while (bucket < bounds->count && value > bounds->bounds[bucket])
        bucket++;
    pl_metrics_add(metrics, histogram + bucket, 1);
    pl_metrics_add(metrics, histogram + PL_HISTOGRAM_SLOTS - 1, value);
}

void pl_metrics_observe_us(struct pl_metrics *metrics, unsigned histogram, int64_t duration_us)
{
    observe(metrics, histogram, &pl_bounds_seconds, duration_us);
}

void pl_metrics_observe_entries(struct pl_metrics *metrics, unsigned histogram, int64_t count)
{
    observe(metrics, histogram, &pl_bounds_entries, count);
}

int64_t pl_metrics_observed(const struct pl_metrics *metrics, unsigned histogram)
{
    int64_t count = 0;
    for (unsigned i = 0; i < PL_HISTOGRAM_SLOTS - 1; i++)
        count += pl_metrics_get(metrics, histogram + i);
    return count;
}

/* ---- text ---- */

/* The count is the sum of the buckets as they are read here, so that a scrape never contradicts itself. */
static void format_histogram(const struct pl_metrics *metrics, const struct pl_metric_row *row, struct pl_buf *buf)
{
    const struct pl_bounds *bounds = row->bounds;
    double unit = (double)bounds->per_unit;
    int64_t count = 0;
    for (unsigned i = 0; i < bounds->count; i++) {
        count += pl_metrics_get(metrics, row->first + i);
        pl_buf_printf(buf, "parley_%s_bucket{le=\"%g\"} %" PRId64 "\n", row->name, (double)bounds->bounds[i] / unit,
                      count);
    }
    count += pl_metrics_get(metrics, row->first + bounds->count);
    double sum = (double)pl_metrics_get(metrics, row->first + PL_HISTOGRAM_SLOTS - 1) / unit;
    pl_buf_printf(buf, "parley_%s_bucket{le=\"+Inf\"} %" PRId64 "\nparley_%s_sum %.6f\nparley_%s_count %" PRId64 "\n",
                  row->name, count, row->name, sum, row->name, count);
}

static void format_samples(const struct pl_metrics *metrics, const struct pl_metric_row *row, struct pl_buf *buf)
{
    for (unsigned i = 0; i < row->count; i++) {
        int64_t value = pl_metrics_get(metrics, row->first + i);
        if (value == PL_METRIC_ABSENT)
            continue;
        if (row->labels == NULL)
            pl_buf_printf(buf, "parley_%s %" PRId64 "\n", row->name, value);
        else
            pl_buf_printf(buf, "parley_%s{%s} %" PRId64 "\n", row->name, row->labels[i], value);
    }
}

void pl_metrics_format(const struct pl_metrics_table *table, struct pl_buf *buf)
{
    for (unsigned i = 0; i < table->row_count; i++) {
        const struct pl_metric_row *row = &table->rows[i];
        pl_buf_printf(buf, "# HELP parley_%s %s\n# TYPE parley_%s %s\n", row->name, row->help, row->name, row->type);
        if (row->bounds != NULL)
            format_histogram(table->metrics, row, buf);
        else
            format_samples(table->metrics, row, buf);
    }
}
