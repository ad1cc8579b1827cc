/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* SyncService.ListHeads: many small rows, so its pages are larger than those of other lists. */
#include "base/limits.h"
#include "page.h"
#include "parley/v1/sync_service.pb-c.h"
#include "rpc/fields.h"
#include "sync/service.h"

enum { COLUMN_CHAT, COLUMN_LAST_SEQ, COLUMN_READ_SEQ, COLUMN_FIRST_SEQ, COLUMN_UNREAD };

static void list_heads(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_heads = {
    .path = "/parley.v1.SyncService/ListHeads",
    .request_bytes_max = 1024,
    .handle = list_heads,
};

static void list_heads(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListHeadsRequest *request = (const Parley__V1__ListHeadsRequest *)message;
    const struct pl_user_id *user = &pl_call_principal(call)->user_id;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page = (struct pl_page){
        .call = call, .list = PL_PAGE_HEADS, .subject = user->uuid, .size_max = PL_HEADS_PAGE_SIZE_MAX};
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_HEADS_LIST);
    pl_params_uuid(params, &user->uuid);
    pl_page_put(page, params);
    pl_params_bool(params, request->count_unread);
    pl_server_submit(call, query);
}

static Parley__V1__Head *read_head(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    struct pl_uuid chat_id = pl_rows_uuid(rows, row, COLUMN_CHAT);
    Parley__V1__Head *head = pl_arena_new(arena, Parley__V1__Head);
    parley__v1__head__init(head);
    head->chat_id = pl_field_uuid(&chat_id, arena);
    head->last_seq = pl_rows_int(rows, row, COLUMN_LAST_SEQ);
    head->read_seq = pl_rows_int(rows, row, COLUMN_READ_SEQ);
    head->first_seq = pl_rows_int(rows, row, COLUMN_FIRST_SEQ);
    head->unread_count = (int32_t)pl_rows_int(rows, row, COLUMN_UNREAD);
    return head;
}

static void on_found(struct pl_query *query, void *context)
{
    const struct pl_page *page = context;
    struct pl_arena *arena = pl_call_arena(page->call);
    const struct pl_rows *rows = pl_page_rows(page, query);
    if (rows == NULL)
        return;
    Parley__V1__ListHeadsResponse response = PARLEY__V1__LIST_HEADS_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_heads = (size_t)count;
    response.heads = pl_arena_array(arena, Parley__V1__Head *, (size_t)count);
    for (int row = 0; row < count; row++) {
        response.heads[row] = read_head(rows, row, arena);
        response.unread_count += response.heads[row]->unread_count;
    }
    response.next_page_token = pl_page_next_token(page, rows, COLUMN_CHAT);
    pl_call_reply(page->call, &response.base);
}
