/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.GetUser. */
#include "rpc/fields.h"
#include "server.h"
#include "users/service.h"
#include "users/user.h"

static void get_user(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_get_user = {
    .path = "/parley.v1.UserService/GetUser",
    .request_bytes_max = 1024,
    .handle = get_user,
};

static void get_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetUserRequest *request = (const Parley__V1__GetUserRequest *)message;
    struct pl_user_id user_id;
    if (!pl_field_take_uuid(call, "user_id", request->user_id, &user_id.uuid))
        return;
    struct pl_query *query = pl_server_query(call, pl_user_answer, call);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_GET), call, &user_id);
    pl_server_submit(call, query);
}
