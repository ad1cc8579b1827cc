/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"

/* Takes message, an empty reply. */
static parley_status call_for_message(parley_client *client, const struct pl_client_call *call, parley_message *message,
                                      parley_message **ret_message, parley_error *ret_error)
{
    ProtobufCMessage *reply = NULL;
    parley_status status = pl_client_call(client, call, pl_reply_arena(message), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_message_free(message);
        return status;
    }
    pl_convert_message(message, (const Parley__V1__Message *)reply, pl_reply_arena(message));
    *ret_message = message;
    return PARLEY_OK;
}

/* The message_id is fixed before the first attempt, so that the server knows the second for what it is. */
parley_status parley_send_message(parley_client *client, const parley_draft *draft, parley_message **ret_message,
                                  parley_error *ret_error)
{
    char message_id[PARLEY_ID_BYTES];
    parley_message *message = pl_reply_new(sizeof *message);
    Parley__V1__SendMessageRequest *request = NULL;
    parley_id_make(message_id);
    parley_status status = pl_request_of_draft(draft, message_id, pl_reply_arena(message), &request, ret_error);
    if (status != PARLEY_OK) {
        parley_message_free(message);
        return status;
    }
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/SendMessage",
                                        .request = &request->base,
                                        .reply = &parley__v1__message__descriptor,
                                        .repeatable = true};
    return call_for_message(client, &call, message, ret_message, ret_error);
}

parley_status parley_get_message(parley_client *client, const char *message_id, parley_message **ret_message,
                                 parley_error *ret_error)
{
    Parley__V1__GetMessageRequest request = PARLEY__V1__GET_MESSAGE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/GetMessage",
                                        .request = &request.base,
                                        .reply = &parley__v1__message__descriptor,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    return call_for_message(client, &call, pl_reply_new(sizeof(parley_message)), ret_message, ret_error);
}

parley_status parley_list_messages(parley_client *client, const char *chat_id, int page_size, const char *page_token,
                                   parley_messages **ret_messages, parley_error *ret_error)
{
    Parley__V1__ListMessagesRequest request = PARLEY__V1__LIST_MESSAGES_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/ListMessages",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_messages_response__descriptor,
                                        .repeatable = true};
    parley_messages *messages = pl_reply_new(sizeof *messages);
    ProtobufCMessage *reply = NULL;
    request.chat_id = pl_request_text(chat_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    parley_status status = pl_client_call(client, &call, pl_reply_arena(messages), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_messages_free(messages);
        return status;
    }
    pl_convert_messages(messages, (const Parley__V1__ListMessagesResponse *)reply, pl_reply_arena(messages));
    *ret_messages = messages;
    return PARLEY_OK;
}

parley_status parley_mark_read(parley_client *client, const char *message_id, parley_read_mark **ret_mark,
                               parley_error *ret_error)
{
    Parley__V1__MarkReadRequest request = PARLEY__V1__MARK_READ_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/MarkRead",
                                        .request = &request.base,
                                        .reply = &parley__v1__mark_read_response__descriptor,
                                        .repeatable = true};
    parley_read_mark *mark = pl_reply_new(sizeof *mark);
    ProtobufCMessage *reply = NULL;
    request.message_id = pl_request_text(message_id);
    parley_status status = pl_client_call(client, &call, pl_reply_arena(mark), &reply, ret_error);
    if (status != PARLEY_OK || ret_mark == NULL) {
        parley_read_mark_free(mark);
        return status;
    }
    const Parley__V1__MarkReadResponse *response = (const Parley__V1__MarkReadResponse *)reply;
    *mark = (parley_read_mark){.chat_id = response->chat_id, .last_read_seq = response->last_read_seq};
    *ret_mark = mark;
    return PARLEY_OK;
}
