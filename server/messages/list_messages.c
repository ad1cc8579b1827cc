/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * MessageService.ListMessages: a part of a chat's log from its end, cut to the times when the caller was a member.
 * Bounds by message and by time cost one query more, which turns them into places; so do messages with reactions.
 */
#include "auth/page_token.h"
#include "messages/message.h"
#include "messages/message_range.h"
#include "messages/reactions.h"
#include "messages/service.h"
#include "messages/status.h"
#include "rpc/fields.h"
#include "server.h"

enum { STEP_MEMBER, STEP_BOUNDS };           /* of the first query, when there are such bounds */
enum { STEP_MESSAGES = 1, STEP_WATERMARKS }; /* of the page; STEP_MEMBER, too */
enum { COLUMN_FIRST_SEQ = 1 };               /* of STEP_MEMBER */
enum { COLUMN_FOUND = PL_MESSAGE_COLUMN_COUNT };

static void list_messages(struct pl_call *call, const ProtobufCMessage *message);
static void on_bounds(struct pl_query *query, void *context);
static void on_found(struct pl_query *query, void *context);
static void on_reactions(struct pl_query *query, void *context);

const struct pl_method pl_list_messages = {
    .path = "/parley.v1.MessageService/ListMessages",
    .request_bytes_max = 1024,
    .handle = list_messages,
};

struct listing {
    struct pl_call *call;
    struct pl_message_range range;
    struct pl_uuid subject;       /* of page tokens */
    struct pl_page_cursor before; /* number: the last seq of the page before */
    int page_size;
    Parley__V1__ListMessagesResponse response;
};

static enum pl_status take_page(const Parley__V1__ListMessagesRequest *request, struct listing *listing)
{
    const struct pl_server *server = pl_call_context(listing->call);
    listing->subject = pl_message_range_subject(&listing->range);
    listing->before.number = INT64_MAX;
    enum pl_status status = pl_field_page_size(request->page_size, &listing->page_size);
    if (status != PL_OK || request->page_token[0] == '\0')
        return status;
    return pl_page_token_parse(pl_db_page_token_key(server->db), PL_PAGE_MESSAGES, &listing->subject,
                               request->page_token, &listing->before);
}

static void ask_member(const struct listing *listing, struct pl_query *query)
{
    struct pl_params *member = pl_query_add(query, PL_STATEMENT_MEMBER_GET);
    pl_params_uuid(member, &listing->range.chat_id.uuid);
    pl_params_uuid(member, &pl_call_principal(listing->call)->user_id.uuid);
}

static void ask_bounds(struct listing *listing)
{
    struct pl_query *query = pl_server_query(listing->call, on_bounds, listing);
    ask_member(listing, query);
    pl_message_range_ask(&listing->range, &pl_call_principal(listing->call)->user_id, query);
    pl_server_submit(listing->call, query);
}

static void ask_page(struct listing *listing)
{
    const struct pl_message_range *range = &listing->range;
    int64_t before_seq = listing->before.number < range->before_seq ? listing->before.number : range->before_seq;
    struct pl_query *query = pl_server_query(listing->call, on_found, listing);
    ask_member(listing, query);
    struct pl_params *messages = pl_query_add(query, PL_STATEMENT_MESSAGES_PAGE);
    pl_params_uuid(messages, &range->chat_id.uuid);
    pl_params_uuid(messages, &pl_call_principal(listing->call)->user_id.uuid);
    pl_params_int64(messages, range->after_seq);
    pl_params_int64(messages, before_seq);
    /* One more than asked for tells whether there is a next page. */
    pl_params_int32(messages, listing->page_size + 1);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_CHAT_WATERMARKS), &range->chat_id.uuid);
    pl_server_submit(listing->call, query);
}

static void list_messages(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ListMessagesRequest *request = (const Parley__V1__ListMessagesRequest *)message;
    struct listing *listing = pl_arena_new(pl_call_arena(call), struct listing);
    listing->call = call;
    if (!pl_message_range_take(call, request, &listing->range))
        return;
    enum pl_status status = take_page(request, listing);
    if (status != PL_OK)
        pl_call_fail(call, status, NULL);
    else if (pl_message_range_is_open(&listing->range))
        ask_bounds(listing);
    else
        ask_page(listing);
}

