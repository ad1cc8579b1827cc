/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One reading of a chat's rows, for every method that answers with a chat. */
#include "chats/chat.h"

#include "chats/settings.h"
#include "rpc/fields.h"

/* Of an individual chat there is nothing to set but one. */
static void put_settings(Parley__V1__Chat *chat, const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    size_t bytes = 0;
    const void *packed = pl_rows_bytes(rows, row, 10, &bytes);
    chat->settings = pl_settings_read(packed, bytes, arena);
    if (chat->chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_INDIVIDUAL) {
        int32_t message_ttl = chat->settings->message_ttl;
        parley__v1__chat_settings__init(chat->settings);
        chat->settings->message_ttl = message_ttl;
    }
    chat->etag = pl_arena_printf(arena, "%lld", (long long)pl_rows_int(rows, row, 11));
}

void pl_chat_put_metadata(struct pl_params *params, const void *entries, size_t count, struct pl_arena *arena)
{
    /* Entries of all maps of strings have one layout. */
    const Parley__V1__Chat__MetadataEntry *const *from = entries;
    Parley__V1__Chat only = PARLEY__V1__CHAT__INIT;
    only.n_metadata = count;
    only.metadata = pl_arena_array(arena, Parley__V1__Chat__MetadataEntry *, count);
    for (size_t i = 0; i < count; i++) {
        only.metadata[i] = pl_arena_new(arena, Parley__V1__Chat__MetadataEntry);
        parley__v1__chat__metadata_entry__init(only.metadata[i]);
        only.metadata[i]->key = from[i]->key;
        only.metadata[i]->value = from[i]->value;
    }
    size_t bytes = 0;
    const uint8_t *packed = pl_field_pack(&only.base, arena, &bytes);
    pl_params_bytes(params, count > 0 ? packed : NULL, bytes);
}

Parley__V1__Chat *pl_chat_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    size_t bytes = 0;
    const void *metadata = pl_rows_bytes(rows, row, 4, &bytes);
    Parley__V1__Chat *chat = (Parley__V1__Chat *)pl_field_unpack(&parley__v1__chat__descriptor, metadata, bytes, arena);
    struct pl_uuid chat_id = pl_rows_uuid(rows, row, 0);
    chat->chat_id = pl_field_uuid(&chat_id, arena);
    chat->chat_type = (Parley__V1__ChatType)pl_rows_int(rows, row, 1);
    chat->name = (char *)pl_rows_text(rows, row, 2);
    chat->description = (char *)pl_rows_text(rows, row, 3);
    chat->created_at = pl_field_time(pl_rows_time(rows, row, 5), arena);
    chat->last_message_at = pl_field_time(pl_rows_time(rows, row, 6), arena);
    chat->last_seq = pl_rows_int(rows, row, 7);
    chat->participant_count = (int32_t)pl_rows_int(rows, row, 8);
    chat->unread_count = (int32_t)pl_rows_int(rows, row, 12);
    struct pl_uuid avatar = pl_rows_uuid(rows, row, 9);
    chat->avatar_media_id = pl_field_uuid(&avatar, arena);
    if (chat->chat_type != PARLEY__V1__CHAT_TYPE__CHAT_TYPE_SELF)
        put_settings(chat, rows, row, arena);
    return chat;
}

Parley__V1__Participant *pl_chat_participant_from_row(char *chat_id, const struct pl_rows *rows, int row,
                                                      struct pl_arena *arena)
{
    Parley__V1__Participant *participant = pl_arena_new(arena, Parley__V1__Participant);
    parley__v1__participant__init(participant);
    struct pl_uuid user_id = pl_rows_uuid(rows, row, 0);
    participant->chat_id = chat_id;
    participant->user_id = pl_field_uuid(&user_id, arena);
    participant->role = (Parley__V1__Role)pl_rows_int(rows, row, 1);
    participant->joined_at = pl_field_time(pl_rows_time(rows, row, 2), arena);
    participant->last_delivered_seq = pl_rows_int(rows, row, 3);
    participant->last_read_seq = pl_rows_int(rows, row, 4);
    return participant;
}

static void put_participants(Parley__V1__Chat *chat, const struct pl_rows *rows, struct pl_arena *arena)
{
    int count = pl_rows_count(rows);
    chat->n_participants = (size_t)count;
    chat->participants = pl_arena_array(arena, Parley__V1__Participant *, (size_t)count);
    for (int row = 0; row < count; row++)
        chat->participants[row] = pl_chat_participant_from_row(chat->chat_id, rows, row, arena);
}

static void ask_participants(struct pl_query *query, const struct pl_chat_id *chat, const struct pl_user_id *user)
{
    struct pl_params *participants = pl_query_add(query, PL_STATEMENT_CHAT_PARTICIPANTS);
    pl_params_uuid(participants, &chat->uuid);
    pl_params_uuid(participants, &user->uuid);
}

void pl_chat_ask(struct pl_query *query, const struct pl_chat_id *chat, const struct pl_user_id *user)
{
    struct pl_params *get = pl_query_add(query, PL_STATEMENT_CHAT_GET);
    pl_params_uuid(get, &chat->uuid);
    pl_params_uuid(get, &user->uuid);
    ask_participants(query, chat, user);
}

void pl_chat_ask_as(struct pl_query *query, const struct pl_chat_id *chat, const struct pl_principal *principal)
{
    if (principal->kind != PL_PRINCIPAL_APP) {
        pl_chat_ask(query, chat, &principal->user_id);
        return;
    }
    struct pl_params *get = pl_query_add(query, PL_STATEMENT_CHAT_GET_IN_APP);
    pl_params_uuid(get, &chat->uuid);
    pl_params_uuid(get, &principal->app_id.uuid);
    ask_participants(query, chat, &principal->user_id);
}

Parley__V1__Chat *pl_chat_take(struct pl_call *call, const struct pl_query *query, unsigned first)
{
    const struct pl_rows *rows = &query->steps[first].rows;
    if (pl_rows_count(rows) == 0)
        return NULL;
    Parley__V1__Chat *chat = pl_chat_from_row(rows, 0, pl_call_arena(call));
    put_participants(chat, &query->steps[first + 1].rows, pl_call_arena(call));
    return chat;
}

void pl_chat_reply(struct pl_call *call, const struct pl_query *query, unsigned first)
{
    const Parley__V1__Chat *chat = pl_chat_take(call, query, first);
    if (chat == NULL)
        pl_call_fail(call, PL_NOT_A_MEMBER, NULL);
    else
        pl_call_reply(call, &chat->base);
}
