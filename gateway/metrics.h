/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The metrics of parley-gateway, for base/metrics.h. */
#ifndef PL_GATEWAY_METRICS_H
#define PL_GATEWAY_METRICS_H

#include "base/metrics.h"

/* The class of an HTTP status: 2xx, 3xx, 4xx, 5xx. */
enum pl_http_class { PL_HTTP_2XX, PL_HTTP_3XX, PL_HTTP_4XX, PL_HTTP_5XX, PL_HTTP_CLASS_COUNT };

/* What became of a call that parleyd did not answer. */
enum pl_upstream_failure {
    PL_UPSTREAM_UNREACHABLE, /* it was not sent */
    PL_UPSTREAM_BROKEN,      /* the connection broke before the answer */
    PL_UPSTREAM_LATE,        /* no answer within upstream_deadline_ms */
    PL_UPSTREAM_BAD_REPLY,   /* the answer was none */
    PL_UPSTREAM_FAILURE_COUNT
};

#define PL_LABELS_http_class PL_HTTP_CLASS_COUNT
#define PL_LABELS_upstream_failure PL_UPSTREAM_FAILURE_COUNT
extern const char *const pl_labels_http_class[PL_LABELS_http_class];
extern const char *const pl_labels_upstream_failure[PL_LABELS_upstream_failure];

/* http_status: 200 to 599. */
static inline enum pl_http_class pl_http_class_of(unsigned http_status)
{
    return (enum pl_http_class)(http_status / 100 - 2);
}

enum pl_gateway_metric {
#define PL_METRIC PL_METRIC_PLACE
#define PL_METRIC_BY PL_METRIC_BY_PLACE
#define PL_HISTOGRAM PL_HISTOGRAM_PLACE
#include "gateway/metrics.def"
#undef PL_METRIC
#undef PL_METRIC_BY
#undef PL_HISTOGRAM
    PL_GATEWAY_METRIC_COUNT
};
_Static_assert(PL_GATEWAY_METRIC_COUNT <= PL_METRICS_MAX, "struct pl_metrics has a place for each sample");

enum {
#define PL_METRIC(name, type, help) +1
#define PL_METRIC_BY(name, type, labels, help) +1
#define PL_HISTOGRAM(name, bounds, help) +1
    PL_GATEWAY_METRIC_ROW_COUNT = 0
#include "gateway/metrics.def"
#undef PL_METRIC
#undef PL_METRIC_BY
#undef PL_HISTOGRAM
};
extern const struct pl_metric_row pl_gateway_metric_rows[PL_GATEWAY_METRIC_ROW_COUNT];

#endif
