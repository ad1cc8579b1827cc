/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "messages/message_list.h"

#include "rpc/fields.h"

static void put_message(struct pl_params *params, const struct pl_page *page)
{
    pl_params_uuid(params, &page->subject);
    pl_params_uuid(params, &pl_call_principal(page->call)->user_id.uuid);
}

void pl_message_list_ask(struct pl_call *call, const struct pl_message_list *list,
                         void (*done)(struct pl_query *query, void *context))
{
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page = (struct pl_page){.call = call, .list = list->list, .missing = PL_MESSAGE_NOT_FOUND};
    if (!pl_field_take_uuid(call, "message_id", list->message_id, &page->subject) ||
        !pl_page_take(page, list->page_size, list->page_token))
        return;
    struct pl_query *query = pl_server_query(call, done, page);
    put_message(pl_query_add(query, PL_STATEMENT_MESSAGE_PLACE), page);
    struct pl_params *rows = pl_query_add(query, list->statement);
    put_message(rows, page);
    pl_page_put(page, rows);
    pl_server_submit(call, query);
}
