/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.RevokeApiKey: neither its secret nor the one before opens anything any more. */
#include "apps/app.h"
#include "apps/service.h"
#include "server.h"

static void revoke_api_key(struct pl_call *call, const ProtobufCMessage *message);
static void on_revoked(struct pl_query *query, void *context);

const struct pl_method pl_revoke_api_key = {
    .path = "/parley.v1.AdminService/RevokeApiKey",
    .request_bytes_max = 1024,
    .handle = revoke_api_key,
};

static void revoke_api_key(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__RevokeApiKeyRequest *request = (const Parley__V1__RevokeApiKeyRequest *)message;
    struct pl_app_key key;
    if (!pl_app_key_parse(call, request->app_id, request->key_id, &key))
        return;
    struct pl_query *query = pl_server_query(call, on_revoked, call);
    pl_app_key_put(pl_query_add(query, PL_STATEMENT_API_KEY_REVOKE), &key);
    pl_server_submit(call, query);
}

static void on_revoked(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    const struct pl_rows *rows = pl_server_rows(call, query, 0, PL_API_KEY_NOT_FOUND);
    if (rows != NULL)
        pl_call_reply(call, &pl_app_key_from_row(rows, 0, pl_call_arena(call))->base);
}
