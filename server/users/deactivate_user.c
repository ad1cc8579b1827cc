/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.DeactivateUser: keeps a user out until ReactivateUser. */
#include "server.h"
#include "users/service.h"
#include "users/user.h"

static void deactivate_user(struct pl_call *call, const ProtobufCMessage *message);

const struct pl_method pl_deactivate_user = {
    .path = "/parley.v1.UserService/DeactivateUser",
    .request_bytes_max = 1024,
    .handle = deactivate_user,
};

static void deactivate_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__DeactivateUserRequest *request = (const Parley__V1__DeactivateUserRequest *)message;
    struct pl_user_id user_id;
    if (!pl_user_parse(call, request->user_id, &user_id))
        return;
    struct pl_query *query = pl_server_query(call, pl_user_answer, call);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_DEACTIVATE), call, &user_id);
    pl_server_submit(call, query);
}
