/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * ChatService.CreateChat. First everybody named is looked up, then chat and members are written in one transaction. An
 * individual chat's rows may be there already: its id follows from its users, so creating it again finds it. Where one
 * of the two blocks the other none is made.
 */
#include <string.h>

#include "base/limits.h"
#include "chats/chat.h"
#include "chats/individual.h"
#include "chats/service.h"
#include "chats/settings.h"
#include "delivery/account.h"
#include "effect.h"
#include "rpc/fields.h"

#define UNKNOWN_NAMED_MAX 5
enum { STEP_USERS, STEP_APP, STEP_BLOCKS }; /* of the look-up; the last one of individual chats */
#define STEP_INSERTED 1                     /* of the transaction: empty when the chat was there already */
#define STEP_CHAT 4                         /* where pl_chat_ask begins */

static void create_chat(struct pl_call *call, const ProtobufCMessage *message);
static void on_users(struct pl_query *query, void *context);
static void compose(struct pl_query *query, void *context);
static void tell_members(void *context, bool is_unsure);

const struct pl_method pl_create_chat = {
    .path = "/parley.v1.ChatService/CreateChat",
    .request_bytes_max = 131072,
    .spends = PL_SPENDS_CREATE,
    .idempotent = true,
    .handle = create_chat,
};

struct member {
    struct pl_user_id user_id;
    int16_t role;
};

struct creation {
    struct pl_call *call;
    const Parley__V1__CreateChatRequest *request;
    struct pl_chat_id chat_id;
    struct member *members; /* the caller first */
    size_t count;
    bool is_new; /* as far as known */
};

static bool is_individual(const struct creation *creation)
{
    return creation->request->chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_INDIVIDUAL;
}

static bool is_member(const struct creation *creation, const struct pl_user_id *user)
{
    for (size_t i = 0; i < creation->count; i++)
        if (pl_uuid_equal(&creation->members[i].user_id.uuid, &user->uuid))
            return true;
    return false;
}

static enum pl_status take_member(const Parley__V1__NewParticipant *named, struct creation *creation)
{
    struct pl_user_id user;
    if (pl_uuid_parse(named->user_id, &user.uuid) != PL_OK)
        return PL_INVALID_ID;
    if (named->role != PARLEY__V1__ROLE__ROLE_UNSPECIFIED && named->role != PARLEY__V1__ROLE__ROLE_ADMIN &&
        named->role != PARLEY__V1__ROLE__ROLE_MEMBER)
        return PL_INVALID_ARGUMENT;
    if (is_member(creation, &user))
        return PL_OK;
    int16_t role =
        named->role == PARLEY__V1__ROLE__ROLE_ADMIN ? PARLEY__V1__ROLE__ROLE_ADMIN : PARLEY__V1__ROLE__ROLE_MEMBER;
    creation->members[creation->count++] = (struct member){.user_id = user, .role = role};
    return PL_OK;
}

/* The caller and everybody named, each once. */
static enum pl_status take_members(struct creation *creation)
{
    const Parley__V1__CreateChatRequest *request = creation->request;
    struct pl_arena *arena = pl_call_arena(creation->call);
    if (request->n_participants > PL_GROUP_MEMBERS_MAX)
        return PL_INVALID_ARGUMENT;
    creation->members = pl_arena_array(arena, struct member, request->n_participants + 1);
    creation->members[0].user_id = pl_call_principal(creation->call)->user_id;
    creation->members[0].role = PARLEY__V1__ROLE__ROLE_OWNER;
    creation->count = 1;
    for (size_t i = 0; i < request->n_participants; i++) {
        enum pl_status status = take_member(request->participants[i], creation);
        if (status != PL_OK)
            return status;
    }
    return PL_OK;
}

static const char *individual_fault(struct creation *creation)
{
    const Parley__V1__CreateChatRequest *request = creation->request;
    if (creation->count != 2)
        return "an individual chat needs exactly one other user in participants";
    if (request->name[0] != '\0' || request->description[0] != '\0')
        return "only a group has name and description";
    if (request->settings != NULL)
        return "only a group has settings";
    creation->members[0].role = PARLEY__V1__ROLE__ROLE_MEMBER;
    creation->members[1].role = PARLEY__V1__ROLE__ROLE_MEMBER;
    creation->chat_id = pl_individual_chat_id(pl_call_principal(creation->call)->app_id, creation->members[0].user_id,
                                              creation->members[1].user_id);
    return NULL;
}

