/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * ChatService.UpdateChat. A group has all properties, an individual chat only how long its messages last. The etag is
 * the seq of the last entry that changed properties: of two writers that read the same one, the second to get the
 * chat's lock is refused.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "chats/chat.h"
#include "chats/chat_change.h"
#include "chats/service.h"
#include "chats/settings.h"
#include "rpc/fields.h"
#include "server.h"

#define ETAG_CHARS_MAX 20

static void update_chat(struct pl_call *call, const ProtobufCMessage *message);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void ask_chat(struct pl_chat_change *change);
static void on_chat(struct pl_query *query, void *context);

const struct pl_method pl_update_chat = {
    .path = "/parley.v1.ChatService/UpdateChat",
    .request_bytes_max = 32768,
    .spends = PL_SPENDS_MESSAGE,
    .handle = update_chat,
};

enum field { FIELD_NAME, FIELD_DESCRIPTION, FIELD_AVATAR, FIELD_METADATA, FIELD_SETTINGS, FIELD_COUNT };

static const char *const field_paths[FIELD_COUNT] = {"name", "description", "avatar_media_id", "metadata", "settings"};

struct update {
    struct pl_chat_change base;
    const Parley__V1__UpdateChatRequest *request;
    struct pl_uuid avatar;
    bool has[FIELD_COUNT];
    bool has_setting[PL_SETTING_COUNT];
};

/* Which of paths it is; count when none. */
static unsigned find_path(const char *path, const char *const *paths, unsigned count)
{
    unsigned i = 0;
    while (i < count && strcmp(path, paths[i]) != 0)
        i++;
    return i;
}

static bool take_path(const char *path, struct update *update)
{
    unsigned field = find_path(path, field_paths, FIELD_COUNT);
    unsigned setting = find_path(path, pl_setting_paths, PL_SETTING_COUNT);
    if (field < FIELD_COUNT)
        update->has[field] = true;
    if (setting < PL_SETTING_COUNT)
        update->has_setting[setting] = true;
    return field < FIELD_COUNT || setting < PL_SETTING_COUNT;
}

static bool take_mask(struct update *update)
{
    const Google__Protobuf__FieldMask *mask = update->request->update_mask;
    if (mask == NULL || mask->n_paths == 0)
        return false;
    for (size_t i = 0; i < mask->n_paths; i++)
        if (!take_path(mask->paths[i], update))
            return false;
    return true;
}

static const char *first_fault(struct update *update)
{
    const Parley__V1__UpdateChatRequest *request = update->request;
    if (!take_mask(update))
        return "update_mask must name name, description, avatar_media_id, metadata, settings or a field of settings";
    if (!pl_field_chars(request->name, 0, PL_NAME_CHARS_MAX) ||
        !pl_field_chars(request->description, 0, PL_TEXT_CHARS_MAX))
        return "name must be 0 to 255 characters and description 0 to 1024";
    if (pl_field_optional_uuid(request->avatar_media_id, &update->avatar) != PL_OK)
        return "avatar_media_id is not a UUID of 36 characters";
    if (pl_field_metadata(request->metadata, request->n_metadata) != PL_OK)
        return "metadata must be at most 4096 bytes, with keys that differ";
    return request->settings == NULL ? NULL : pl_settings_fault(request->settings);
}

static void update_chat(struct pl_call *call, const ProtobufCMessage *message)
{
    struct update *update = pl_arena_new(pl_call_arena(call), struct update);
    update->request = (const Parley__V1__UpdateChatRequest *)message;
    if (!pl_chat_change_init_named(&update->base, call, update->request->chat_id, PL_ENTRY_SETTINGS, decide))
        return;
    const char *fault = first_fault(update);
    if (fault != NULL) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", fault);
        return;
    }
    pl_chat_change_ask_chat(&update->base);
    pl_chat_change_ask_role(&update->base);
    pl_chat_change_submit(&update->base, ask_chat);
}

/* ---- on the writer's thread ---- */

static void put_text(struct pl_params *params, bool is_set, const char *text)
{
    if (is_set)
        pl_params_text(params, text);
    else
        pl_params_null(params);
}

static void put_settings(struct pl_params *params, const struct update *update, const struct pl_chat_state *state)
{
    for (unsigned i = 0; i < PL_SETTING_COUNT; i++)
        if (update->has[FIELD_SETTINGS] || update->has_setting[i])
            pl_settings_take(state->settings, i, update->request->settings);
    pl_settings_put(params, state->settings, update->base.change.arena);
}

