/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: grpc.health.v1, see served.h for its methods. */
#ifndef PL_RPC_HEALTH_H
#define PL_RPC_HEALTH_H

#include "rpc/rpc_state.h"

/* On the home's thread, as a task: tells the watchers of this home what is served now. */
void pl_health_tell(struct pl_task *task);

#endif
