/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.ListParticipants: in the order of joining, paged by (joined_seq, user_id). */
#include "auth/page_token.h"
#include "chats/chat.h"
#include "chats/service.h"
#include "rpc/fields.h"
#include "server.h"

enum { STEP_MAY, STEP_PAGE };
enum { COLUMN_USER = 0, COLUMN_JOINED_SEQ = 5 };

static void list_participants(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_participants = {
    .path = "/parley.v1.ChatService/ListParticipants",
    .request_bytes_max = 1024,
    .handle = list_participants,
};

struct listing {
    struct pl_call *call;
    struct pl_chat_id chat_id;
    struct pl_page_cursor after; /* number: joined_seq, -1 at the start */
    int page_size;
};

static enum pl_status take_request(const Parley__V1__ListParticipantsRequest *request, struct listing *listing)
{
    const struct pl_server *server = pl_call_context(listing->call);
    if (pl_uuid_parse(request->chat_id, &listing->chat_id.uuid) != PL_OK)
        return PL_INVALID_ID;
    enum pl_status status = pl_field_page_size(request->page_size, &listing->page_size);
    if (status != PL_OK || request->page_token[0] == '\0')
        return status;
    return pl_page_token_parse(pl_db_page_token_key(server->db), PL_PAGE_PARTICIPANTS, &listing->chat_id.uuid,
                               request->page_token, &listing->after);
}

/* Has a row when the caller may see who is in the chat. */
static void ask_may(struct pl_query *query, const struct listing *listing)
{
    const struct pl_principal *principal = pl_call_principal(listing->call);
    bool is_backend = principal->kind == PL_PRINCIPAL_APP;
    struct pl_params *may = pl_query_add(query, is_backend ? PL_STATEMENT_CHAT_IN_APP : PL_STATEMENT_MEMBER_GET);
    pl_params_uuid(may, &listing->chat_id.uuid);
    pl_params_uuid(may, is_backend ? &principal->app_id.uuid : &principal->user_id.uuid);
}

static void list_participants(struct pl_call *call, const ProtobufCMessage *message)
{
    struct listing *listing = pl_arena_new(pl_call_arena(call), struct listing);
    listing->call = call;
    listing->after.number = -1;
    enum pl_status status = take_request((const Parley__V1__ListParticipantsRequest *)message, listing);
    if (status != PL_OK) {
        pl_call_fail(call, status, NULL);
        return;
    }
    struct pl_query *query = pl_server_query(call, on_found, listing);
    ask_may(query, listing);
    struct pl_params *page = pl_query_add(query, PL_STATEMENT_PARTICIPANTS_PAGE);
    pl_params_uuid(page, &listing->chat_id.uuid);
    pl_params_int64(page, listing->after.number);
    pl_params_uuid(page, &listing->after.id);
    /* One more than asked for tells whether there is a next page. */
    pl_params_int32(page, listing->page_size + 1);
    pl_params_uuid(page, &pl_call_principal(call)->user_id.uuid);
    pl_server_submit(call, query);
}

static char *next_token(const struct listing *listing, const struct pl_rows *rows)
{
    const struct pl_server *server = pl_call_context(listing->call);
    int last = listing->page_size - 1;
    struct pl_page_cursor cursor = {
        .number = pl_rows_int(rows, last, COLUMN_JOINED_SEQ),
        .id = pl_rows_uuid(rows, last, COLUMN_USER),
    };
    return pl_page_token_format(pl_db_page_token_key(server->db), PL_PAGE_PARTICIPANTS, &listing->chat_id.uuid, &cursor,
                                pl_call_arena(listing->call));
}

static void fail(const struct listing *listing, enum pl_status status)
{
    bool is_backend = pl_call_principal(listing->call)->kind == PL_PRINCIPAL_APP;
    if (status == PL_OK)
        status = is_backend ? PL_CHAT_NOT_FOUND : PL_NOT_A_MEMBER;
    pl_call_fail(listing->call, status, NULL);
}

static void on_found(struct pl_query *query, void *context)
{
    const struct listing *listing = context;
    struct pl_arena *arena = pl_call_arena(listing->call);
    if (query->status != PL_OK || pl_rows_count(&query->steps[STEP_MAY].rows) == 0) {
        fail(listing, query->status);
        return;
    }
    const struct pl_rows *rows = &query->steps[STEP_PAGE].rows;
    int count = pl_rows_count(rows) > listing->page_size ? listing->page_size : pl_rows_count(rows);
    char *chat_id = pl_field_uuid(&listing->chat_id.uuid, arena);
    Parley__V1__ListParticipantsResponse response = PARLEY__V1__LIST_PARTICIPANTS_RESPONSE__INIT;
    response.n_participants = (size_t)count;
    response.participants = pl_arena_array(arena, Parley__V1__Participant *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.participants[row] = pl_chat_participant_from_row(chat_id, rows, row, arena);
    if (pl_rows_count(rows) > count)
        response.next_page_token = next_token(listing, rows);
    pl_call_reply(listing->call, &response.base);
}