static void write_chat(struct update *update, const struct pl_chat_state *state)
{
    const Parley__V1__UpdateChatRequest *request = update->request;
    const struct pl_message *message = &update->base.append.message;
    struct pl_params *params = pl_change_write(&update->base.change, PL_STATEMENT_CHANGE_SETTINGS);
    pl_params_uuid(params, &message->chat_id.uuid);
    pl_params_int64(params, message->seq);
    put_text(params, update->has[FIELD_NAME], request->name);
    put_text(params, update->has[FIELD_DESCRIPTION], request->description);
    pl_params_bool(params, update->has[FIELD_AVATAR]);
    pl_params_uuid(params, &update->avatar);
    pl_params_bool(params, update->has[FIELD_METADATA]);
    pl_chat_put_metadata(params, request->metadata, request->n_metadata, update->base.change.arena);
    put_settings(params, update, state);
}

static void put_event(struct update *update)
{
    struct pl_arena *arena = update->base.change.arena;
    Parley__V1__ChatUpdated updated = PARLEY__V1__CHAT_UPDATED__INIT;
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    updated.fields = pl_arena_array(arena, char *, FIELD_COUNT + PL_SETTING_COUNT);
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (update->has[i])
            updated.fields[updated.n_fields++] = (char *)field_paths[i];
    for (unsigned i = 0; i < PL_SETTING_COUNT; i++)
        if (update->has_setting[i])
            updated.fields[updated.n_fields++] = (char *)pl_setting_paths[i];
    updated.etag = pl_arena_printf(arena, "%lld", (long long)update->base.append.message.seq);
    event.chat_updated = &updated;
    pl_chat_change_put_event(&update->base, &event);
}

static bool etags_match(const char *etags, int64_t settings_seq)
{
    char current[ETAG_CHARS_MAX + 1];
    size_t current_bytes = (size_t)snprintf(current, sizeof(current), "%lld", (long long)settings_seq);
    bool match = etags[0] == '\0';
    while (*etags != '\0' && !match) {
        size_t bytes = strcspn(etags, ",");
        match = bytes == current_bytes && memcmp(etags, current, bytes) == 0;
        etags += bytes + (etags[bytes] == ',');
    }
    return match;
}

static bool is_only_message_ttl(const struct update *update)
{
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (update->has[i])
            return false;
    for (unsigned i = 0; i < PL_SETTING_COUNT; i++)
        if (update->has_setting[i] != (i == PL_SETTING_MESSAGE_TTL))
            return false;
    return true;
}

/* By settings.who_may_edit; settings themselves are not for plain members in any case. */
static bool may_update(const struct update *update, const struct pl_chat_state *state)
{
    int16_t role = pl_chat_change_role(&update->base);
    bool has_settings = update->has[FIELD_SETTINGS];
    for (unsigned i = 0; i < PL_SETTING_COUNT; i++)
        has_settings = has_settings || update->has_setting[i];
    return role <= (int)state->settings->who_may_edit && (!has_settings || role <= PARLEY__V1__ROLE__ROLE_ADMIN);
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    (void)append;
    struct update *update = pl_container_of(pl_chat_change_of(change), struct update, base);
    struct pl_chat_state state;
    enum pl_status status = pl_chat_change_take_chat(&update->base, &state);
    if (status != PL_OK)
        return status;
    bool is_group = state.chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_GROUP;
    bool is_self = state.chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_SELF;
    if (is_self || (!is_group && !is_only_message_ttl(update)))
        return pl_chat_change_refuse(&update->base, PL_FAILED_PRECONDITION,
                                     "the chat is not a group, and has no more than settings.message_ttl");
    if (is_group && !may_update(update, &state))
        return PL_PERMISSION_DENIED;
    if (!etags_match(update->request->etag, state.settings_seq))
        return PL_ETAG_MISMATCH;
    put_event(update);
    write_chat(update, &state);
    return PL_OK;
}

/* ---- on the call's loop ---- */

static void ask_chat(struct pl_chat_change *change)
{
    struct pl_query *query = pl_server_query(change->call, on_chat, change->call);
    pl_chat_ask_as(query, &change->append.message.chat_id, pl_call_principal(change->call));
    pl_server_submit(change->call, query);
}

static void on_chat(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    if (query->status != PL_OK)
        pl_call_fail(call, query->status, NULL);
    else
        pl_chat_reply(call, query, 0);
}