static const char *group_fault(struct creation *creation)
{
    const Parley__V1__CreateChatRequest *request = creation->request;
    if (creation->count < 2 || creation->count > PL_GROUP_MEMBERS_MAX)
        return "a group needs 1 to 1023 other users in participants";
    if (!pl_field_chars(request->name, 0, PL_NAME_CHARS_MAX) ||
        !pl_field_chars(request->description, 0, PL_TEXT_CHARS_MAX))
        return "name must be 0 to 255 characters and description 0 to 1024";
    if (request->settings != NULL && pl_settings_fault(request->settings) != NULL)
        return pl_settings_fault(request->settings);
    creation->chat_id.uuid = pl_uuid_v7();
    return NULL;
}

/* What is wrong beyond the members, or NULL; fills in chat_id. */
static const char *first_fault(struct creation *creation)
{
    const Parley__V1__CreateChatRequest *request = creation->request;
    if (pl_field_metadata(request->metadata, request->n_metadata) != PL_OK)
        return "metadata must be at most 4096 bytes, with keys that differ";
    if (is_individual(creation))
        return individual_fault(creation);
    if (request->chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_GROUP)
        return group_fault(creation);
    return "chat_type must be individual or group";
}

static void put_first_users(struct pl_params *params, const struct creation *creation, size_t count)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, count);
    for (size_t i = 0; i < count; i++)
        pl_array_uuid(&array, &creation->members[i].user_id.uuid);
    pl_array_end(&array);
}

static void put_users(struct pl_params *params, const struct creation *creation)
{
    put_first_users(params, creation, creation->count);
}

static void ask_blocks(struct pl_query *query, const struct creation *creation)
{
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_BLOCKS_BETWEEN);
    pl_params_uuid(params, &creation->members[0].user_id.uuid);
    pl_params_uuid(params, &creation->members[1].user_id.uuid);
    pl_params_uuid(params, &creation->chat_id.uuid);
}

static void create_chat(struct pl_call *call, const ProtobufCMessage *message)
{
    struct creation *creation = pl_arena_new(pl_call_arena(call), struct creation);
    creation->call = call;
    creation->request = (const Parley__V1__CreateChatRequest *)message;
    enum pl_status status = take_members(creation);
    if (status != PL_OK) {
        pl_call_fail(call, status, "participants must be at most 1023 user ids, each with role admin or member");
        return;
    }
    const char *fault = first_fault(creation);
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    struct pl_query *query = pl_server_query(call, on_users, creation);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERS_IN_APP);
    put_users(params, creation);
    pl_params_uuid(params, &pl_call_principal(call)->app_id.uuid);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &pl_call_principal(call)->app_id.uuid);
    if (is_individual(creation))
        ask_blocks(query, creation);
    pl_server_submit(call, query);
}

static bool was_found(const struct pl_rows *rows, const struct pl_user_id *user)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_uuid found = pl_rows_uuid(rows, row, 0);
        if (pl_uuid_equal(&found, &user->uuid))
            return true;
    }
    return false;
}

/* The first of them are named. */
static void fail_unknown_users(const struct creation *creation, const struct pl_rows *rows)
{
    struct pl_call *call = creation->call;
    const char *ids = "";
    unsigned named = 0;
    for (size_t i = 0; i < creation->count && named < UNKNOWN_NAMED_MAX; i++) {
        const struct pl_user_id *user = &creation->members[i].user_id;
        if (was_found(rows, user))
            continue;
        ids = pl_arena_printf(pl_call_arena(call), "%s%s%s", ids, named++ > 0 ? "," : "",
                              pl_field_uuid(&user->uuid, pl_call_arena(call)));
    }
    pl_call_detail(call, "user_ids", ids);
    pl_call_fail(call, PL_USER_NOT_FOUND, NULL);
}

static void put_chat(struct pl_params *params, const struct creation *creation)
{
    const Parley__V1__CreateChatRequest *request = creation->request;
    static const struct pl_uuid nobody;
    const struct pl_uuid *low = &nobody, *high = &nobody;
    if (is_individual(creation)) {
        low = &creation->members[0].user_id.uuid;
        high = &creation->members[1].user_id.uuid;
        if (memcmp(low->bytes, high->bytes, sizeof(low->bytes)) > 0) {
            const struct pl_uuid *swap = low;
            low = high;
            high = swap;
        }
    }
    pl_params_uuid(params, &creation->chat_id.uuid);
    pl_params_uuid(params, &pl_call_principal(creation->call)->app_id.uuid);
    pl_params_int16(params, (int16_t)request->chat_type);
    pl_params_uuid(params, low);
    pl_params_uuid(params, high);
    pl_params_text(params, request->name);
    pl_params_text(params, request->description);
    pl_chat_put_metadata(params, request->metadata, request->n_metadata, pl_call_arena(creation->call));
    pl_settings_put(params, request->settings, pl_call_arena(creation->call));
}

