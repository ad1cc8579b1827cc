/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * UserService.UpdateUser: fields of a user, and the claims on a new username and phone number. The user's row is locked
 * first, so that of two updates of one user the second lets go what the first claimed. Names are claimed, in an order,
 * before any is let go: who waits for a name holds none that another may wait for, so users who want each other's names
 * are both told that they are taken.
 */
#include "delivery/account.h"
#include "rpc/fields.h"
#include "server.h"
#include "users/service.h"
#include "users/user.h"

static void update_user(struct pl_call *call, const ProtobufCMessage *message);
static void on_updated(struct pl_query *query, void *context);

const struct pl_method pl_update_user = {
    .path = "/parley.v1.UserService/UpdateUser",
    .request_bytes_max = 32768,
    .handle = update_user,
};

/* The last stands for all that begin with it. */
static const char *const names[] = {"username", "phone_number",           "display_name",      "about",    "avatar_url",
                                    "metadata", "settings.read_receipts", "settings.presence", "settings", NULL};
enum {
    USERNAME = 1,
    PHONE_NUMBER = 2,
    DISPLAY_NAME = 4,
    ABOUT = 8,
    AVATAR_URL = 16,
    METADATA = 32,
    READ_RECEIPTS = 64,
    PRESENCE = 128,
    SETTINGS = 256
};

struct update {
    struct pl_call *call;
    struct pl_user_id user_id;
    uint32_t bits;
    Parley__V1__User user; /* the fields that change; the others are empty */
    const Parley__V1__UserSettings *settings;
};

/* Without a mask. */
static uint32_t bits_given(const Parley__V1__UpdateUserRequest *request)
{
    uint32_t bits = request->n_metadata > 0 ? METADATA : 0;
    bits |= request->username[0] != '\0' ? USERNAME : 0;
    bits |= request->phone_number[0] != '\0' ? PHONE_NUMBER : 0;
    bits |= request->display_name[0] != '\0' ? DISPLAY_NAME : 0;
    bits |= request->about[0] != '\0' ? ABOUT : 0;
    bits |= request->avatar_url[0] != '\0' ? AVATAR_URL : 0;
    bits |= request->settings != NULL && request->settings->read_receipts != 0 ? READ_RECEIPTS : 0;
    bits |= request->settings != NULL && request->settings->presence != 0 ? PRESENCE : 0;
    return bits;
}

static void take_fields(const Parley__V1__UpdateUserRequest *request, struct update *update)
{
    Parley__V1__User *user = &update->user;
    static const Parley__V1__UserSettings none = PARLEY__V1__USER_SETTINGS__INIT;
    update->settings = request->settings != NULL ? request->settings : &none;
    parley__v1__user__init(user);
    if (update->bits & USERNAME)
        user->username = request->username;
    if (update->bits & PHONE_NUMBER)
        user->phone_number = request->phone_number;
    if (update->bits & DISPLAY_NAME)
        user->display_name = request->display_name;
    if (update->bits & ABOUT)
        user->about = request->about;
    if (update->bits & AVATAR_URL)
        user->avatar_url = request->avatar_url;
    if ((update->bits & METADATA) == 0)
        return;
    user->n_metadata = request->n_metadata;
    user->metadata = pl_field_copy_map(request->metadata, request->n_metadata,
                                       &parley__v1__user__metadata_entry__descriptor, pl_call_arena(update->call));
}

static const char *first_fault(const struct update *update)
{
    if ((update->bits & USERNAME) != 0 && !pl_username_valid(update->user.username))
        return "username must be 1 to 64 characters of a-z, 0-9, '.', '_' and '-'";
    if (update->settings->read_receipts < 0 ||
        update->settings->read_receipts > PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_OFF)
        return "settings.read_receipts must be on or off";
    if (update->settings->presence < 0 ||
        update->settings->presence > PARLEY__V1__PRESENCE_AUDIENCE__PRESENCE_AUDIENCE_NOBODY)
        return "settings.presence must be chats or nobody";
    return pl_user_fault(&update->user);
}

/* False when the call has failed. */
static bool take_request(const Parley__V1__UpdateUserRequest *request, struct update *update)
{
    struct pl_call *call = update->call;
    if (!pl_user_parse(call, request->user_id, &update->user_id))
        return false;
    if (pl_field_mask(request->update_mask, names, &update->bits) != PL_OK) {
        pl_call_fail(call, PL_INVALID_ARGUMENT,
                     "update_mask may have username, phone_number, display_name, about, avatar_url, metadata, "
                     "settings, settings.read_receipts and settings.presence");
        return false;
    }
    if (update->bits == 0)
        update->bits = bits_given(request);
    if ((update->bits & SETTINGS) != 0)
        update->bits = (update->bits | READ_RECEIPTS | PRESENCE) & ~(uint32_t)SETTINGS;
    if (pl_call_principal(call)->kind == PL_PRINCIPAL_DEVICE && (update->bits & (USERNAME | PHONE_NUMBER)) != 0) {
        pl_call_fail(call, PL_PERMISSION_DENIED, "username and phone_number are changed by the app's backend");
        return false;
    }
    take_fields(request, update);
    const char *fault = first_fault(update);
    if (fault != NULL)
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
    return fault == NULL;
}

