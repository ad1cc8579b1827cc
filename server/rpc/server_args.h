/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: core's server with the limits that we want of it. */
#ifndef PL_RPC_SERVER_ARGS_H
#define PL_RPC_SERVER_ARGS_H

#include <grpc/grpc.h>
#include <stddef.h>

/* request_bytes_max: the largest request of any method, which our own check refuses above. */
grpc_server *pl_server_args_create(size_t request_bytes_max);

#endif
