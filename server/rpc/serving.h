/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: which methods a server offers, and asking core for calls of them. */
#ifndef PL_RPC_SERVING_H
#define PL_RPC_SERVING_H

#include "rpc/rpc_state.h"

/* Makes rpc->served of the options and the builtins, and registers all with core. Asserts that the table is whole. */
void pl_serving_init(struct pl_rpc *rpc);
void pl_serving_fini(struct pl_rpc *rpc);
/* Asks core for calls: several of each method on each polling queue. */
void pl_serving_arm(struct pl_rpc *rpc);
/* The largest request of any method. */
size_t pl_serving_request_bytes_max(const struct pl_rpc_options *options);

#endif
