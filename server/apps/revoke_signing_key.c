/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * AdminService.RevokeSigningKey: its tokens prove nothing any more. An app is never without a key of Parley's own, so
 * that revoking that one is how it is renewed.
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "apps/own_app.h"
#include "apps/service.h"
#include "apps/signing_key.h"
#include "auth/auth.h"
#include "rpc/fields.h"
#include "server.h"

enum { STEP_REVOKE, STEP_REPLACE };

static void revoke_signing_key(struct pl_call *call, const ProtobufCMessage *message);
static void on_revoked(struct pl_query *query, void *context);

const struct pl_method pl_revoke_signing_key = {
    .path = "/parley.v1.AdminService/RevokeSigningKey",
    .request_bytes_max = 1024,
    .handle = revoke_signing_key,
};

struct revocation {
    struct pl_call *call;
    struct pl_app_id app_id;
    struct pl_key_id key_id;
};

static void add_replacement(const struct revocation *revocation, struct pl_query *query)
{
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SIGNING_KEY_REPLACE);
    struct pl_uuid kid = pl_uuid_v7();
    uint8_t secret[PL_SIGNING_SECRET_BYTES];
    pl_assert(RAND_bytes(secret, sizeof(secret)) == 1);
    pl_params_uuid(params, &kid);
    pl_params_uuid(params, &revocation->app_id.uuid);
    pl_params_bytes(params, secret, sizeof(secret));
    OPENSSL_cleanse(secret, sizeof(secret));
}

static void revoke_signing_key(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__RevokeSigningKeyRequest *request = (const Parley__V1__RevokeSigningKeyRequest *)message;
    struct revocation *revocation = pl_arena_new(pl_call_arena(call), struct revocation);
    revocation->call = call;
    if (!pl_own_app_parse(call, request->app_id, &revocation->app_id))
        return;
    if (!pl_field_take_uuid(call, "key_id", request->key_id, &revocation->key_id.uuid))
        return;
    struct pl_query *query = pl_server_query(call, on_revoked, revocation);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SIGNING_KEY_REVOKE);
    pl_params_uuid(params, &revocation->key_id.uuid);
    pl_params_uuid(params, &revocation->app_id.uuid);
    add_replacement(revocation, query);
    pl_server_submit(call, query);
}

static void on_revoked(struct pl_query *query, void *context)
{
    const struct revocation *revocation = context;
    struct pl_call *call = revocation->call;
    const struct pl_server *server = pl_call_context(call);
    const struct pl_rows *rows = &query->steps[STEP_REVOKE].rows;
    if (query->status != PL_OK) {
        pl_call_fail(call, query->status, NULL);
        return;
    }
    if (pl_rows_count(rows) == 0) {
        pl_call_fail(call, PL_NOT_FOUND, "there is no such signing key of this app");
        return;
    }
    pl_auth_forget_signing_key(server->auth, &revocation->key_id);
    pl_call_reply(call, &pl_signing_key_from_row(rows, 0, &revocation->app_id, pl_call_arena(call))->base);
}
