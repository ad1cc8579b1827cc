/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* SyncService: what a client has missed. */
#ifndef PL_SYNC_SERVICE_H
#define PL_SYNC_SERVICE_H

#include "rpc/call.h"

extern const struct pl_method pl_ack_sync;
extern const struct pl_method pl_list_heads;

#endif
