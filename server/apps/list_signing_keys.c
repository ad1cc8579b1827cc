/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* AdminService.ListSigningKeys: what proves the tokens of an app, newest first. */
#include "apps/own_app.h"
#include "apps/service.h"
#include "apps/signing_key.h"
#include "auth/page_token.h"
#include "rpc/fields.h"
#include "server.h"

enum { STEP_APP, STEP_KEYS };

static void list_signing_keys(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_signing_keys = {
    .path = "/parley.v1.AdminService/ListSigningKeys",
    .request_bytes_max = 1024,
    .handle = list_signing_keys,
};

struct listing {
    struct pl_call *call;
    struct pl_app_id app_id;
    struct pl_page_cursor after; /* id: a key's */
    int page_size;
};

static enum pl_status take_page(const Parley__V1__ListSigningKeysRequest *request, struct listing *listing)
{
    const struct pl_server *server = pl_call_context(listing->call);
    enum pl_status status = pl_field_page_size(request->page_size, &listing->page_size);
    if (status != PL_OK || request->page_token[0] == '\0')
        return status;
    return pl_page_token_parse(pl_db_page_token_key(server->db), PL_PAGE_SIGNING_KEYS, &listing->app_id.uuid,
                               request->page_token, &listing->after);
}

static void list_signing_keys(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListSigningKeysRequest *request = (const Parley__V1__ListSigningKeysRequest *)message;
    struct listing *listing = pl_arena_new(pl_call_arena(call), struct listing);
    listing->call = call;
    if (!pl_own_app_parse(call, request->app_id, &listing->app_id))
        return;
    enum pl_status status = take_page(request, listing);
    if (status != PL_OK) {
        pl_call_fail(call, status, NULL);
        return;
    }
    struct pl_query *query = pl_server_query(call, on_found, listing);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_SIGNING_KEYS_APP), &listing->app_id.uuid);
    struct pl_params *keys = pl_query_add(query, PL_STATEMENT_SIGNING_KEYS_LIST);
    pl_params_uuid(keys, &listing->app_id.uuid);
    pl_params_uuid(keys, &listing->after.id);
    /* One more than asked for tells whether there is a next page. */
    pl_params_int32(keys, listing->page_size + 1);
    pl_server_submit(call, query);
}

static char *next_token(const struct listing *listing, const struct pl_rows *rows)
{
    const struct pl_server *server = pl_call_context(listing->call);
    struct pl_page_cursor cursor = {.id = pl_rows_uuid(rows, listing->page_size - 1, 0)};
    return pl_page_token_format(pl_db_page_token_key(server->db), PL_PAGE_SIGNING_KEYS, &listing->app_id.uuid, &cursor,
                                pl_call_arena(listing->call));
}

static void on_found(struct pl_query *query, void *context)
{
    const struct listing *listing = context;
    struct pl_call *call = listing->call;
    if (query->status != PL_OK || pl_rows_count(&query->steps[STEP_APP].rows) == 0) {
        pl_call_fail(call, query->status != PL_OK ? query->status : PL_APP_NOT_FOUND, NULL);
        return;
    }
    const struct pl_rows *rows = &query->steps[STEP_KEYS].rows;
    int found = pl_rows_count(rows);
    int count = found > listing->page_size ? listing->page_size : found;
    Parley__V1__ListSigningKeysResponse response = PARLEY__V1__LIST_SIGNING_KEYS_RESPONSE__INIT;
    response.n_signing_keys = (size_t)count;
    response.signing_keys = pl_arena_array(pl_call_arena(call), Parley__V1__SigningKey *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.signing_keys[row] = pl_signing_key_from_row(rows, row, &listing->app_id, pl_call_arena(call));
    if (found > count)
        response.next_page_token = next_token(listing, rows);
    pl_call_reply(call, &response.base);
}
