/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.CreateUser: a user and the claims on username and phone number, together. */
#include <string.h>

#include "effect.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/fields.h"
#include "users/service.h"

#define PHONE_DIGITS_MAX 15
#define STEP_USER 2

static void create_user(struct pl_call *call, const ProtobufCMessage *message);
static void compose(struct pl_query *query, void *context);

const struct pl_method pl_create_user = {
    .path = "/parley.v1.UserService/CreateUser",
    .request_bytes_max = 32768,
    .idempotent = true,
    .handle = create_user,
};

struct creation {
    struct pl_call *call;
    Parley__V1__User user;
    struct pl_user_id user_id;
};

static bool username_valid(const char *username)
{
    size_t bytes = strlen(username);
    return bytes >= 1 && bytes <= 64 && strspn(username, "abcdefghijklmnopqrstuvwxyz0123456789._-") == bytes;
}

static bool phone_number_valid(const char *phone_number)
{
    if (phone_number[0] == '\0')
        return true;
    size_t digits = strlen(phone_number) - 1;
    return phone_number[0] == '+' && digits >= 1 && digits <= PHONE_DIGITS_MAX &&
           strspn(phone_number + 1, "0123456789") == digits;
}

static const char *first_fault(const Parley__V1__CreateUserRequest *request)
{
    if (!username_valid(request->username))
        return "username must be 1 to 64 characters of a-z, 0-9, '.', '_' and '-'";
    if (!phone_number_valid(request->phone_number))
        return "phone_number must be + and 1 to 15 digits";
    if (!pl_field_chars(request->display_name, 0, 255))
        return "display_name must be 0 to 255 characters";
    if (!pl_field_chars(request->about, 0, 1024))
        return "about must be 0 to 1024 characters";
    if (!pl_field_chars(request->avatar_url, 0, 2048))
        return "avatar_url must be 0 to 2048 characters";
    if (pl_field_metadata(request->metadata, request->n_metadata) != PL_OK)
        return "metadata must be at most 4096 bytes, with keys that differ";
    return NULL;
}

/* The user as it will be answered; its metadata entries have the layout of the request's. */
static void fill(Parley__V1__User *user, const Parley__V1__CreateUserRequest *request, struct pl_arena *arena)
{
    parley__v1__user__init(user);
    user->username = request->username;
    user->phone_number = request->phone_number;
    user->display_name = request->display_name;
    user->about = request->about;
    user->avatar_url = request->avatar_url;
    user->n_metadata = request->n_metadata;
    user->metadata = pl_arena_array(arena, Parley__V1__User__MetadataEntry *, request->n_metadata);
    for (size_t i = 0; i < request->n_metadata; i++) {
        user->metadata[i] = pl_arena_new(arena, Parley__V1__User__MetadataEntry);
        parley__v1__user__metadata_entry__init(user->metadata[i]);
        user->metadata[i]->key = request->metadata[i]->key;
        user->metadata[i]->value = request->metadata[i]->value;
    }
}

static void put_metadata(const Parley__V1__User *user, struct pl_arena *arena, struct pl_params *params)
{
    Parley__V1__User only = PARLEY__V1__USER__INIT;
    only.n_metadata = user->n_metadata;
    only.metadata = user->metadata;
    size_t bytes = 0;
    const uint8_t *packed = pl_field_pack(&only.base, arena, &bytes);
    pl_params_bytes(params, user->n_metadata > 0 ? packed : NULL, bytes);
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
    put_metadata(user, pl_call_arena(call), row);
    pl_effect_submit(call, query);
}

static void create_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__CreateUserRequest *request = (const Parley__V1__CreateUserRequest *)message;
    const char *fault = first_fault(request);
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    struct creation *creation = pl_arena_new(pl_call_arena(call), struct creation);
    creation->call = call;
    creation->user_id.uuid = pl_uuid_v7();
    fill(&creation->user, request, pl_call_arena(call));
    insert(creation);
}

static void compose(struct pl_query *query, void *context)
{
    struct creation *creation = context;
    struct pl_call *call = creation->call;
    creation->user.user_id = pl_field_uuid(&creation->user_id.uuid, pl_call_arena(call));
    creation->user.created_at = pl_field_time(pl_rows_time(&query->steps[STEP_USER].rows, 0, 0), pl_call_arena(call));
    pl_effect_reply(call, &creation->user.base);
}
