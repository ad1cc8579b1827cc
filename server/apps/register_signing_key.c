/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.RegisterSigningKey: a key that the app signs its own tokens with. */
#include "apps/own_app.h"
#include "apps/service.h"
#include "apps/signing_key.h"
#include "auth/public_key.h"
#include "base/limits.h"
#include "effect.h"
#include "rpc/fields.h"

static void register_signing_key(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_register_signing_key = {
    .path = "/parley.v1.AdminService/RegisterSigningKey",
    .request_bytes_max = 8192,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .handle = register_signing_key,
};

enum { STEP_APP, STEP_KEY };

struct registration {
    struct pl_call *call;
    const Parley__V1__RegisterSigningKeyRequest *request;
    struct pl_app_id app_id;
    struct pl_key_id key_id;
    enum pl_jwt_algorithm algorithm;
    const uint8_t *der; /* NULL with HS256 */
    size_t der_bytes;
};

/* NULL, or what is wrong with it. */
static const char *take_material(struct registration *registration)
{
    const Parley__V1__RegisterSigningKeyRequest *request = registration->request;
    const char *sentence = NULL;
    if (registration->algorithm == PL_JWT_HS256) {
        if (request->public_key[0] != '\0')
            return "public_key is not for HS256, which has a secret";
        if (request->secret.len < PL_JWT_SECRET_BYTES_MIN || request->secret.len > PL_JWT_SECRET_BYTES_MAX)
            return "secret must be 32 to 64 bytes";
        return NULL;
    }
    if (request->secret.len > 0)
        return "secret is for HS256 only; the other algorithms have a public_key";
    if (pl_public_key_pem_to_der(request->public_key, registration->algorithm, pl_call_arena(registration->call),
                                 &registration->der, &registration->der_bytes, &sentence) != PL_OK)
        return sentence;
    return NULL;
}

static const char *take_request(struct registration *registration)
{
    const Parley__V1__RegisterSigningKeyRequest *request = registration->request;
    if (!pl_field_chars(request->name, 0, PL_NAME_CHARS_MAX))
        return "name must be 0 to 255 characters";
    if (pl_signing_key_algorithm(request->algorithm, &registration->algorithm) != PL_OK)
        return "algorithm must be HS256, ES256, RS256 or EdDSA";
    return take_material(registration);
}

static void insert(struct registration *registration)
{
    const Parley__V1__RegisterSigningKeyRequest *request = registration->request;
    struct pl_query *query = pl_effect_query(registration->call, compose, registration);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_LOCK), &registration->app_id.uuid);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SIGNING_KEY_REGISTER);
    pl_params_uuid(params, &registration->key_id.uuid);
    pl_params_uuid(params, &registration->app_id.uuid);
    pl_params_text(params, request->name);
    pl_params_text(params, pl_jwt_algorithm_name(registration->algorithm));
    pl_params_bytes(params, registration->algorithm == PL_JWT_HS256 ? request->secret.data : NULL, request->secret.len);
    pl_params_bytes(params, registration->der, registration->der_bytes);
    pl_params_int32(params, PL_SIGNING_KEYS_MAX);
    pl_server_submit(registration->call, query);
}

static void register_signing_key(struct pl_call *call, const ProtobufCMessage *message)
{
    struct registration *registration = pl_arena_new(pl_call_arena(call), struct registration);
    registration->call = call;
    registration->request = (const Parley__V1__RegisterSigningKeyRequest *)message;
    registration->key_id.uuid = pl_uuid_v7();
    if (!pl_own_app_parse(call, registration->request->app_id, &registration->app_id))
        return;
    const char *sentence = take_request(registration);
    if (sentence != NULL)
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", sentence);
    else
        insert(registration);
}

static void compose(struct pl_query *query, void *context)
{
    const struct registration *registration = context;
    struct pl_call *call = registration->call;
    const struct pl_rows *rows = &query->steps[STEP_KEY].rows;
    if (pl_rows_count(rows) == 0) {
        bool is_app = pl_rows_count(&query->steps[STEP_APP].rows) > 0;
        pl_effect_refuse(call, is_app ? PL_LIMIT_REACHED : PL_APP_NOT_FOUND);
        return;
    }
    Parley__V1__SigningKey key = PARLEY__V1__SIGNING_KEY__INIT;
    key.key_id = pl_field_uuid(&registration->key_id.uuid, pl_call_arena(call));
    key.app_id = pl_field_uuid(&registration->app_id.uuid, pl_call_arena(call));
    key.name = registration->request->name;
    key.algorithm = registration->request->algorithm;
    key.registered = true;
    key.created_at = pl_field_time(pl_rows_time(rows, 0, 0), pl_call_arena(call));
    pl_effect_reply(call, &key.base);
}
