/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: calls with one request and one reply, and those of methods that do not exist. */
#ifndef PL_RPC_UNARY_H
#define PL_RPC_UNARY_H

#include "rpc/queue_loop.h"
#include "rpc/served.h"

/* Asks core for one call of the method on the loop's queue; it asks again by itself when it gets one. On the loop's
 * thread. */
void pl_unary_arm(const struct pl_served *served, struct pl_queue_loop *home);

#endif
