/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.ListUsers: everybody of an app, newest first. */
#include "page.h"
#include "users/service.h"
#include "users/user.h"

static void list_users(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_users = {
    .path = "/parley.v1.UserService/ListUsers",
    .request_bytes_max = 1024,
    .handle = list_users,
};

static void list_users(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListUsersRequest *request = (const Parley__V1__ListUsersRequest *)message;
    const struct pl_app_id *app = &pl_call_principal(call)->app_id;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page = (struct pl_page){.call = call, .list = PL_PAGE_USERS, .subject = app->uuid};
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERS_LIST);
    pl_params_uuid(params, &app->uuid);
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
    Parley__V1__ListUsersResponse response = PARLEY__V1__LIST_USERS_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_users = (size_t)count;
    response.users = pl_arena_array(arena, Parley__V1__User *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.users[row] = pl_user_from_row(rows, row, pl_call_principal(page->call), arena);
    response.next_page_token = pl_page_next_token(page, rows, 0);
    pl_call_reply(page->call, &response.base);
}
