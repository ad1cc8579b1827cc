/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: which methods a server offers. */
#ifndef PL_RPC_SERVING_H
#define PL_RPC_SERVING_H

#include "rpc/rpc_state.h"

/* Makes rpc->served of the options and the builtins. Asserts that the table is whole. */
void pl_serving_init(struct pl_rpc *rpc);
void pl_serving_fini(struct pl_rpc *rpc);
/* rpc->unknown for what is not served, and for NULL. Any thread. */
const struct pl_served *pl_serving_find(const struct pl_rpc *rpc, const char *path);
/* The largest request of any method. */
size_t pl_serving_request_bytes_max(const struct pl_rpc_options *options);

#endif
