/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The rows of metrics.def, and their labels. */
#include "gateway/metrics.h"

const char *const pl_labels_http_class[PL_LABELS_http_class] = {
    [PL_HTTP_2XX] = "class=\"2xx\"",
    [PL_HTTP_3XX] = "class=\"3xx\"",
    [PL_HTTP_4XX] = "class=\"4xx\"",
    [PL_HTTP_5XX] = "class=\"5xx\"",
};

const char *const pl_labels_upstream_failure[PL_LABELS_upstream_failure] = {
    [PL_UPSTREAM_UNREACHABLE] = "kind=\"unreachable\"",
    [PL_UPSTREAM_BROKEN] = "kind=\"broken\"",
    [PL_UPSTREAM_LATE] = "kind=\"late\"",
    [PL_UPSTREAM_BAD_REPLY] = "kind=\"bad_reply\"",
};

const struct pl_metric_row pl_gateway_metric_rows[PL_GATEWAY_METRIC_ROW_COUNT] = {
#define PL_METRIC PL_METRIC_ROW
#define PL_METRIC_BY PL_METRIC_BY_ROW
#define PL_HISTOGRAM PL_HISTOGRAM_ROW
#include "gateway/metrics.def"
#undef PL_METRIC
#undef PL_METRIC_BY
#undef PL_HISTOGRAM
};
