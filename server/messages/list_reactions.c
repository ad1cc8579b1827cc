/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.ListReactions: who reacted to a message, by user. */
#include "messages/service.h"
#include "page.h"
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

static void ask(const struct pl_page *page, struct pl_query *query)
{
    const struct pl_uuid *user = &pl_call_principal(page->call)->user_id.uuid;
    struct pl_params *place = pl_query_add(query, PL_STATEMENT_MESSAGE_PLACE);
    pl_params_uuid(place, &page->subject);
    pl_params_uuid(place, user);
    struct pl_params *reactions = pl_query_add(query, PL_STATEMENT_REACTIONS_LIST);
    pl_params_uuid(reactions, &page->subject);
    pl_params_uuid(reactions, user);
    pl_page_put(page, reactions);
}

static void list_reactions(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListReactionsRequest *request = (const Parley__V1__ListReactionsRequest *)message;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page = (struct pl_page){.call = call, .list = PL_PAGE_REACTIONS, .missing = PL_MESSAGE_NOT_FOUND};
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &page->subject))
        return;
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    ask(page, query);
    pl_server_submit(call, query);
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
