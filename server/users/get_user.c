/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.GetUser. */
#include "parley/v1/user_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"
#include "users/service.h"

static void get_user(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_get_user = {
    .path = "/parley.v1.UserService/GetUser",
    .request_bytes_max = 1024,
    .handle = get_user,
};

struct look_up {
    struct pl_call *call;
    struct pl_user_id user_id;
};

static void get_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetUserRequest *request = (const Parley__V1__GetUserRequest *)message;
    struct look_up *look_up = pl_arena_new(pl_call_arena(call), struct look_up);
    look_up->call = call;
    if (pl_uuid_parse(request->user_id, &look_up->user_id.uuid) != PL_OK) {
        pl_call_fail(call, PL_INVALID_ID, "user_id is not a UUID of 36 characters");
        return;
    }
    struct pl_query *query = pl_server_query(call, on_found, look_up);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USER_GET);
    pl_params_uuid(params, &look_up->user_id.uuid);
    pl_params_uuid(params, &pl_call_principal(call)->app_id.uuid);
    pl_server_submit(call, query);
}

/* A phone number is for its owner and for the app's backend. */
static bool sees_phone_number(const struct pl_principal *principal, const struct pl_user_id *user)
{
    return principal->kind == PL_PRINCIPAL_APP || pl_uuid_equal(&principal->user_id.uuid, &user->uuid);
}

static void on_found(struct pl_query *query, void *context)
{
    const struct look_up *look_up = context;
    struct pl_call *call = look_up->call;
    struct pl_arena *arena = pl_call_arena(call);
    const struct pl_rows *rows = &query->steps[0].rows;
    if (query->status != PL_OK || pl_rows_count(rows) == 0) {
        pl_call_fail(call, query->status != PL_OK ? query->status : PL_USER_NOT_FOUND, NULL);
        return;
    }
    size_t bytes = 0;
    const void *metadata = pl_rows_bytes(rows, 0, 5, &bytes);
    Parley__V1__User *user = (Parley__V1__User *)pl_field_unpack(&parley__v1__user__descriptor, metadata, bytes, arena);
    user->user_id = pl_field_uuid(&look_up->user_id.uuid, arena);
    user->username = (char *)pl_rows_text(rows, 0, 0);
    if (sees_phone_number(pl_call_principal(call), &look_up->user_id))
        user->phone_number = (char *)pl_rows_text(rows, 0, 1);
    user->display_name = (char *)pl_rows_text(rows, 0, 2);
    user->about = (char *)pl_rows_text(rows, 0, 3);
    user->avatar_url = (char *)pl_rows_text(rows, 0, 4);
    user->created_at = pl_field_time(pl_rows_time(rows, 0, 6), arena);
    pl_call_reply(call, &user->base);
}
