/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService: users, their devices and tokens. */
#ifndef PL_USERS_SERVICE_H
#define PL_USERS_SERVICE_H

#include "rpc/call.h"

extern const struct pl_method pl_create_user;
extern const struct pl_method pl_get_user;
extern const struct pl_method pl_create_device;
extern const struct pl_method pl_create_token;

#endif
