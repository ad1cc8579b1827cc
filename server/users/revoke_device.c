/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.RevokeDevice. */
#include "auth/auth.h"
#include "server.h"
#include "users/device.h"
#include "users/service.h"

static void revoke_device(struct pl_call *call, const ProtobufCMessage *message);
static void on_revoked(struct pl_query *query, void *context);

const struct pl_method pl_revoke_device = {
    .path = "/parley.v1.UserService/RevokeDevice",
    .request_bytes_max = 1024,
    .handle = revoke_device,
};

static void revoke_device(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__RevokeDeviceRequest *request = (const Parley__V1__RevokeDeviceRequest *)message;
    struct pl_device_key key;
    if (!pl_device_parse(call, request->user_id, request->device_id, &key))
        return;
    struct pl_query *query = pl_server_query(call, on_revoked, call);
    pl_device_put_key(pl_query_add(query, PL_STATEMENT_DEVICE_REVOKE), call, &key);
    pl_server_submit(call, query);
}

static void on_revoked(struct pl_query *query, void *context)
{
    const struct pl_server *server = pl_call_context(context);
    const struct pl_rows *rows = &query->steps[0].rows;
    if (query->status == PL_OK && pl_rows_count(rows) > 0)
        pl_auth_forget_device(server->auth, &(struct pl_device_id){pl_rows_uuid(rows, 0, 0)});
    pl_device_answer(query, context);
}
