/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* From what the caller fills in to requests of the wire. */
#include "sdk/c/src/request.h"

#include <limits.h>
#include <string.h>

#include "base/utf8.h"
#include "base/uuid.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/error.h"
#include "sdk/c/src/request_body.h"
#include "sdk/c/src/request_parts.h"

static bool texts_are_valid(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i] != NULL && !pl_utf8_valid(texts[i], strlen(texts[i])))
            return false;
    return true;
}

static parley_status check_texts(const char *const *texts, size_t count, parley_error *ret_error)
{
    return texts_are_valid(texts, count) ? PARLEY_OK : pl_error_set(ret_error, PARLEY_INVALID_TEXT, NULL);
}

static parley_status check_metadata(const parley_metadata *metadata, size_t count, parley_error *ret_error)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const char *pair[] = {metadata[i].key, metadata[i].value};
        if (pair[0] == NULL || pair[1] == NULL)
            return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "a metadata key or value is NULL");
        if (!texts_are_valid(pair, 2))
            return pl_error_set(ret_error, PARLEY_INVALID_TEXT, NULL);
        bytes += strlen(pair[0]) + strlen(pair[1]);
    }
    if (bytes > PARLEY_METADATA_BYTES_MAX)
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "metadata must be at most %d bytes",
                            PARLEY_METADATA_BYTES_MAX);
    return PARLEY_OK;
}

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool is_id_or_unset(const char *text)
{
    struct pl_uuid uuid;
    return !is_set(text) || pl_uuid_parse(text, &uuid) == PL_OK;
}

static parley_status check_draft(const parley_draft *draft, parley_error *ret_error)
{
    const char *const ids[] = {draft->chat_id, draft->recipient_id, draft->message_id, draft->media_id,
                               draft->reply_to_message_id};
    const struct pl_request_body body = PL_REQUEST_BODY_OF(draft);
    parley_status status;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (!is_id_or_unset(ids[i]))
            return pl_error_set(ret_error, PARLEY_INVALID_ID, "\"%.60s\" is not a UUID of 36 characters", ids[i]);
    if (is_set(draft->chat_id) == is_set(draft->recipient_id))
        return pl_error_set(ret_error, PARLEY_INVALID_ARGUMENT, "give exactly one of chat_id and recipient_id");
    status = pl_request_body_check(&body, ret_error);
    if (status != PARLEY_OK)
        return status;
    return check_metadata(draft->metadata, draft->metadata_count, ret_error);
}

static void set_body(Parley__V1__SendMessageRequest *request, const parley_draft *draft, struct pl_arena *arena)
{
    const struct pl_request_body body = PL_REQUEST_BODY_OF(draft);
    PL_REQUEST_SET_BODY(request, &body, PARLEY__V1__SEND_MESSAGE_REQUEST__BODY, arena);
}

/* Bit n of the flags is number n + 1 of the enum; what is no flag is the server's to refuse. */
static void set_flags(Parley__V1__SendMessageRequest *request, unsigned flags, struct pl_arena *arena)
{
    request->flags = pl_arena_array(arena, Parley__V1__MessageFlag, CHAR_BIT * sizeof flags);
    for (unsigned i = 0; i < CHAR_BIT * sizeof flags; i++)
        if ((flags & 1u << i) != 0)
            request->flags[request->n_flags++] = (Parley__V1__MessageFlag)(i + 1);
}

parley_status pl_request_of_draft(const parley_draft *draft, const char *message_id, struct pl_arena *arena,
                                  Parley__V1__SendMessageRequest **ret_request, parley_error *ret_error)
{
    parley_draft own;
    Parley__V1__SendMessageRequest *request = pl_arena_new(arena, Parley__V1__SendMessageRequest);
    parley_status status = pl_request_take_struct(&own, sizeof own, draft, draft->struct_bytes, ret_error);
    if (status == PARLEY_OK)
        status = check_draft(&own, ret_error);
    if (status != PARLEY_OK)
        return status;
    parley__v1__send_message_request__init(request);
    request->chat_id = pl_request_text(own.chat_id);
    request->recipient_id = pl_request_text(own.recipient_id);
    request->message_id = pl_request_text(is_set(own.message_id) ? own.message_id : message_id);
    request->message_type = (Parley__V1__MessageType)own.message_type;
    request->media_id = pl_request_text(own.media_id);
    set_flags(request, own.flags, arena);
    request->reply_to_message_id = pl_request_text(own.reply_to_message_id);
    PL_REQUEST_SET_METADATA(request, &own, Parley__V1__SendMessageRequest__MetadataEntry,
                            parley__v1__send_message_request__metadata_entry__init, arena);
    set_body(request, &own, arena);
    *ret_request = request;
    return PARLEY_OK;
}

