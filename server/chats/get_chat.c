/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.GetChat. */
#include "chats/chat.h"
#include "chats/service.h"
#include "rpc/fields.h"
#include "server.h"

static void get_chat(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_get_chat = {
    .path = "/parley.v1.ChatService/GetChat",
    .request_bytes_max = 1024,
    .handle = get_chat,
};

static void get_chat(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetChatRequest *request = (const Parley__V1__GetChatRequest *)message;
    struct pl_chat_id chat_id;
    if (!pl_field_take_uuid(call, "chat_id", request->chat_id, &chat_id.uuid))
        return;
    struct pl_query *query = pl_server_query(call, on_found, call);
    pl_chat_ask(query, &chat_id, &pl_call_principal(call)->user_id);
    pl_server_submit(call, query);
}

static void on_found(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    if (query->status != PL_OK)
        pl_call_fail(call, query->status, NULL);
    else
        pl_chat_reply(call, query, 0);
}
