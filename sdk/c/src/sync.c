/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* SyncService. */
#include <parley/sync.h>

#include "parley/v1/sync_service.pb-c.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/reply.h"

static void convert_page(void *ret_heads, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListHeadsResponse *page = (const Parley__V1__ListHeadsResponse *)reply;
    parley_head *items = pl_arena_array(arena, parley_head, page->n_heads + 1);
    for (size_t i = 0; i < page->n_heads; i++)
        items[i] = (parley_head){.chat_id = page->heads[i]->chat_id,
                                 .last_seq = page->heads[i]->last_seq,
                                 .read_seq = page->heads[i]->read_seq};
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
