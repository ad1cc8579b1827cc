/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.ListMessages: a chat's log from its end, cut to the times when the caller was a member. */
#include "auth/page_token.h"
#include "messages/message.h"
#include "messages/service.h"
#include "messages/status.h"
#include "rpc/fields.h"
#include "server.h"

enum { STEP_MEMBER, STEP_MESSAGES, STEP_WATERMARKS };

static void list_messages(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_list_messages = {
    .path = "/parley.v1.MessageService/ListMessages",
    .request_bytes_max = 1024,
    .handle = list_messages,
};

struct listing {
    struct pl_call *call;
    struct pl_chat_id chat_id;
    struct pl_page_cursor before; /* number: a seq */
    int page_size;
};

static enum pl_status take_request(const Parley__V1__ListMessagesRequest *request, struct listing *listing)
{
    const struct pl_server *server = pl_call_context(listing->call);
    if (pl_uuid_parse(request->chat_id, &listing->chat_id.uuid) != PL_OK)
        return PL_INVALID_ID;
    enum pl_status status = pl_field_page_size(request->page_size, &listing->page_size);
    if (status != PL_OK || request->page_token[0] == '\0')
        return status;
    return pl_page_token_parse(pl_db_page_token_key(server->db), PL_PAGE_MESSAGES, &listing->chat_id.uuid,
                               request->page_token, &listing->before);
}

static void ask(const struct listing *listing, struct pl_query *query)
{
    const struct pl_user_id *user = &pl_call_principal(listing->call)->user_id;
    struct pl_params *member = pl_query_add(query, PL_STATEMENT_MEMBER_GET);
    pl_params_uuid(member, &listing->chat_id.uuid);
    pl_params_uuid(member, &user->uuid);
    struct pl_params *messages = pl_query_add(query, PL_STATEMENT_MESSAGES_BEFORE);
    pl_params_uuid(messages, &listing->chat_id.uuid);
    pl_params_uuid(messages, &user->uuid);
    pl_params_int64(messages, listing->before.number);
    /* One more than asked for tells whether there is a next page. */
    pl_params_int32(messages, listing->page_size + 1);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_CHAT_WATERMARKS), &listing->chat_id.uuid);
}

static void list_messages(struct pl_call *call, const ProtobufCMessage *message)
{
    struct listing *listing = pl_arena_new(pl_call_arena(call), struct listing);
    listing->call = call;
    listing->before.number = INT64_MAX;
    enum pl_status status = take_request((const Parley__V1__ListMessagesRequest *)message, listing);
    if (status != PL_OK) {
        pl_call_fail(call, status, NULL);
        return;
    }
    struct pl_query *query = pl_server_query(call, on_found, listing);
    ask(listing, query);
    pl_server_submit(call, query);
}

static Parley__V1__Message *read_message(const struct listing *listing, const struct pl_query *query, int row)
{
    struct pl_message message = pl_message_from_row(&query->steps[STEP_MESSAGES].rows, row);
    Parley__V1__Message *proto =
        pl_message_to_proto(&message, &pl_call_principal(listing->call)->device_id, pl_call_arena(listing->call));
    pl_message_put_status(proto, &query->steps[STEP_WATERMARKS].rows);
    return proto;
}

static char *next_token(const struct listing *listing, int64_t last_seq)
{
    const struct pl_server *server = pl_call_context(listing->call);
    struct pl_page_cursor cursor = {.number = last_seq};
    return pl_page_token_format(pl_db_page_token_key(server->db), PL_PAGE_MESSAGES, &listing->chat_id.uuid, &cursor,
                                pl_call_arena(listing->call));
}

static void on_found(struct pl_query *query, void *context)
{
    const struct listing *listing = context;
    struct pl_call *call = listing->call;
    if (query->status != PL_OK || pl_rows_count(&query->steps[STEP_MEMBER].rows) == 0) {
        pl_call_fail(call, query->status != PL_OK ? query->status : PL_NOT_A_MEMBER, NULL);
        return;
    }
    int found = pl_rows_count(&query->steps[STEP_MESSAGES].rows);
    int count = found > listing->page_size ? listing->page_size : found;
    Parley__V1__ListMessagesResponse response = PARLEY__V1__LIST_MESSAGES_RESPONSE__INIT;
    response.n_messages = (size_t)count;
    response.messages = pl_arena_array(pl_call_arena(call), Parley__V1__Message *, (size_t)count);
    for (int row = 0; row < count; row++)
        response.messages[row] = read_message(listing, query, row);
    if (found > count)
        response.next_page_token = next_token(listing, response.messages[count - 1]->seq);
    pl_call_reply(call, &response.base);
}
