/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* SyncService. */
#include <parley/sync.h>

#include "parley/v1/sync_service.pb-c.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request_parts.h"

#define WAIT_S_MAX 60

static void convert_page(void *ret_heads, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListHeadsResponse *page = (const Parley__V1__ListHeadsResponse *)reply;
    parley_head *items = pl_arena_array(arena, parley_head, page->n_heads + 1);
    for (size_t i = 0; i < page->n_heads; i++)
        items[i] = (parley_head){.chat_id = page->heads[i]->chat_id,
                                 .last_seq = page->heads[i]->last_seq,
                                 .read_seq = page->heads[i]->read_seq,
                                 .first_seq = page->heads[i]->first_seq};
    *(parley_heads *)ret_heads =
        (parley_heads){.items = items, .count = page->n_heads, .next_page_token = page->next_page_token};
}

parley_status parley_list_heads(parley_client *client, int page_size, const char *page_token, parley_heads **ret_heads,
                                parley_error *ret_error)
{
    Parley__V1__ListHeadsRequest request = PARLEY__V1__LIST_HEADS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.SyncService/ListHeads",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_heads_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_heads)), ret_heads, ret_error);
}

static void convert_sync(void *ret_page, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__SyncResponse *from = (const Parley__V1__SyncResponse *)reply;
    parley_message *entries = pl_arena_array(arena, parley_message, from->n_entries + 1);
    parley_receipt *receipts = pl_arena_array(arena, parley_receipt, from->n_receipts + 1);
    parley_group_receipt *of_groups = pl_arena_array(arena, parley_group_receipt, from->n_group_receipts + 1);
    parley_log_start *log_starts = pl_arena_array(arena, parley_log_start, from->n_log_starts + 1);
    for (size_t i = 0; i < from->n_log_starts; i++)
        log_starts[i] = (parley_log_start){from->log_starts[i]->chat_id, from->log_starts[i]->first_seq};
    for (size_t i = 0; i < from->n_entries; i++)
        pl_convert_message(&entries[i], from->entries[i], arena);
    for (size_t i = 0; i < from->n_receipts; i++)
        pl_convert_receipt(&receipts[i], from->receipts[i]);
    for (size_t i = 0; i < from->n_group_receipts; i++)
        pl_convert_group_receipt(&of_groups[i], from->group_receipts[i]);
    *(parley_sync_page *)ret_page = (parley_sync_page){.entries = entries,
                                                       .entry_count = from->n_entries,
                                                       .receipts = receipts,
                                                       .receipt_count = from->n_receipts,
                                                       .group_receipts = of_groups,
                                                       .group_receipt_count = from->n_group_receipts,
                                                       .more = from->more,
                                                       .sync_token = from->sync_token,
                                                       .log_starts = log_starts,
                                                       .log_start_count = from->n_log_starts};
}

/* The server refuses a wait that is out of its bounds. */
static int rest_ms(int wait_seconds)
{
    return wait_seconds < 0 || wait_seconds > WAIT_S_MAX ? 0 : wait_seconds * 1000;
}

parley_status parley_sync(parley_client *client, const parley_sync_options *options, parley_sync_page **ret_page,
                          parley_error *ret_error)
{
    Parley__V1__SyncRequest request = PARLEY__V1__SYNC_REQUEST__INIT;
    parley_sync_options own;
    parley_status status = pl_request_take_struct(&own, sizeof own, options, options->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    const struct pl_client_call call = {.path = "/parley.v1.SyncService/Sync",
                                        .request = &request.base,
                                        .reply = &parley__v1__sync_response__descriptor,
                                        .convert = convert_sync,
                                        .repeatable = true,
                                        .rest_ms = rest_ms(own.wait_seconds)};
    request.wait_seconds = own.wait_seconds;
    request.page_size = own.page_size;
    request.sync_token = pl_request_text(own.sync_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_sync_page)), ret_page, ret_error);
}

parley_status parley_ack_sync(parley_client *client, const parley_cursor *acks, size_t count, parley_error *ret_error)
{
    Parley__V1__AckSyncRequest request = PARLEY__V1__ACK_SYNC_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.SyncService/AckSync",
                                        .request = &request.base,
                                        .reply = &parley__v1__ack_sync_response__descriptor,
                                        .repeatable = true};
    struct pl_arena arena;
    parley_status status;
    pl_arena_init(&arena, 0);
    request.n_acks = count;
    request.acks = pl_arena_array(&arena, Parley__V1__Cursor *, count + 1);
    for (size_t i = 0; i < count; i++) {
        request.acks[i] = pl_arena_new(&arena, Parley__V1__Cursor);
        parley__v1__cursor__init(request.acks[i]);
        request.acks[i]->chat_id = pl_request_text(acks[i].chat_id);
        request.acks[i]->seq = acks[i].seq;
    }
    status = pl_client_fetch_value(client, &call, NULL, ret_error);
    pl_arena_fini(&arena);
    return status;
}
