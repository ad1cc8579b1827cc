/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "messages/reactions.h"

#include "base/limits.h"
#include "messages/message.h"

enum { COLUMN_MESSAGE, COLUMN_EMOJI, COLUMN_COUNT, COLUMN_MINE };

bool pl_reactions_expected(const struct pl_message *message)
{
    return (message->flags & PL_FLAG_REACTED) != 0 && message->deleted_at_us == 0 && !pl_message_is_expired(message);
}

void pl_reactions_ask(struct pl_query *query, struct pl_call *call, const struct pl_chat_id *chat_id,
                      const struct pl_message_id *message_ids, size_t count)
{
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_REACTIONS_COUNT);
    struct pl_array array;
    pl_params_uuid(params, &chat_id->uuid);
    pl_params_uuid(params, &pl_call_principal(call)->user_id.uuid);
    pl_array_begin(&array, params, PL_ELEMENT_UUID, count);
    for (size_t i = 0; i < count; i++)
        pl_array_uuid(&array, &message_ids[i].uuid);
    pl_array_end(&array);
}

static Parley__V1__Message *find_message(Parley__V1__Message *const *messages, size_t count,
                                         const struct pl_uuid *message_id)
{
    struct pl_uuid own;
    for (size_t i = 0; i < count; i++)
        if (pl_uuid_parse(messages[i]->message_id, &own) == PL_OK && pl_uuid_equal(&own, message_id))
            return messages[i];
    return NULL;
}

static Parley__V1__ReactionCount *read_count(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    Parley__V1__ReactionCount *counted = pl_arena_new(arena, Parley__V1__ReactionCount);
    size_t bytes = 0;
    const void *emoji = pl_rows_bytes(rows, row, COLUMN_EMOJI, &bytes);
    parley__v1__reaction_count__init(counted);
    counted->emoji = pl_arena_copy(arena, emoji, bytes);
    counted->count = (int32_t)pl_rows_int(rows, row, COLUMN_COUNT);
    counted->mine = pl_rows_bool(rows, row, COLUMN_MINE);
    return counted;
}

void pl_reactions_put(const struct pl_rows *rows, Parley__V1__Message *const *messages, size_t count,
                      struct pl_arena *arena)
{
    struct pl_uuid found_id = {{0}};
    Parley__V1__Message *message = NULL;
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_uuid message_id = pl_rows_uuid(rows, row, COLUMN_MESSAGE);
        /* The rows are by message: a page with as many reactions as it can have is not looked through for each. */
        if (!pl_uuid_equal(&message_id, &found_id))
            message = find_message(messages, count, &message_id);
        found_id = message_id;
        if (message == NULL || message->n_reactions == PL_REACTION_EMOJIS_MAX)
            continue;
        if (message->n_reactions == 0)
            message->reactions = pl_arena_array(arena, Parley__V1__ReactionCount *, PL_REACTION_EMOJIS_MAX);
        message->reactions[message->n_reactions++] = read_count(rows, row, arena);
    }
}
