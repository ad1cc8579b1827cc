/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.ListChats: newest first, paged by (time, chat_id), so that a chat that moves up is at worst seen twice.
 */
#include "auth/page_token.h"
#include "chats/chat.h"
#include "chats/service.h"
#include "rpc/fields.h"
#include "server.h"

#define COLUMN_PAGE_TIME PL_CHAT_COLUMN_COUNT

static void list_chats(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_chats = {
    .path = "/parley.v1.ChatService/ListChats",
    .request_bytes_max = 1024,
    .handle = list_chats,
};

struct listing {
    struct pl_call *call;
    struct pl_user_id user_id;
    struct pl_page_cursor after; /* number: microseconds, 0 at the start */
    int page_size;
};

/* Whose chats: the caller's, or for an app's backend any user's of the app. */
static enum pl_status take_user(const Parley__V1__ListChatsRequest *request, const struct pl_principal *principal,
                                struct listing *listing)
{
    if (pl_field_optional_uuid(request->user_id, &listing->user_id.uuid) != PL_OK)
        return PL_INVALID_ID;
    if (pl_uuid_is_nil(&listing->user_id.uuid))
        listing->user_id = principal->user_id;
    if (pl_uuid_is_nil(&listing->user_id.uuid))
        return PL_ACTING_USER_MISSING;
    bool is_own = pl_uuid_equal(&listing->user_id.uuid, &principal->user_id.uuid);
    return is_own || principal->kind == PL_PRINCIPAL_APP ? PL_OK : PL_PERMISSION_DENIED;
}

static enum pl_status take_page(struct pl_call *call, const Parley__V1__ListChatsRequest *request,
                                struct listing *listing)
{
    const struct pl_server *server = pl_call_context(call);
    enum pl_status status = pl_field_page_size(request->page_size, &listing->page_size);
    if (status != PL_OK || request->page_token[0] == '\0')
        return status;
    return pl_page_token_parse(pl_db_page_token_key(server->db), PL_PAGE_CHATS, &listing->user_id.uuid,
                               request->page_token, &listing->after);
}

static void list_chats(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListChatsRequest *request = (const Parley__V1__ListChatsRequest *)message;
    struct listing *listing = pl_arena_new(pl_call_arena(call), struct listing);
    listing->call = call;
    enum pl_status status = take_user(request, pl_call_principal(call), listing);
    if (status == PL_OK)
        status = take_page(call, request, listing);
    if (status != PL_OK) {
        pl_call_fail(call, status, NULL);
        return;
    }
    struct pl_query *query = pl_server_query(call, on_found, listing);
    struct pl_params *user = pl_query_add(query, PL_STATEMENT_USER_GET);
    pl_params_uuid(user, &listing->user_id.uuid);
    pl_params_uuid(user, &pl_call_principal(call)->app_id.uuid);
    struct pl_params *page = pl_query_add(query, PL_STATEMENT_CHATS_OF_USER);
    pl_params_uuid(page, &listing->user_id.uuid);
    if (listing->after.number == 0)
        pl_params_null(page);
    else
        pl_params_time(page, listing->after.number);
    pl_params_uuid(page, &listing->after.id);
    /* One more than asked for tells whether there is a next page. */
    pl_params_int32(page, listing->page_size + 1);
    pl_server_submit(call, query);
}

static char *next_token(const struct listing *listing, const struct pl_rows *rows)
{
    const struct pl_server *server = pl_call_context(listing->call);
    int last = listing->page_size - 1;
    struct pl_page_cursor cursor = {
        .number = pl_rows_time(rows, last, COLUMN_PAGE_TIME),
        .id = pl_rows_uuid(rows, last, 0),
    };
    return pl_page_token_format(pl_db_page_token_key(server->db), PL_PAGE_CHATS, &listing->user_id.uuid, &cursor,
                                pl_call_arena(listing->call));
}

static void on_found(struct pl_query *query, void *context)
{
    const struct listing *listing = context;
    struct pl_call *call = listing->call;
    struct pl_arena *arena = pl_call_arena(call);
    if (pl_server_rows(call, query, 0, PL_USER_NOT_FOUND) == NULL)
        return;
    const struct pl_rows *rows = &query->steps[1].rows;
    bool has_more = pl_rows_count(rows) > listing->page_size;
    int count = has_more ? listing->page_size : pl_rows_count(rows);
    Parley__V1__ListChatsResponse response = PARLEY__V1__LIST_CHATS_RESPONSE__INIT;
    response.n_chats = (size_t)count;
    response.chats = pl_arena_array(arena, Parley__V1__Chat *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.chats[row] = pl_chat_from_row(rows, row, arena);
    if (has_more)
        response.next_page_token = next_token(listing, rows);
    pl_call_reply(call, &response.base);
}
