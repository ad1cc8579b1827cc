/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.RevokeDevice. */
#include "auth/auth.h"
#include "delivery/account.h"
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

struct revocation {
    struct pl_call *call;
    struct pl_device_key key;
};

static void revoke_device(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__RevokeDeviceRequest *request = (const Parley__V1__RevokeDeviceRequest *)message;
    struct revocation *revocation = pl_arena_new(pl_call_arena(call), struct revocation);
    revocation->call = call;
    if (!pl_device_parse(call, request->user_id, request->device_id, &revocation->key))
        return;
    struct pl_query *query = pl_server_query(call, on_revoked, revocation);
    pl_device_put_key(pl_query_add(query, PL_STATEMENT_DEVICE_REVOKE), call, &revocation->key);
    pl_server_submit(call, query);
}

/* Whoever was told OUTCOME_UNKNOWN revokes again, and then the user is told if not before. */
static void tell_user(const struct revocation *revocation)
{
    const struct pl_server *server = pl_call_context(revocation->call);
    pl_auth_forget_device(server->auth, &revocation->key.device_id);
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = pl_call_principal(revocation->call)->app_id,
                                     .event = PL_ACCOUNT_DEVICE_REVOKED,
                                     .subject = revocation->key.device_id.uuid,
                                     .users = &revocation->key.user_id,
                                     .count = 1,
                                 });
}

static void on_revoked(struct pl_query *query, void *context)
{
    const struct revocation *revocation = context;
    if (query->status == PL_OK && pl_rows_count(&query->steps[0].rows) > 0)
        tell_user(revocation);
    pl_device_answer(query, revocation->call);
}
