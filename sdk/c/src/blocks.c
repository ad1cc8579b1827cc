/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService: whom a user blocks. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"

static parley_block block_of(const Parley__V1__Block *from)
{
    return (parley_block){.blocked_user_id = from->blocked_user_id,
                          .created_at_us = pl_convert_time_us(from->created_at)};
}

static void convert_block(void *ret_block, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    *(parley_block *)ret_block = block_of((const Parley__V1__Block *)reply);
}

static void convert_page(void *ret_blocks, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListBlockedUsersResponse *page = (const Parley__V1__ListBlockedUsersResponse *)reply;
    parley_block *items = pl_arena_array(arena, parley_block, page->n_blocks + 1);
    for (size_t i = 0; i < page->n_blocks; i++)
        items[i] = block_of(page->blocks[i]);
    *(parley_blocks *)ret_blocks =
        (parley_blocks){.items = items, .count = page->n_blocks, .next_page_token = page->next_page_token};
}

parley_status parley_block_user(parley_client *client, const char *user_id, const char *blocked_user_id,
                                parley_block **ret_block, parley_error *ret_error)
{
    Parley__V1__BlockUserRequest request = PARLEY__V1__BLOCK_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/BlockUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__block__descriptor,
                                        .convert = convert_block,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.blocked_user_id = pl_request_text(blocked_user_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_block)), ret_block, ret_error);
}

parley_status parley_unblock_user(parley_client *client, const char *user_id, const char *blocked_user_id,
                                  parley_error *ret_error)
{
    Parley__V1__UnblockUserRequest request = PARLEY__V1__UNBLOCK_USER_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/UnblockUser",
                                        .request = &request.base,
                                        .reply = &parley__v1__unblock_user_response__descriptor,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.blocked_user_id = pl_request_text(blocked_user_id);
    return pl_client_fetch_value(client, &call, NULL, ret_error);
}

parley_status parley_list_blocked_users(parley_client *client, const char *user_id, int page_size,
                                        const char *page_token, parley_blocks **ret_blocks, parley_error *ret_error)
{
    Parley__V1__ListBlockedUsersRequest request = PARLEY__V1__LIST_BLOCKED_USERS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.UserService/ListBlockedUsers",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_blocked_users_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_blocks)), ret_blocks, ret_error);
}
