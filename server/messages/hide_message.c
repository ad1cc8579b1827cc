/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.HideMessage: who reads for the user from now on leaves the message out, or its body. */
#include "delivery/account.h"
#include "messages/service.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"

enum { COLUMN_CHAT, COLUMN_SEQ, COLUMN_IS_MESSAGE };

static void hide_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_hidden(struct pl_query *query, void *context);

const struct pl_method pl_hide_message = {
    .path = "/parley.v1.MessageService/HideMessage",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_MESSAGE,
    .handle = hide_message,
};

static void hide_message(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__HideMessageRequest *request = (const Parley__V1__HideMessageRequest *)message;
    struct pl_message_id message_id;
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &message_id.uuid))
        return;
    struct pl_query *query = pl_server_query(call, on_hidden, call);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_MESSAGE_HIDE);
    pl_params_uuid(params, &message_id.uuid);
    pl_params_uuid(params, &pl_call_principal(call)->user_id.uuid);
    pl_server_submit(call, query);
}

/* Whoever was told OUTCOME_UNKNOWN hides again, and then the user is told if not before. */
static void tell_user(struct pl_call *call, struct pl_uuid chat, int64_t seq)
{
    const struct pl_server *server = pl_call_context(call);
    const struct pl_principal *principal = pl_call_principal(call);
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = principal->app_id,
                                     .event = PL_ACCOUNT_MESSAGE_HIDDEN,
                                     .subject = chat,
                                     .seq = seq,
                                     .users = &principal->user_id,
                                     .count = 1,
                                 });
}

static void on_hidden(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    const struct pl_rows *rows = pl_server_rows(call, query, 0, PL_MESSAGE_NOT_FOUND);
    if (rows == NULL)
        return;
    if (!pl_rows_bool(rows, 0, COLUMN_IS_MESSAGE)) {
        pl_call_fail(call, PL_FAILED_PRECONDITION, "this entry is no message of a user");
        return;
    }
    struct pl_uuid chat = pl_rows_uuid(rows, 0, COLUMN_CHAT);
    Parley__V1__HideMessageResponse response = PARLEY__V1__HIDE_MESSAGE_RESPONSE__INIT;
    response.chat_id = pl_field_uuid(&chat, pl_call_arena(call));
    response.seq = pl_rows_int(rows, 0, COLUMN_SEQ);
    tell_user(call, chat, response.seq);
    pl_call_reply(call, &response.base);
}
