/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One sample for each row of a table, in its order, with the prefix parley_. */
#include <inttypes.h>

#include "base/metrics.h"

const struct pl_metric_row pl_metric_rows[PL_METRIC_COUNT] = {
#define PL_METRIC(name, type, help) {#name, #type, help},
#include "base/metrics.def"
#undef PL_METRIC
};

void pl_metrics_format(const struct pl_metrics_table *table, struct pl_buf *buf)
{
    for (unsigned i = 0; i < table->count; i++) {
        const struct pl_metric_row *row = &table->rows[i];
        pl_buf_printf(buf, "# HELP parley_%s %s\n# TYPE parley_%s %s\nparley_%s %" PRId64 "\n", row->name, row->help,
                      row->name, row->type, row->name, pl_metrics_get(table->metrics, i));
    }
}
