/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.DeleteUser: what names the user is freed, what opens doors is revoked, and an empty row stays. */
#include "server.h"
#include "users/service.h"
#include "users/user.h"

static void delete_user(struct pl_call *call, const ProtobufCMessage *message);
static void on_deleted(struct pl_query *query, void *context);

const struct pl_method pl_delete_user = {
    .path = "/parley.v1.UserService/DeleteUser",
    .request_bytes_max = 1024,
    .handle = delete_user,
};

static struct pl_params *add(struct pl_query *query, struct pl_call *call, enum pl_statement statement,
                             const struct pl_user_id *user)
{
    struct pl_params *params = pl_query_add(query, statement);
    pl_user_put_key(params, call, user);
    return params;
}

static void delete_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__DeleteUserRequest *request = (const Parley__V1__DeleteUserRequest *)message;
    struct pl_user_id user_id;
    if (!pl_user_parse(call, request->user_id, &user_id))
        return;
    struct pl_query *query = pl_server_query(call, on_deleted, call);
    add(query, call, PL_STATEMENT_USER_LOCK, &user_id);
    pl_params_text(add(query, call, PL_STATEMENT_USERNAME_RELEASE, &user_id), "");
    pl_params_text(add(query, call, PL_STATEMENT_PHONE_NUMBER_RELEASE, &user_id), "");
    add(query, call, PL_STATEMENT_DEVICES_REVOKE, &user_id);
    add(query, call, PL_STATEMENT_USER_DELETE, &user_id);
    pl_server_submit(call, query);
}

static void on_deleted(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    if (query->status != PL_OK || pl_rows_count(&query->steps[query->count - 1].rows) == 0) {
        pl_call_fail(call, query->status != PL_OK ? query->status : PL_USER_NOT_FOUND, NULL);
        return;
    }
    Parley__V1__DeleteUserResponse response = PARLEY__V1__DELETE_USER_RESPONSE__INIT;
    pl_call_reply(call, &response.base);
}
