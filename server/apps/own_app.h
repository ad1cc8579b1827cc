/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The app that a request of AdminService names: any for the operator, its own for an API key. */
#ifndef PL_APPS_OWN_APP_H
#define PL_APPS_OWN_APP_H

#include "base/uuid.h"
#include "rpc/call.h"

/* False when the call has failed: INVALID_ID, or PERMISSION_DENIED whether there is such an app or not. */
bool pl_own_app_parse(struct pl_call *call, const char *text, struct pl_app_id *ret_app_id);

#endif