Parley__V1__NewParticipant **pl_request_participants(const parley_new_participant *from, size_t count,
                                                     struct pl_arena *arena)
{
    Parley__V1__NewParticipant **list = pl_arena_array(arena, Parley__V1__NewParticipant *, count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = pl_arena_new(arena, Parley__V1__NewParticipant);
        parley__v1__new_participant__init(list[i]);
        list[i]->user_id = pl_request_text(from[i].user_id);
        list[i]->role = (Parley__V1__Role)from[i].role;
    }
    return list;
}

/* NULL when nothing is said: individual chats have none. */
static Parley__V1__ChatSettings *settings_of(const parley_new_chat *from, struct pl_arena *arena)
{
    Parley__V1__ChatSettings *settings;
    if (from->chat_type == PARLEY_CHAT_INDIVIDUAL)
        return NULL;
    settings = pl_arena_new(arena, Parley__V1__ChatSettings);
    PL_REQUEST_SET_SETTINGS(settings, from);
    settings->message_ttl = from->message_ttl;
    return settings;
}

parley_status pl_request_of_new_chat(const parley_new_chat *new_chat, struct pl_arena *arena,
                                     Parley__V1__CreateChatRequest **ret_request, parley_error *ret_error)
{
    parley_new_chat own;
    Parley__V1__CreateChatRequest *request = pl_arena_new(arena, Parley__V1__CreateChatRequest);
    parley_status status = pl_request_take_struct(&own, sizeof own, new_chat, new_chat->struct_bytes, ret_error);
    if (status == PARLEY_OK)
        status = check_texts((const char *const[]){own.name, own.description}, 2, ret_error);
    if (status == PARLEY_OK)
        status = check_metadata(own.metadata, own.metadata_count, ret_error);
    if (status != PARLEY_OK)
        return status;
    parley__v1__create_chat_request__init(request);
    request->chat_type = (Parley__V1__ChatType)own.chat_type;
    request->name = pl_request_text(own.name);
    request->description = pl_request_text(own.description);
    request->settings = settings_of(&own, arena);
    request->participants = pl_request_participants(own.participants, own.participant_count, arena);
    request->n_participants = own.participant_count;
    PL_REQUEST_SET_METADATA(request, &own, Parley__V1__CreateChatRequest__MetadataEntry,
                            parley__v1__create_chat_request__metadata_entry__init, arena);
    *ret_request = request;
    return PARLEY_OK;
}

parley_status pl_request_of_new_user(const parley_new_user *new_user, struct pl_arena *arena,
                                     Parley__V1__CreateUserRequest **ret_request, parley_error *ret_error)
{
    parley_new_user own;
    Parley__V1__CreateUserRequest *request = pl_arena_new(arena, Parley__V1__CreateUserRequest);
    parley_status status = pl_request_take_struct(&own, sizeof own, new_user, new_user->struct_bytes, ret_error);
    if (status == PARLEY_OK)
        status = check_texts(
            (const char *const[]){own.username, own.phone_number, own.display_name, own.about, own.avatar_url}, 5,
            ret_error);
    if (status == PARLEY_OK)
        status = check_metadata(own.metadata, own.metadata_count, ret_error);
    if (status != PARLEY_OK)
        return status;
    parley__v1__create_user_request__init(request);
    request->username = pl_request_text(own.username);
    request->phone_number = pl_request_text(own.phone_number);
    request->display_name = pl_request_text(own.display_name);
    request->about = pl_request_text(own.about);
    request->avatar_url = pl_request_text(own.avatar_url);
    PL_REQUEST_SET_METADATA(request, &own, Parley__V1__CreateUserRequest__MetadataEntry,
                            parley__v1__create_user_request__metadata_entry__init, arena);
    *ret_request = request;
    return PARLEY_OK;
}
