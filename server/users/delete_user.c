/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * UserService.DeleteUser. First, in one transaction, what names the user is freed, what opens doors is revoked, and an
 * empty row stays; from then on nobody can add the user to anything. Then the user leaves all groups. A call that ends
 * in between is repeated: the first part finds nothing to do, and the second goes on.
 */
#include "chats/leave_groups.h"
#include "server.h"
#include "users/service.h"
#include "users/user.h"

static void delete_user(struct pl_call *call, const ProtobufCMessage *message);
static void on_deleted(struct pl_query *query, void *context);
static void reply(struct pl_call *call);

const struct pl_method pl_delete_user = {
    .path = "/parley.v1.UserService/DeleteUser",
    .request_bytes_max = 1024,
    .handle = delete_user,
};

struct deletion {
    struct pl_call *call;
    struct pl_user_id user_id;
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
    struct deletion *deletion = pl_arena_new(pl_call_arena(call), struct deletion);
    deletion->call = call;
    const struct pl_user_id *user = &deletion->user_id;
    if (!pl_user_parse(call, request->user_id, &deletion->user_id))
        return;
    struct pl_query *query = pl_server_query(call, on_deleted, deletion);
    add(query, call, PL_STATEMENT_USER_LOCK, user);
    pl_params_text(add(query, call, PL_STATEMENT_USERNAME_RELEASE, user), "");
    pl_params_text(add(query, call, PL_STATEMENT_PHONE_NUMBER_RELEASE, user), "");
    add(query, call, PL_STATEMENT_DEVICES_REVOKE, user);
    add(query, call, PL_STATEMENT_BLOCKS_FORGET, user);
    add(query, call, PL_STATEMENT_LAST_SEEN_FORGET, user);
    add(query, call, PL_STATEMENT_USER_DELETE, user);
    pl_server_submit(call, query);
}

static void on_deleted(struct pl_query *query, void *context)
{
    const struct deletion *deletion = context;
    if (query->status != PL_OK)
        pl_call_fail(deletion->call, query->status, NULL);
    else if (pl_rows_count(&query->steps[query->count - 1].rows) == 0)
        pl_call_fail(deletion->call, PL_USER_NOT_FOUND, NULL);
    else
        pl_leave_groups(deletion->call, deletion->user_id, reply);
}

static void reply(struct pl_call *call)
{
    Parley__V1__DeleteUserResponse response = PARLEY__V1__DELETE_USER_RESPONSE__INIT;
    pl_call_reply(call, &response.base);
}
