/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: starting gRPC core as this process wants it. */
#ifndef PL_RPC_CORE_START_H
#define PL_RPC_CORE_START_H

/* grpc_init, with abseil's lock-order detection off and small buffers. Counted: one grpc_shutdown for each. Before
 * threads that read the environment. */
void pl_core_start(void);

#endif
