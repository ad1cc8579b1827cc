/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService: users, their devices and tokens. */
#ifndef PL_USERS_SERVICE_H
#define PL_USERS_SERVICE_H

#include "rpc/call.h"

/* Of LookupUsers by devices; see base/buckets.h. */
#define PL_LOOKUPS_PER_HOUR 500
#define PL_LOOKUP_USERS_MAX 65536
#define PL_LOOKUP_SHARDS 16

extern const struct pl_method pl_create_user;
extern const struct pl_method pl_get_user;
extern const struct pl_method pl_list_users;
extern const struct pl_method pl_update_user;
extern const struct pl_method pl_deactivate_user;
extern const struct pl_method pl_reactivate_user;
extern const struct pl_method pl_delete_user;
extern const struct pl_method pl_lookup_users;
extern const struct pl_method pl_create_device;
extern const struct pl_method pl_list_devices;
extern const struct pl_method pl_update_device;
extern const struct pl_method pl_revoke_device;
extern const struct pl_method pl_block_user;
extern const struct pl_method pl_unblock_user;
extern const struct pl_method pl_list_blocked_users;
extern const struct pl_method pl_create_token;
extern const struct pl_method pl_get_presence;

#endif
