/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.CreateApiKey: a key whose secret is in this answer only. */
#include "apps/own_app.h"
#include "apps/service.h"
#include "auth/api_key.h"
#include "base/limits.h"
#include "effect.h"
#include "parley/v1/admin_service.pb-c.h"
#include "rpc/fields.h"

static void create_api_key(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_create_api_key = {
    .path = "/parley.v1.AdminService/CreateApiKey",
    .request_bytes_max = 4096,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .has_secret = true,
    .handle = create_api_key,
};

enum { STEP_APP, STEP_KEY };

struct creation {
    struct pl_call *call;
    struct pl_key_id key_id;
    struct pl_app_id app_id;
    const char *name;
    char *secret;
};

static void insert(struct creation *creation)
{
    struct pl_call *call = creation->call;
    uint8_t hash[PL_API_KEY_HASH_BYTES];
    pl_api_key_hash(creation->secret, hash);
    struct pl_query *query = pl_effect_query(call, compose, creation);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_LOCK), &creation->app_id.uuid);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_API_KEY_INSERT);
    pl_params_uuid(params, &creation->key_id.uuid);
    pl_params_uuid(params, &creation->app_id.uuid);
    pl_params_text(params, creation->name);
    pl_params_bytes(params, hash, sizeof(hash));
    pl_params_int32(params, PL_API_KEYS_MAX);
    pl_server_submit(call, query);
}

static void create_api_key(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__CreateApiKeyRequest *request = (const Parley__V1__CreateApiKeyRequest *)message;
    struct creation *creation = pl_arena_new(pl_call_arena(call), struct creation);
    if (!pl_own_app_parse(call, request->app_id, &creation->app_id))
        return;
    if (!pl_field_chars(request->name, 0, PL_NAME_CHARS_MAX)) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "name must be 0 to 255 characters");
        return;
    }
    creation->call = call;
    creation->key_id.uuid = pl_uuid_v7();
    creation->name = request->name;
    creation->secret = pl_api_key_generate(pl_call_arena(call));
    insert(creation);
}

static void compose(struct pl_query *query, void *context)
{
    const struct creation *creation = context;
    struct pl_call *call = creation->call;
    const struct pl_rows *rows = &query->steps[STEP_KEY].rows;
    if (pl_rows_count(rows) == 0) {
        bool is_app = pl_rows_count(&query->steps[STEP_APP].rows) > 0;
        pl_effect_refuse(call, is_app ? PL_LIMIT_REACHED : PL_APP_NOT_FOUND);
        return;
    }
    Parley__V1__ApiKey key = PARLEY__V1__API_KEY__INIT;
    key.key_id = pl_field_uuid(&creation->key_id.uuid, pl_call_arena(call));
    key.app_id = pl_field_uuid(&creation->app_id.uuid, pl_call_arena(call));
    key.name = (char *)creation->name;
    key.created_at = pl_field_time(pl_rows_time(rows, 0, 0), pl_call_arena(call));
    Parley__V1__CreateApiKeyResponse response = PARLEY__V1__CREATE_API_KEY_RESPONSE__INIT;
    response.api_key = &key;
    response.secret = creation->secret;
    pl_effect_reply(call, &response.base);
}
