/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService: apps and their credentials. */
#ifndef PL_APPS_SERVICE_H
#define PL_APPS_SERVICE_H

#include "rpc/call.h"

extern const struct pl_method pl_create_app;
extern const struct pl_method pl_get_app;
extern const struct pl_method pl_update_app;
extern const struct pl_method pl_create_api_key;
extern const struct pl_method pl_list_api_keys;
extern const struct pl_method pl_rotate_api_key;
extern const struct pl_method pl_revoke_api_key;
extern const struct pl_method pl_register_signing_key;
extern const struct pl_method pl_list_signing_keys;
extern const struct pl_method pl_revoke_signing_key;

#endif
