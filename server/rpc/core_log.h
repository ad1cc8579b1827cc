/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: what gRPC core has to say goes to our log, a few lines a second at most. */
#ifndef PL_RPC_CORE_LOG_H
#define PL_RPC_CORE_LOG_H

#include "base/metrics.h"

/* Lines left out are counted in core_log_suppressed_total of the last metrics given. NULL: counted nowhere. */
void pl_core_log_route(struct pl_metrics *metrics);

#endif
