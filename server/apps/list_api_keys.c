/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.ListApiKeys: what opens an app, newest first, without the secrets. */
#include "apps/app.h"
#include "apps/own_app.h"
#include "apps/service.h"
#include "page.h"

static void list_api_keys(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_api_keys = {
    .path = "/parley.v1.AdminService/ListApiKeys",
    .request_bytes_max = 1024,
    .handle = list_api_keys,
};

static void list_api_keys(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListApiKeysRequest *request = (const Parley__V1__ListApiKeysRequest *)message;
    struct pl_app_id app_id;
    if (!pl_own_app_parse(call, request->app_id, &app_id))
        return;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page =
        (struct pl_page){.call = call, .list = PL_PAGE_API_KEYS, .subject = app_id.uuid, .missing = PL_APP_NOT_FOUND};
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &app_id.uuid);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_API_KEYS_LIST);
    pl_params_uuid(params, &app_id.uuid);
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
    Parley__V1__ListApiKeysResponse response = PARLEY__V1__LIST_API_KEYS_RESPONSE__INIT;
    int count = pl_page_count(page, rows);
    response.n_api_keys = (size_t)count;
    response.api_keys = pl_arena_array(arena, Parley__V1__ApiKey *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.api_keys[row] = pl_app_key_from_row(rows, row, arena);
    response.next_page_token = pl_page_next_token(page, rows, 0);
    pl_call_reply(page->call, &response.base);
}
