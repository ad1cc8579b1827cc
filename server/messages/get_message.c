/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.GetMessage: the message, then the watermarks of its chat for the status, and reactions to it. */
#include "messages/answer.h"
#include "messages/message.h"
#include "messages/reactions.h"
#include "messages/service.h"
#include "messages/status.h"
#include "rpc/fields.h"
#include "server.h"

enum { STEP_WATERMARKS, STEP_REACTIONS };

static void get_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_message(struct pl_query *query, void *context);
static void on_watermarks(struct pl_query *query, void *context);

const struct pl_method pl_get_message = {
    .path = "/parley.v1.MessageService/GetMessage",
    .request_bytes_max = 1024,
    .handle = get_message,
};

struct look_up {
    struct pl_call *call;
    Parley__V1__Message *message;
};

static void get_message(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetMessageRequest *request = (const Parley__V1__GetMessageRequest *)message;
    struct pl_message_id message_id;
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &message_id.uuid))
        return;
    pl_message_answer(call, &message_id);
}

void pl_message_answer(struct pl_call *call, const struct pl_message_id *message_id)
{
    struct look_up *look_up = pl_arena_new(pl_call_arena(call), struct look_up);
    look_up->call = call;
    struct pl_query *query = pl_server_query(call, on_message, look_up);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_MESSAGE_GET);
    pl_params_uuid(params, &message_id->uuid);
    pl_params_uuid(params, &pl_call_principal(call)->user_id.uuid);
    pl_server_submit(call, query);
}

static void on_message(struct pl_query *query, void *context)
{
    struct look_up *look_up = context;
    struct pl_call *call = look_up->call;
    const struct pl_rows *rows = pl_server_rows(call, query, 0, PL_MESSAGE_NOT_FOUND);
    if (rows == NULL)
        return;
    struct pl_message message = pl_message_from_row(rows, 0);
    look_up->message = pl_message_to_proto(&message, &pl_call_principal(call)->device_id, pl_call_arena(call));
    struct pl_query *next = pl_server_query(call, on_watermarks, look_up);
    pl_params_uuid(pl_query_add(next, PL_STATEMENT_CHAT_WATERMARKS), &message.chat_id.uuid);
    if (pl_reactions_expected(&message))
        pl_reactions_ask(next, call, &message.chat_id, &message.message_id, 1);
    pl_server_submit(call, next);
}

static void on_watermarks(struct pl_query *query, void *context)
{
    const struct look_up *look_up = context;
    const struct pl_rows *watermarks = pl_server_rows(look_up->call, query, STEP_WATERMARKS, PL_OK);
    if (watermarks == NULL)
        return;
    pl_message_put_status(look_up->message, watermarks);
    if (query->count > STEP_REACTIONS)
        pl_reactions_put(&query->steps[STEP_REACTIONS].rows, &look_up->message, 1, pl_call_arena(look_up->call));
    pl_call_reply(look_up->call, &look_up->message->base);
}
