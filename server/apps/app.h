/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* An app and its API keys between their rows and the API. */
#ifndef PL_APPS_APP_H
#define PL_APPS_APP_H

#include "auth/quota.h"
#include "db/db.h"
#include "parley/v1/admin_service.pb-c.h"
#include "rpc/call.h"

/* A row of PL_APP_COLUMNS; borrows texts from rows. */
Parley__V1__App *pl_app_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena);
/* The limits of a second that a request says, PL_QUOTAS_OF_APP of them, in the order of enum pl_quota. */
#define PL_APP_LIMITS_OF(request)                                                                                      \
    {                                                                                                                  \
        (request)->user_messages_per_second, (request)->user_bytes_per_second, (request)->user_creates_per_second,     \
            (request)->app_messages_per_second, (request)->app_bytes_per_second, (request)->app_creates_per_second     \
    }
/* What is wrong with those of them whose bits are set, or NULL. */
const char *pl_app_limits_fault(const int32_t *limits, uint32_t bits);
/* done of a query of one step, context its call: answers with its app, APP_NOT_FOUND, or the failure. Its limits are
 * in force on this node from now on. */
void pl_app_answer(struct pl_query *query, void *context);

/* A row of PL_API_KEY_COLUMNS; borrows texts from rows. */
Parley__V1__ApiKey *pl_app_key_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena);
/* The API key that a request names by its app and its own id. False when the call has failed, see pl_own_app_parse. */
struct pl_app_key {
    struct pl_app_id app_id;
    struct pl_key_id key_id;
};
bool pl_app_key_parse(struct pl_call *call, const char *app_id, const char *key_id, struct pl_app_key *ret_key);
/* The statement's first two parameters. */
void pl_app_key_put(struct pl_params *params, const struct pl_app_key *key);

#endif
