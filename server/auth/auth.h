/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Finds out who calls: API keys and device tokens against the database, through caches that forget
 * within 5 s, and the scope of the method against who it is. Metadata: x-api-key (an app's key or
 * the operator key), parley-user, authorization.
 */
#ifndef PL_AUTH_AUTH_H
#define PL_AUTH_AUTH_H

#include "auth/token_check.h"
#include "base/config.h"
#include "base/metrics.h"
#include "base/status.h"
#include "db/db.h"
#include "rpc/call.h"

struct pl_auth;

/* Reads the operator key file. PL_INVALID_ARGUMENT with a sentence in error. */
enum pl_status pl_auth_open(const struct pl_config *config, struct pl_db *db, struct pl_metrics *metrics,
                            struct pl_auth **ret_auth, char *error, unsigned error_bytes) PL_MUST_CHECK;
void pl_auth_close(struct pl_auth *auth);
/*
 * For pl_rpc_options.admit: ends in pl_call_admit or pl_call_fail (CREDENTIALS_MISSING,
 * API_KEY_INVALID, TOKEN_INVALID, TOKEN_EXPIRED, DEVICE_REVOKED, USER_DEACTIVATED, ACTING_USER_MISSING,
 * ACTING_USER_REFUSED, USER_NOT_FOUND, INVALID_ID, PERMISSION_DENIED, or what the database says).
 * On the call's loop.
 */
void pl_auth_admit(struct pl_auth *auth, struct pl_call *call);
/* The key was revoked: this node does not wait until its cache forgets. Any thread. */
void pl_auth_forget_signing_key(struct pl_auth *auth, const struct pl_key_id *kid);
/* The same for a device that was revoked. */
void pl_auth_forget_device(struct pl_auth *auth, const struct pl_device_id *device_id);
/* The app's limits are those of PL_QUOTA_COLUMNS in the row, from column on (auth/quota.h). Any thread. */
void pl_auth_limit_app(struct pl_auth *auth, const struct pl_app_id *app_id, const struct pl_rows *rows, int row,
                       int column);

#endif
