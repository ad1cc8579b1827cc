/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.MarkRead: moves the caller's read watermark of a chat up to one message. */
#include "messages/service.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"

static void mark_read(struct pl_call *call, const ProtobufCMessage *message);
static void on_place(struct pl_query *query, void *context);
static void on_marked(struct pl_mark *mark);

const struct pl_method pl_mark_read = {
    .path = "/parley.v1.MessageService/MarkRead",
    .request_bytes_max = 1024,
    .handle = mark_read,
};

struct marking {
    struct pl_mark mark;
    struct pl_call *call;
};

static void mark_read(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__MarkReadRequest *request = (const Parley__V1__MarkReadRequest *)message;
    struct pl_message_id message_id;
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &message_id.uuid))
        return;
    struct pl_query *query = pl_server_query(call, on_place, call);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_MESSAGE_PLACE);
    pl_params_uuid(params, &message_id.uuid);
    pl_params_uuid(params, &pl_call_principal(call)->user_id.uuid);
    pl_server_submit(call, query);
}

static void on_place(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    const struct pl_server *server = pl_call_context(call);
    const struct pl_rows *rows = pl_server_rows(call, query, 0, PL_MESSAGE_NOT_FOUND);
    if (rows == NULL)
        return;
    struct marking *marking = pl_arena_new(pl_call_arena(call), struct marking);
    marking->call = call;
    marking->mark = (struct pl_mark){
        .home = &pl_call_loop(call)->mailbox,
        .done = on_marked,
        .chat_id = {pl_rows_uuid(rows, 0, 0)},
        .user_id = pl_call_principal(call)->user_id,
        .read_seq = pl_rows_int(rows, 0, 1),
    };
    pl_db_mark(server->db, &marking->mark);
}

static void on_marked(struct pl_mark *mark)
{
    struct pl_call *call = pl_container_of(mark, struct marking, mark)->call;
    if (mark->status != PL_OK) {
        pl_call_fail(call, mark->status, NULL);
        return;
    }
    Parley__V1__MarkReadResponse response = PARLEY__V1__MARK_READ_RESPONSE__INIT;
    response.chat_id = pl_field_uuid(&mark->chat_id.uuid, pl_call_arena(call));
    response.last_read_seq = mark->ret_read_seq;
    pl_call_reply(call, &response.base);
}
