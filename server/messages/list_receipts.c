/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * MessageService.ListReceipts: who has a message and who has read it, by watermark; since when, by the moves of
 * watermarks, which are kept for 30 days.
 */
#include "messages/message_list.h"
#include "messages/service.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/fields.h"

enum { COLUMN_USER, COLUMN_DELIVERED, COLUMN_READ, COLUMN_DELIVERED_AT, COLUMN_READ_AT };

static void list_receipts(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_receipts = {
    .path = "/parley.v1.MessageService/ListReceipts",
    .request_bytes_max = 1024,
    .handle = list_receipts,
};

static void list_receipts(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListReceiptsRequest *request = (const Parley__V1__ListReceiptsRequest *)message;
    const struct pl_message_list list = {
        .list = PL_PAGE_RECEIPTS,
        .statement = PL_STATEMENT_RECEIPTS_LIST,
        .message_id = request->message_id,
        .page_size = request->page_size,
        .page_token = request->page_token,
    };
    pl_message_list_ask(call, &list, on_found);
}

static Parley__V1__MessageStatus status_of(const struct pl_rows *rows, int row)
{
    if (pl_rows_bool(rows, row, COLUMN_READ))
        return PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_READ;
    if (pl_rows_bool(rows, row, COLUMN_DELIVERED))
        return PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_DELIVERED;
    return PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT;
}

static Parley__V1__MessageReceipt *read_receipt(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    struct pl_uuid user_id = pl_rows_uuid(rows, row, COLUMN_USER);
    Parley__V1__MessageReceipt *receipt = pl_arena_new(arena, Parley__V1__MessageReceipt);
    parley__v1__message_receipt__init(receipt);
    receipt->user_id = pl_field_uuid(&user_id, arena);
    receipt->status = status_of(rows, row);
    receipt->delivered_at = pl_field_time(pl_rows_time(rows, row, COLUMN_DELIVERED_AT), arena);
    receipt->read_at = pl_field_time(pl_rows_time(rows, row, COLUMN_READ_AT), arena);
    return receipt;
}

static void on_found(struct pl_query *query, void *context)
{
    const struct pl_page *page = context;
    struct pl_arena *arena = pl_call_arena(page->call);
    const struct pl_rows *rows = pl_page_rows(page, query);
    if (rows == NULL)
        return;
    Parley__V1__ListReceiptsResponse response = PARLEY__V1__LIST_RECEIPTS_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_receipts = (size_t)count;
    response.receipts = pl_arena_array(arena, Parley__V1__MessageReceipt *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.receipts[row] = read_receipt(rows, row, arena);
    response.next_page_token = pl_page_next_token(page, rows, COLUMN_USER);
    pl_call_reply(page->call, &response.base);
}