/* False: the call has failed. */
static bool is_member(struct pl_call *call, const struct pl_query *query)
{
    return pl_server_rows(call, query, STEP_MEMBER, PL_NOT_A_MEMBER) != NULL;
}

static void on_bounds(struct pl_query *query, void *context)
{
    struct listing *listing = context;
    if (is_member(listing->call, query) &&
        pl_message_range_narrow(listing->call, &listing->range, &query->steps[STEP_BOUNDS].rows))
        ask_page(listing);
}

/* The first count rows of the page; answers those of them that may have reactions. */
static size_t read_messages(struct listing *listing, const struct pl_query *query, int count,
                            struct pl_message_id *ret_reacted)
{
    struct pl_arena *arena = pl_call_arena(listing->call);
    Parley__V1__ListMessagesResponse *response = &listing->response;
    size_t reacted_count = 0;
    response->n_messages = (size_t)count;
    response->messages = pl_arena_array(arena, Parley__V1__Message *, (size_t)count);
    for (int row = 0; row < count; row++) {
        struct pl_message message = pl_message_from_row(&query->steps[STEP_MESSAGES].rows, row);
        response->messages[row] = pl_message_to_proto(&message, &pl_call_principal(listing->call)->device_id, arena);
        pl_message_put_status(response->messages[row], &query->steps[STEP_WATERMARKS].rows);
        if (pl_reactions_expected(&message))
            ret_reacted[reacted_count++] = message.message_id;
    }
    return reacted_count;
}

static char *next_token(const struct listing *listing, int64_t last_seq)
{
    const struct pl_server *server = pl_call_context(listing->call);
    struct pl_page_cursor cursor = {.number = last_seq};
    return pl_page_token_format(pl_db_page_token_key(server->db), PL_PAGE_MESSAGES, &listing->subject, &cursor,
                                pl_call_arena(listing->call));
}

/* NULL when nothing is gone that was asked for. */
static Parley__V1__LogStart *log_start_of(const struct listing *listing, const struct pl_query *query)
{
    struct pl_arena *arena = pl_call_arena(listing->call);
    int64_t first_seq = pl_rows_int(&query->steps[STEP_MEMBER].rows, 0, COLUMN_FIRST_SEQ);
    if (listing->range.after_seq + 1 >= first_seq)
        return NULL;
    Parley__V1__LogStart *log_start = pl_arena_new(arena, Parley__V1__LogStart);
    parley__v1__log_start__init(log_start);
    log_start->chat_id = pl_field_uuid(&listing->range.chat_id.uuid, arena);
    log_start->first_seq = first_seq;
    return log_start;
}

static void on_found(struct pl_query *query, void *context)
{
    struct listing *listing = context;
    struct pl_call *call = listing->call;
    Parley__V1__ListMessagesResponse *response = &listing->response;
    const struct pl_rows *rows = &query->steps[STEP_MESSAGES].rows;
    if (!is_member(call, query))
        return;
    int count = pl_rows_count(rows) > listing->page_size ? listing->page_size : pl_rows_count(rows);
    parley__v1__list_messages_response__init(response);
    struct pl_message_id *reacted = pl_arena_array(pl_call_arena(call), struct pl_message_id, (size_t)count);
    size_t reacted_count = read_messages(listing, query, count, reacted);
    /* No body alone is too large for a page, so a page that leaves something out is not empty. */
    if (count > 0 && pl_rows_int(rows, 0, COLUMN_FOUND) > count)
        response->next_page_token = next_token(listing, response->messages[count - 1]->seq);
    else
        response->log_start = log_start_of(listing, query);
    if (reacted_count == 0) {
        pl_call_reply(call, &response->base);
        return;
    }
    struct pl_query *next = pl_server_query(call, on_reactions, listing);
    pl_reactions_ask(next, call, &listing->range.chat_id, reacted, reacted_count);
    pl_server_submit(call, next);
}

static void on_reactions(struct pl_query *query, void *context)
{
    struct listing *listing = context;
    Parley__V1__ListMessagesResponse *response = &listing->response;
    const struct pl_rows *rows = pl_server_rows(listing->call, query, 0, PL_OK);
    if (rows == NULL)
        return;
    pl_reactions_put(rows, response->messages, response->n_messages, pl_call_arena(listing->call));
    pl_call_reply(listing->call, &response->base);
}
