/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.ReactivateUser: ends DeactivateUser. */
#include "server.h"
#include "users/service.h"
#include "users/user.h"

static void reactivate_user(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_reactivate_user = {
    .path = "/parley.v1.UserService/ReactivateUser",
    .request_bytes_max = 1024,
    .handle = reactivate_user,
};

static void reactivate_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ReactivateUserRequest *request = (const Parley__V1__ReactivateUserRequest *)message;
    struct pl_user_id user_id;
    if (!pl_user_parse(call, request->user_id, &user_id))
        return;
    struct pl_query *query = pl_server_query(call, pl_user_answer, call);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_REACTIVATE), call, &user_id);
    pl_server_submit(call, query);
}
