/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService: how far messages have come, and that they were read. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"

static void convert_page(void *ret_receipts, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListReceiptsResponse *page = (const Parley__V1__ListReceiptsResponse *)reply;
    parley_message_receipt *items = pl_arena_array(arena, parley_message_receipt, page->n_receipts + 1);
    for (size_t i = 0; i < page->n_receipts; i++)
        items[i] = (parley_message_receipt){.user_id = page->receipts[i]->user_id,
                                            .status = (parley_message_status)page->receipts[i]->status,
                                            .delivered_at_us = pl_convert_time_us(page->receipts[i]->delivered_at),
                                            .read_at_us = pl_convert_time_us(page->receipts[i]->read_at)};
    *(parley_message_receipts *)ret_receipts =
        (parley_message_receipts){.items = items, .count = page->n_receipts, .next_page_token = page->next_page_token};
}

static void convert_mark(void *ret_mark, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__MarkReadResponse *response = (const Parley__V1__MarkReadResponse *)reply;
    (void)arena;
    *(parley_read_mark *)ret_mark =
        (parley_read_mark){.chat_id = response->chat_id, .last_read_seq = response->last_read_seq};
}

parley_status parley_list_receipts(parley_client *client, const char *message_id, int page_size, const char *page_token,
                                   parley_message_receipts **ret_receipts, parley_error *ret_error)
{
    Parley__V1__ListReceiptsRequest request = PARLEY__V1__LIST_RECEIPTS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/ListReceipts",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_receipts_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_message_receipts)), ret_receipts, ret_error);
}

parley_status parley_mark_read(parley_client *client, const char *message_id, parley_read_mark **ret_mark,
                               parley_error *ret_error)
{
    Parley__V1__MarkReadRequest request = PARLEY__V1__MARK_READ_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/MarkRead",
                                        .request = &request.base,
                                        .reply = &parley__v1__mark_read_response__descriptor,
                                        .convert = convert_mark,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_read_mark)), ret_mark, ret_error);
}
