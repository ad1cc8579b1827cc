/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The metrics of parley-gateway, for base/metrics.h. */
#ifndef PL_GATEWAY_METRICS_H
#define PL_GATEWAY_METRICS_H

#include "base/metrics.h"

enum pl_gateway_metric {
#define PL_METRIC(name, type, help) PL_METRIC_##name,
#include "gateway/metrics.def"
#undef PL_METRIC
    PL_GATEWAY_METRIC_COUNT
};
_Static_assert(PL_GATEWAY_METRIC_COUNT <= PL_METRICS_MAX, "struct pl_metrics has a place for each row");
extern const struct pl_metric_row pl_gateway_metric_rows[PL_GATEWAY_METRIC_COUNT];

#endif
