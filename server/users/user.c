/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The rules of a user's fields stand here once, for CreateUser and UpdateUser. */
#include "users/user.h"

#include <string.h>

#include "base/limits.h"
#include "rpc/fields.h"
#include "server.h"

#define PHONE_DIGITS_MAX 15

bool pl_user_parse(struct pl_call *call, const char *text, struct pl_user_id *ret_user_id)
{
    const struct pl_principal *principal = pl_call_principal(call);
    struct pl_user_id user_id;
    if (!pl_field_take_uuid(call, "user_id", text, &user_id.uuid))
        return false;
    if (principal->kind != PL_PRINCIPAL_APP && !pl_uuid_equal(&principal->user_id.uuid, &user_id.uuid)) {
        pl_call_fail(call, PL_PERMISSION_DENIED, "a device may do this for its own user only");
        return false;
    }
    *ret_user_id = user_id;
    return true;
}

void pl_user_put_key(struct pl_params *params, struct pl_call *call, const struct pl_user_id *user)
{
    pl_params_uuid(params, &user->uuid);
    pl_params_uuid(params, &pl_call_principal(call)->app_id.uuid);
}

bool pl_username_valid(const char *username)
{
    size_t bytes = strlen(username);
    return bytes >= 1 && bytes <= PL_USERNAME_CHARS_MAX &&
           strspn(username, "abcdefghijklmnopqrstuvwxyz0123456789._-") == bytes;
}

bool pl_phone_number_valid(const char *phone_number)
{
    if (phone_number[0] == '\0')
        return true;
    size_t digits = strlen(phone_number) - 1;
    return phone_number[0] == '+' && digits >= 1 && digits <= PHONE_DIGITS_MAX &&
           strspn(phone_number + 1, "0123456789") == digits;
}

const char *pl_user_fault(const Parley__V1__User *user)
{
    if (!pl_phone_number_valid(user->phone_number))
        return "phone_number must be + and 1 to 15 digits";
    if (!pl_field_chars(user->display_name, 0, PL_NAME_CHARS_MAX))
        return "display_name must be 0 to 255 characters";
    if (!pl_field_chars(user->about, 0, PL_TEXT_CHARS_MAX))
        return "about must be 0 to 1024 characters";
    if (!pl_field_chars(user->avatar_url, 0, PL_URL_CHARS_MAX))
        return "avatar_url must be 0 to 2048 characters";
    if (pl_field_metadata(user->metadata, user->n_metadata) != PL_OK)
        return "metadata must be at most 4096 bytes, with keys that differ";
    return NULL;
}

void pl_user_put_metadata(struct pl_params *params, const Parley__V1__User *user, struct pl_arena *arena)
{
    Parley__V1__User only = PARLEY__V1__USER__INIT;
    only.n_metadata = user->n_metadata;
    only.metadata = user->metadata;
    size_t bytes = 0;
    const uint8_t *packed = pl_field_pack(&only.base, arena, &bytes);
    pl_params_bytes(params, user->n_metadata > 0 ? packed : NULL, bytes);
}

/* The app's backend, and the user. */
static bool is_open_to(const struct pl_principal *principal, const struct pl_uuid *user)
{
    return principal->kind == PL_PRINCIPAL_APP || pl_uuid_equal(&principal->user_id.uuid, user);
}

Parley__V1__UserSettings *pl_user_settings_new(struct pl_arena *arena)
{
    Parley__V1__UserSettings *settings = pl_arena_new(arena, Parley__V1__UserSettings);
    parley__v1__user_settings__init(settings);
    settings->read_receipts = PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_ON;
    settings->presence = PARLEY__V1__PRESENCE_AUDIENCE__PRESENCE_AUDIENCE_CHATS;
    return settings;
}

static void put_own(Parley__V1__User *user, const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    user->phone_number = (char *)pl_rows_text(rows, row, 2);
    user->settings = pl_user_settings_new(arena);
    if (!pl_rows_bool(rows, row, 10))
        user->settings->read_receipts = PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_OFF;
    if (!pl_rows_bool(rows, row, 11))
        user->settings->presence = PARLEY__V1__PRESENCE_AUDIENCE__PRESENCE_AUDIENCE_NOBODY;
}

Parley__V1__User *pl_user_from_row(const struct pl_rows *rows, int row, const struct pl_principal *principal,
                                   struct pl_arena *arena)
{
    size_t bytes = 0;
    const void *metadata = pl_rows_bytes(rows, row, 6, &bytes);
    Parley__V1__User *user = (Parley__V1__User *)pl_field_unpack(&parley__v1__user__descriptor, metadata, bytes, arena);
    struct pl_uuid user_id = pl_rows_uuid(rows, row, 0);
    user->user_id = pl_field_uuid(&user_id, arena);
    user->username = (char *)pl_rows_text(rows, row, 1);
    user->display_name = (char *)pl_rows_text(rows, row, 3);
    user->about = (char *)pl_rows_text(rows, row, 4);
    user->avatar_url = (char *)pl_rows_text(rows, row, 5);
    user->created_at = pl_field_time(pl_rows_time(rows, row, 7), arena);
    user->deactivated_at = pl_field_time(pl_rows_time(rows, row, 8), arena);
    user->deleted_at = pl_field_time(pl_rows_time(rows, row, 9), arena);
    if (is_open_to(principal, &user_id))
        put_own(user, rows, row, arena);
    return user;
}

void pl_user_answer(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    const struct pl_rows *rows = pl_server_rows(call, query, query->count - 1, PL_USER_NOT_FOUND);
    if (rows == NULL)
        return;
    pl_call_reply(call, &pl_user_from_row(rows, 0, pl_call_principal(call), pl_call_arena(call))->base);
}
