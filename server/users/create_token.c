/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.CreateToken: a device token, signed with the newest key of the app. */
#include <openssl/crypto.h>
#include <string.h>

#include "auth/jwt.h"
#include "base/clock.h"
#include "base/limits.h"
#include "effect.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/fields.h"
#include "users/service.h"

#define US_PER_S 1000000
#define COLUMN_DEACTIVATED 2

static void create_token(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_create_token = {
    .path = "/parley.v1.UserService/CreateToken",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .has_secret = true,
    .handle = create_token,
};

struct minting {
    struct pl_call *call;
    struct pl_user_id user_id;
    struct pl_device_id device_id;
    int64_t ttl_s;
};

static enum pl_status take_ids(const Parley__V1__CreateTokenRequest *request, struct minting *minting)
{
    enum pl_status status = pl_uuid_parse(request->user_id, &minting->user_id.uuid);
    return status != PL_OK ? status : pl_uuid_parse(request->device_id, &minting->device_id.uuid);
}

static void create_token(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__CreateTokenRequest *request = (const Parley__V1__CreateTokenRequest *)message;
    struct minting *minting = pl_arena_new(pl_call_arena(call), struct minting);
    minting->call = call;
    minting->ttl_s = request->ttl_seconds == 0 ? PL_TOKEN_LIFE_S_MAX : request->ttl_seconds;
    if (take_ids(request, minting) != PL_OK) {
        pl_call_fail(call, PL_INVALID_ID, "user_id and device_id must be UUIDs of 36 characters");
        return;
    }
    if (minting->ttl_s < PL_TOKEN_LIFE_S_MIN || minting->ttl_s > PL_TOKEN_LIFE_S_MAX) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "ttl_seconds must be %d to %d, or 0", PL_TOKEN_LIFE_S_MIN,
                     PL_TOKEN_LIFE_S_MAX);
        return;
    }
    struct pl_query *query = pl_effect_query(call, compose, minting);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_TOKEN_KEY_GET);
    pl_params_uuid(params, &minting->user_id.uuid);
    pl_params_uuid(params, &minting->device_id.uuid);
    pl_params_uuid(params, &pl_call_principal(call)->app_id.uuid);
    pl_server_submit(call, query);
}

static void read_key(const struct pl_rows *rows, struct pl_app_id app, struct pl_jwt_key *key)
{
    *key = (struct pl_jwt_key){.kid = {pl_rows_uuid(rows, 0, 0)}, .app_id = app, .algorithm = PL_JWT_HS256};
    const void *secret = pl_rows_bytes(rows, 0, 1, &key->secret_bytes);
    pl_assert(key->secret_bytes <= sizeof(key->secret));
    memcpy(key->secret, secret, key->secret_bytes);
}

static void compose(struct pl_query *query, void *context)
{
    const struct minting *minting = context;
    struct pl_call *call = minting->call;
    const struct pl_rows *rows = &query->steps[0].rows;
    if (pl_rows_count(rows) == 0 || pl_rows_bool(rows, 0, COLUMN_DEACTIVATED)) {
        pl_effect_refuse(call, pl_rows_count(rows) == 0 ? PL_DEVICE_NOT_FOUND : PL_USER_DEACTIVATED);
        return;
    }
    struct pl_jwt_key key;
    read_key(rows, pl_call_principal(call)->app_id, &key);
    int64_t now_s = pl_clock_wall_us() / US_PER_S;
    struct pl_jwt_claims claims = {
        .app_id = key.app_id,
        .user_id = minting->user_id,
        .device_id = minting->device_id,
        .issued_at_s = now_s,
        .expires_at_s = now_s + minting->ttl_s,
    };
    Parley__V1__CreateTokenResponse response = PARLEY__V1__CREATE_TOKEN_RESPONSE__INIT;
    response.token = pl_jwt_mint(&key, &claims, pl_call_arena(call));
    response.expires_at = pl_field_time(claims.expires_at_s * US_PER_S, pl_call_arena(call));
    pl_effect_reply(call, &response.base);
    OPENSSL_cleanse(&key, sizeof(key));
}
