/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.RotateApiKey: a new secret for a key; the one before stays good for a while. */
#include "apps/app.h"
#include "apps/service.h"
#include "auth/api_key.h"
#include "base/limits.h"
#include "effect.h"

static void rotate_api_key(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_rotate_api_key = {
    .path = "/parley.v1.AdminService/RotateApiKey",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .has_secret = true,
    .handle = rotate_api_key,
};

struct rotation {
    struct pl_call *call;
    char *secret;
};

static void rotate_api_key(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__RotateApiKeyRequest *request = (const Parley__V1__RotateApiKeyRequest *)message;
    struct pl_app_key key;
    uint8_t hash[PL_API_KEY_HASH_BYTES];
    if (!pl_app_key_parse(call, request->app_id, request->key_id, &key))
        return;
    if (request->grace_seconds < 0 || request->grace_seconds > PL_KEY_GRACE_S_MAX) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "grace_seconds must be 0 to %d", PL_KEY_GRACE_S_MAX);
        return;
    }
    struct rotation *rotation = pl_arena_new(pl_call_arena(call), struct rotation);
    *rotation = (struct rotation){.call = call, .secret = pl_api_key_generate(pl_call_arena(call))};
    pl_api_key_hash(rotation->secret, hash);
    struct pl_query *query = pl_effect_query(call, compose, rotation);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_API_KEY_ROTATE);
    pl_app_key_put(params, &key);
    pl_params_bytes(params, hash, sizeof(hash));
    pl_params_int32(params, request->grace_seconds);
    pl_server_submit(call, query);
}

static void compose(struct pl_query *query, void *context)
{
    const struct rotation *rotation = context;
    const struct pl_rows *rows = &query->steps[0].rows;
    if (pl_rows_count(rows) == 0) {
        pl_effect_refuse(rotation->call, PL_API_KEY_NOT_FOUND);
        return;
    }
    Parley__V1__RotateApiKeyResponse response = PARLEY__V1__ROTATE_API_KEY_RESPONSE__INIT;
    response.api_key = pl_app_key_from_row(rows, 0, pl_call_arena(rotation->call));
    response.secret = rotation->secret;
    pl_effect_reply(rotation->call, &response.base);
}
