/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One reading of the rows and ids of apps and API keys, for every method that takes or answers them. */
#include "apps/app.h"

#include "apps/own_app.h"
#include "auth/auth.h"
#include "base/limits.h"
#include "rpc/fields.h"
#include "server.h"

#define LIMIT_MAX 1000000000

/* The column of a row of PL_APP_COLUMNS that PL_QUOTA_COLUMNS begin at. */
enum { COLUMN_LIMITS = 6 };

Parley__V1__App *pl_app_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    Parley__V1__App *app = pl_arena_new(arena, Parley__V1__App);
    struct pl_uuid app_id = pl_rows_uuid(rows, row, 0);
    parley__v1__app__init(app);
    app->app_id = pl_field_uuid(&app_id, arena);
    app->name = (char *)pl_rows_text(rows, row, 1);
    app->created_at = pl_field_time(pl_rows_time(rows, row, 2), arena);
    app->max_group_members = (int32_t)pl_rows_int(rows, row, 3);
    app->retention_days = (int32_t)pl_rows_int(rows, row, 4);
    app->retention_until_delivered = pl_rows_bool(rows, row, 5);
    app->user_messages_per_second = (int32_t)pl_rows_int(rows, row, COLUMN_LIMITS + PL_QUOTA_USER_MESSAGES);
    app->user_bytes_per_second = (int32_t)pl_rows_int(rows, row, COLUMN_LIMITS + PL_QUOTA_USER_BYTES);
    app->user_creates_per_second = (int32_t)pl_rows_int(rows, row, COLUMN_LIMITS + PL_QUOTA_USER_CREATES);
    app->app_messages_per_second = (int32_t)pl_rows_int(rows, row, COLUMN_LIMITS + PL_QUOTA_APP_MESSAGES);
    app->app_bytes_per_second = (int32_t)pl_rows_int(rows, row, COLUMN_LIMITS + PL_QUOTA_APP_BYTES);
    app->app_creates_per_second = (int32_t)pl_rows_int(rows, row, COLUMN_LIMITS + PL_QUOTA_APP_CREATES);
    return app;
}

const char *pl_app_limits_fault(const int32_t *limits, uint32_t bits)
{
    static const char *const faults[] = {
#define PL_QUOTA(name, key, unit, meaning, sentence) key "_per_second must be -1 to 1000000000",
#include "quotas.def"
#undef PL_QUOTA
    };
    for (unsigned i = 0; i < PL_QUOTAS_OF_APP; i++)
        if ((bits & 1U << i) != 0 && (limits[i] < -1 || limits[i] > LIMIT_MAX))
            return faults[i];
    return NULL;
}

void pl_app_answer(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    const struct pl_server *server = pl_call_context(call);
    const struct pl_rows *rows = pl_server_rows(call, query, 0, PL_APP_NOT_FOUND);
    if (rows == NULL)
        return;
    struct pl_app_id app_id = {pl_rows_uuid(rows, 0, 0)};
    pl_auth_limit_app(server->auth, &app_id, rows, 0, COLUMN_LIMITS);
    pl_call_reply(call, &pl_app_from_row(rows, 0, pl_call_arena(call))->base);
}

Parley__V1__ApiKey *pl_app_key_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    Parley__V1__ApiKey *key = pl_arena_new(arena, Parley__V1__ApiKey);
    struct pl_uuid key_id = pl_rows_uuid(rows, row, 0);
    struct pl_uuid app_id = pl_rows_uuid(rows, row, 1);
    parley__v1__api_key__init(key);
    key->key_id = pl_field_uuid(&key_id, arena);
    key->app_id = pl_field_uuid(&app_id, arena);
    key->name = (char *)pl_rows_text(rows, row, 2);
    key->created_at = pl_field_time(pl_rows_time(rows, row, 3), arena);
    key->revoked_at = pl_field_time(pl_rows_time(rows, row, 4), arena);
    key->previous_secret_until = pl_field_time(pl_rows_time(rows, row, 5), arena);
    return key;
}

bool pl_app_key_parse(struct pl_call *call, const char *app_id, const char *key_id, struct pl_app_key *ret_key)
{
    if (!pl_own_app_parse(call, app_id, &ret_key->app_id))
        return false;
    return pl_field_take_uuid(call, "key_id", key_id, &ret_key->key_id.uuid);
}

void pl_app_key_put(struct pl_params *params, const struct pl_app_key *key)
{
    pl_params_uuid(params, &key->app_id.uuid);
    pl_params_uuid(params, &key->key_id.uuid);
}
