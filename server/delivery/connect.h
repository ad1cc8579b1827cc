/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* StreamService.Connect, the live stream of a device, and SyncService.Sync, which stands in for one. */
#ifndef PL_DELIVERY_CONNECT_H
#define PL_DELIVERY_CONNECT_H

#include "rpc/call.h"

extern const struct pl_method pl_connect;
extern const struct pl_method pl_sync;

#endif
