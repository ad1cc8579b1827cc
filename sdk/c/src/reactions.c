/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService: reactions to messages. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request_parts.h"

static void convert_message(void *ret_message, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    pl_convert_message(ret_message, (const Parley__V1__Message *)reply, arena);
}

static void convert_page(void *ret_reactions, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListReactionsResponse *page = (const Parley__V1__ListReactionsResponse *)reply;
    parley_reaction *items = pl_arena_array(arena, parley_reaction, page->n_reactions + 1);
    for (size_t i = 0; i < page->n_reactions; i++)
        items[i] = (parley_reaction){.user_id = page->reactions[i]->user_id,
                                     .emoji = page->reactions[i]->emoji,
                                     .reacted_at_us = pl_convert_time_us(page->reactions[i]->reacted_at)};
    *(parley_reactions *)ret_reactions =
        (parley_reactions){.items = items, .count = page->n_reactions, .next_page_token = page->next_page_token};
}

/* The second of two attempts changes nothing, unless the user reacted otherwise in between. */
parley_status parley_react_to_message(parley_client *client, const char *message_id, const char *emoji,
                                      parley_message **ret_message, parley_error *ret_error)
{
    Parley__V1__ReactToMessageRequest request = PARLEY__V1__REACT_TO_MESSAGE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/ReactToMessage",
                                        .request = &request.base,
                                        .reply = &parley__v1__message__descriptor,
                                        .convert = convert_message,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    request.emoji = pl_request_text(emoji);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_message)), ret_message, ret_error);
}

parley_status parley_list_reactions(parley_client *client, const char *message_id, int page_size,
                                    const char *page_token, parley_reactions **ret_reactions, parley_error *ret_error)
{
    Parley__V1__ListReactionsRequest request = PARLEY__V1__LIST_REACTIONS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/ListReactions",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_reactions_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_reactions)), ret_reactions, ret_error);
}
