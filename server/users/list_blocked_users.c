/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.ListBlockedUsers. */
#include "page.h"
#include "users/block.h"
#include "users/service.h"
#include "users/user.h"

static void list_blocked_users(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_blocked_users = {
    .path = "/parley.v1.UserService/ListBlockedUsers",
    .request_bytes_max = 1024,
    .handle = list_blocked_users,
};

static void list_blocked_users(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListBlockedUsersRequest *request = (const Parley__V1__ListBlockedUsersRequest *)message;
    struct pl_user_id user_id;
    if (!pl_user_parse(call, request->user_id, &user_id))
        return;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page =
        (struct pl_page){.call = call, .list = PL_PAGE_BLOCKS, .subject = user_id.uuid, .missing = PL_USER_NOT_FOUND};
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_GET), call, &user_id);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_BLOCKS_LIST);
    pl_params_uuid(params, &user_id.uuid);
    pl_page_put(page, params);
    pl_server_submit(call, query);
}

static void on_found(struct pl_query *query, void *context)
{
    const struct pl_page *page = context;
    struct pl_arena *arena = pl_call_arena(page->call);
    const struct pl_rows *rows = pl_page_rows(page, query);
    if (rows == NULL)
        return;
    Parley__V1__ListBlockedUsersResponse response = PARLEY__V1__LIST_BLOCKED_USERS_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_blocks = (size_t)count;
    response.blocks = pl_arena_array(arena, Parley__V1__Block *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.blocks[row] = pl_block_from_row(rows, row, arena);
    response.next_page_token = pl_page_next_token(page, rows, 0);
    pl_call_reply(page->call, &response.base);
}
