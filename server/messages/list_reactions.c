/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.ListReactions: who reacted to a message, by user. */
#include "messages/message_list.h"
#include "messages/service.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/fields.h"

enum { COLUMN_USER, COLUMN_EMOJI, COLUMN_AT };

static void list_reactions(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_reactions = {
    .path = "/parley.v1.MessageService/ListReactions",
    .request_bytes_max = 1024,
    .handle = list_reactions,
};

static void list_reactions(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListReactionsRequest *request = (const Parley__V1__ListReactionsRequest *)message;
    const struct pl_message_list list = {
        .list = PL_PAGE_REACTIONS,
        .statement = PL_STATEMENT_REACTIONS_LIST,
        .message_id = request->message_id,
        .page_size = request->page_size,
        .page_token = request->page_token,
    };
    pl_message_list_ask(call, &list, on_found);
}

static Parley__V1__Reaction *read_reaction(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    struct pl_uuid user_id = pl_rows_uuid(rows, row, COLUMN_USER);
    Parley__V1__Reaction *reaction = pl_arena_new(arena, Parley__V1__Reaction);
    size_t bytes = 0;
    const void *emoji = pl_rows_bytes(rows, row, COLUMN_EMOJI, &bytes);
    parley__v1__reaction__init(reaction);
    reaction->user_id = pl_field_uuid(&user_id, arena);
    reaction->emoji = pl_arena_copy(arena, emoji, bytes);
    reaction->reacted_at = pl_field_time(pl_rows_time(rows, row, COLUMN_AT), arena);
    return reaction;
}

static void on_found(struct pl_query *query, void *context)
{
    const struct pl_page *page = context;
    struct pl_arena *arena = pl_call_arena(page->call);
    const struct pl_rows *rows = pl_page_rows(page, query);
    if (rows == NULL)
        return;
    Parley__V1__ListReactionsResponse response = PARLEY__V1__LIST_REACTIONS_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_reactions = (size_t)count;
    response.reactions = pl_arena_array(arena, Parley__V1__Reaction *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.reactions[row] = read_reaction(rows, row, arena);
    response.next_page_token = pl_page_next_token(page, rows, COLUMN_USER);
    pl_call_reply(page->call, &response.base);
}
