/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.CreateUser: a user and the claims on username and phone number, together. */
#include "effect.h"
#include "rpc/fields.h"
#include "users/service.h"
#include "users/user.h"

#define STEP_USER 2

static void create_user(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_create_user = {
    .path = "/parley.v1.UserService/CreateUser",
    .request_bytes_max = 32768,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .handle = create_user,
};

struct creation {
    struct pl_call *call;
    Parley__V1__User user;
    struct pl_user_id user_id;
};

/* The user as it will be answered. */
static void fill(Parley__V1__User *user, const Parley__V1__CreateUserRequest *request, struct pl_arena *arena)
{
    parley__v1__user__init(user);
    user->username = request->username;
    user->phone_number = request->phone_number;
    user->display_name = request->display_name;
    user->about = request->about;
    user->avatar_url = request->avatar_url;
    user->n_metadata = request->n_metadata;
    user->metadata =
        pl_field_copy_map(request->metadata, request->n_metadata, &parley__v1__user__metadata_entry__descriptor, arena);
}

static void insert(struct creation *creation)
{
    struct pl_call *call = creation->call;
    const Parley__V1__User *user = &creation->user;
    const struct pl_app_id *app = &pl_call_principal(call)->app_id;
    struct pl_query *query = pl_effect_query(call, compose, creation);
    struct pl_params *name = pl_query_add(query, PL_STATEMENT_USERNAME_INSERT);
    pl_params_uuid(name, &app->uuid);
    pl_params_text(name, user->username);
    pl_params_uuid(name, &creation->user_id.uuid);
    struct pl_params *phone = pl_query_add(query, PL_STATEMENT_PHONE_NUMBER_INSERT);
    pl_params_uuid(phone, &app->uuid);
    pl_params_text(phone, user->phone_number);
    pl_params_uuid(phone, &creation->user_id.uuid);
    struct pl_params *row = pl_query_add(query, PL_STATEMENT_USER_INSERT);
    pl_params_uuid(row, &creation->user_id.uuid);
    pl_params_uuid(row, &app->uuid);
    pl_params_text(row, user->username);
    pl_params_text(row, user->phone_number);
    pl_params_text(row, user->display_name);
    pl_params_text(row, user->about);
    pl_params_text(row, user->avatar_url);
    pl_user_put_metadata(row, user, pl_call_arena(call));
    pl_server_submit(call, query);
}

static void create_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__CreateUserRequest *request = (const Parley__V1__CreateUserRequest *)message;
    struct creation *creation = pl_arena_new(pl_call_arena(call), struct creation);
    creation->call = call;
    creation->user_id.uuid = pl_uuid_v7();
    fill(&creation->user, request, pl_call_arena(call));
    const char *fault = pl_username_valid(request->username)
                            ? pl_user_fault(&creation->user)
                            : "username must be 1 to 64 characters of a-z, 0-9, '.', '_' and '-'";
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    insert(creation);
}

static void compose(struct pl_query *query, void *context)
{
    struct creation *creation = context;
    struct pl_call *call = creation->call;
    creation->user.user_id = pl_field_uuid(&creation->user_id.uuid, pl_call_arena(call));
    creation->user.created_at = pl_field_time(pl_rows_time(&query->steps[STEP_USER].rows, 0, 0), pl_call_arena(call));
    creation->user.settings = pl_user_settings_new(pl_call_arena(call));
    pl_effect_reply(call, &creation->user.base);
}