/* Claims or releases, when the name changes. */
static void put_name(struct pl_query *query, const struct update *update, uint32_t bit, enum pl_statement statement)
{
    if ((update->bits & bit) == 0)
        return;
    struct pl_params *params = pl_query_add(query, statement);
    pl_user_put_key(params, update->call, &update->user_id);
    pl_params_text(params, bit == USERNAME ? update->user.username : update->user.phone_number);
}

static void put_text(struct pl_params *params, const struct update *update, uint32_t bit, const char *text)
{
    if ((update->bits & bit) != 0)
        pl_params_text(params, text);
    else
        pl_params_null(params);
}

static void put_bool(struct pl_params *params, const struct update *update, uint32_t bit, bool value)
{
    if ((update->bits & bit) != 0)
        pl_params_bool(params, value);
    else
        pl_params_null(params);
}

/* What is not set stands for on. */
static bool tells_reads(const struct update *update)
{
    return update->settings->read_receipts != PARLEY__V1__READ_RECEIPTS__READ_RECEIPTS_OFF;
}

static void ask_reads(struct pl_query *query, const struct update *update)
{
    if ((update->bits & READ_RECEIPTS) == 0)
        return;
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_CHATS_LOCK), update->call, &update->user_id);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USER_READS_SHOW);
    pl_user_put_key(params, update->call, &update->user_id);
    pl_params_bool(params, tells_reads(update));
}

static void ask(struct pl_query *query, const struct update *update)
{
    const Parley__V1__User *user = &update->user;
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_LOCK), update->call, &update->user_id);
    put_name(query, update, USERNAME, PL_STATEMENT_USERNAME_CLAIM);
    put_name(query, update, PHONE_NUMBER, PL_STATEMENT_PHONE_NUMBER_CLAIM);
    put_name(query, update, USERNAME, PL_STATEMENT_USERNAME_RELEASE);
    put_name(query, update, PHONE_NUMBER, PL_STATEMENT_PHONE_NUMBER_RELEASE);
    ask_reads(query, update);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USER_UPDATE);
    pl_user_put_key(params, update->call, &update->user_id);
    put_text(params, update, USERNAME, user->username);
    put_text(params, update, PHONE_NUMBER, user->phone_number);
    put_text(params, update, DISPLAY_NAME, user->display_name);
    put_text(params, update, ABOUT, user->about);
    put_text(params, update, AVATAR_URL, user->avatar_url);
    pl_params_bool(params, (update->bits & METADATA) != 0);
    pl_user_put_metadata(params, user, pl_call_arena(update->call));
    put_bool(params, update, READ_RECEIPTS, tells_reads(update));
    put_bool(params, update, PRESENCE,
             update->settings->presence != PARLEY__V1__PRESENCE_AUDIENCE__PRESENCE_AUDIENCE_NOBODY);
}

static void update_user(struct pl_call *call, const ProtobufCMessage *message)
{
    struct update *update = pl_arena_new(pl_call_arena(call), struct update);
    update->call = call;
    if (!take_request((const Parley__V1__UpdateUserRequest *)message, update))
        return;
    struct pl_query *query = pl_server_query(call, on_updated, update);
    ask(query, update);
    pl_server_submit(call, query);
}

/* Whoever was told OUTCOME_UNKNOWN updates again. */
static void tell_user(const struct update *update)
{
    const struct pl_server *server = pl_call_context(update->call);
    const char *fields[sizeof(names) / sizeof(names[0])];
    size_t count = 0;
    for (unsigned i = 0; names[i] != NULL; i++)
        if ((update->bits & 1U << i) != 0)
            fields[count++] = names[i];
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = pl_call_principal(update->call)->app_id,
                                     .event = PL_ACCOUNT_USER_UPDATED,
                                     .subject = pl_uuid_v7(),
                                     .fields = fields,
                                     .field_count = count,
                                     .users = &update->user_id,
                                     .count = count > 0,
                                 });
}

static void on_updated(struct pl_query *query, void *context)
{
    const struct update *update = context;
    if (query->status == PL_OK && pl_rows_count(&query->steps[query->count - 1].rows) > 0) {
        tell_user(update);
        if ((update->bits & PRESENCE) != 0)
            pl_hub_audience_changed(((const struct pl_server *)pl_call_context(update->call))->hub, update->user_id);
    }
    pl_user_answer(query, update->call);
}