static void insert(struct creation *creation)
{
    struct pl_call *call = creation->call;
    struct pl_query *query = pl_effect_query(call, compose, creation);
    put_first_users(pl_query_add(query, PL_STATEMENT_USERS_KEEP), creation, is_individual(creation) ? 2 : 0);
    put_chat(pl_query_add(query, PL_STATEMENT_CHAT_INSERT), creation);

    struct pl_params *participants = pl_query_add(query, PL_STATEMENT_PARTICIPANTS_INSERT);
    pl_params_uuid(participants, &creation->chat_id.uuid);
    put_users(participants, creation);
    struct pl_array roles;
    pl_array_begin(&roles, participants, PL_ELEMENT_INT16, creation->count);
    for (size_t i = 0; i < creation->count; i++)
        pl_array_int16(&roles, creation->members[i].role);
    pl_array_end(&roles);

    struct pl_params *user_chats = pl_query_add(query, PL_STATEMENT_USER_CHATS_INSERT);
    pl_params_uuid(user_chats, &creation->chat_id.uuid);
    put_users(user_chats, creation);
    pl_chat_ask(query, &creation->chat_id, &creation->members[0].user_id);
    pl_effect_then(call, tell_members);
    pl_server_submit(call, query);
}

/* Between the two of a chat that is not there yet; one that is there may be found. */
static enum pl_status blocked(const struct creation *creation, const struct pl_query *query)
{
    const struct pl_rows *rows = &query->steps[STEP_BLOCKS].rows;
    if (!is_individual(creation) || pl_rows_count(rows) == 0)
        return PL_OK;
    if (pl_rows_bool(rows, 0, 0))
        return PL_RECIPIENT_BLOCKED;
    return pl_rows_bool(rows, 0, 1) ? PL_RECIPIENT_UNAVAILABLE : PL_OK;
}

static void on_users(struct pl_query *query, void *context)
{
    struct creation *creation = context;
    const struct pl_rows *rows = &query->steps[STEP_USERS].rows;
    if (query->status != PL_OK)
        pl_call_fail(creation->call, query->status, NULL);
    else if ((size_t)pl_rows_count(rows) != creation->count)
        fail_unknown_users(creation, rows);
    else if (creation->count > 2 && (int64_t)creation->count > pl_rows_int(&query->steps[STEP_APP].rows, 0, 3))
        pl_call_fail(creation->call, PL_CHAT_FULL, NULL);
    else if (blocked(creation, query) != PL_OK)
        pl_call_fail(creation->call, blocked(creation, query), NULL);
    else
        insert(creation);
}

static void compose(struct pl_query *query, void *context)
{
    struct creation *creation = context;
    creation->is_new = pl_rows_count(&query->steps[STEP_INSERTED].rows) > 0;
    const Parley__V1__Chat *chat = pl_chat_take(creation->call, query, STEP_CHAT);
    if (chat == NULL)
        pl_effect_refuse(creation->call, PL_NOT_A_MEMBER);
    else
        pl_effect_reply(creation->call, &chat->base);
}

/* Sessions look for themselves whether an unknown outcome was a good one. */
static void tell_members(void *context, bool is_unsure)
{
    const struct creation *creation = context;
    const struct pl_server *server = pl_call_context(creation->call);
    struct pl_user_id *users = pl_arena_array(pl_call_arena(creation->call), struct pl_user_id, creation->count);
    for (size_t i = 0; i < creation->count; i++) {
        users[i] = creation->members[i].user_id;
        pl_hub_joined(server->hub, users[i], creation->chat_id);
    }
    if (!creation->is_new)
        return;
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = pl_call_principal(creation->call)->app_id,
                                     .event = PL_ACCOUNT_CHAT_JOINED,
                                     .subject = creation->chat_id.uuid,
                                     .is_unsure = is_unsure,
                                     .users = users,
                                     .count = creation->count,
                                 });
}
