/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.ListSigningKeys: what proves the tokens of an app, newest first. */
#include "apps/own_app.h"
#include "apps/service.h"
#include "apps/signing_key.h"
#include "page.h"

static void list_signing_keys(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_signing_keys = {
    .path = "/parley.v1.AdminService/ListSigningKeys",
    .request_bytes_max = 1024,
    .handle = list_signing_keys,
};

static void list_signing_keys(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListSigningKeysRequest *request = (const Parley__V1__ListSigningKeysRequest *)message;
    struct pl_app_id app_id;
    if (!pl_own_app_parse(call, request->app_id, &app_id))
        return;
    struct pl_page *page = pl_arena_new(pl_call_arena(call), struct pl_page);
    *page = (struct pl_page){
        .call = call, .list = PL_PAGE_SIGNING_KEYS, .subject = app_id.uuid, .missing = PL_APP_NOT_FOUND};
    if (!pl_page_take(page, request->page_size, request->page_token))
        return;
    struct pl_query *query = pl_server_query(call, on_found, page);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &app_id.uuid);
    struct pl_params *keys = pl_query_add(query, PL_STATEMENT_SIGNING_KEYS_LIST);
    pl_params_uuid(keys, &app_id.uuid);
    pl_page_put(page, keys);
    pl_server_submit(call, query);
}

static void on_found(struct pl_query *query, void *context)
{
    const struct pl_page *page = context;
    struct pl_call *call = page->call;
    const struct pl_app_id app_id = {page->subject};
    const struct pl_rows *rows = pl_page_rows(page, query);
    if (rows == NULL)
        return;
    int count = pl_page_count(page, rows);
    Parley__V1__ListSigningKeysResponse response = PARLEY__V1__LIST_SIGNING_KEYS_RESPONSE__INIT;
    response.n_signing_keys = (size_t)count;
    response.signing_keys = pl_arena_array(pl_call_arena(call), Parley__V1__SigningKey *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.signing_keys[row] = pl_signing_key_from_row(rows, row, &app_id, pl_call_arena(call));
    response.next_page_token = pl_page_next_token(page, rows, 0);
    pl_call_reply(call, &response.base);
}
