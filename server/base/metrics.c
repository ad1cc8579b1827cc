/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One sample for each row of metrics.def, in its order, with the prefix parley_. */
#include <inttypes.h>

#include "base/metrics.h"

struct metric_row {
    const char *name;
    const char *type;
    const char *help;
};

static const struct metric_row metric_rows[PL_METRIC_COUNT] = {
#define PL_METRIC(name, type, help) {#name, #type, help},
#include "base/metrics.def"
#undef PL_METRIC
};

void pl_metrics_format(const struct pl_metrics *metrics, struct pl_buf *buf)
{
    for (unsigned i = 0; i < PL_METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_rows[i];
        pl_buf_printf(buf, "# HELP parley_%s %s\n# TYPE parley_%s %s\nparley_%s %" PRId64 "\n", row->name, row->help,
                      row->name, row->type, row->name, pl_metrics_get(metrics, (enum pl_metric)i));
    }
}
