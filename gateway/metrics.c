/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The rows of metrics.def. */
#include "gateway/metrics.h"

const struct pl_metric_row pl_gateway_metric_rows[PL_GATEWAY_METRIC_COUNT] = {
#define PL_METRIC(name, type, help) {#name, #type, help},
#include "gateway/metrics.def"
#undef PL_METRIC
};
