/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"
#include "sdk/c/src/request_body.h"
#include "sdk/c/src/request_parts.h"

static void convert_message(void *ret_message, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    pl_convert_message(ret_message, (const Parley__V1__Message *)reply, arena);
}

static void convert_page(void *ret_messages, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    pl_convert_messages(ret_messages, (const Parley__V1__ListMessagesResponse *)reply, arena);
}

static void convert_deletion_seq(void *ret_seq, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    *(int64_t *)ret_seq = ((const Parley__V1__DeleteMessageResponse *)reply)->seq;
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
                                        .convert = convert_message,
                                        .repeatable = true};
    return pl_client_fetch(client, &call, message, ret_message, ret_error);
}

parley_status parley_get_message(parley_client *client, const char *message_id, parley_message **ret_message,
                                 parley_error *ret_error)
{
    Parley__V1__GetMessageRequest request = PARLEY__V1__GET_MESSAGE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/GetMessage",
                                        .request = &request.base,
                                        .reply = &parley__v1__message__descriptor,
                                        .convert = convert_message,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_message)), ret_message, ret_error);
}

static Google__Protobuf__Timestamp *time_of(int64_t time_us, struct pl_arena *arena)
{
    Google__Protobuf__Timestamp *time;
    if (time_us == 0)
        return NULL;
    time = pl_arena_new(arena, Google__Protobuf__Timestamp);
    google__protobuf__timestamp__init(time);
    time->seconds = time_us / 1000000;
    time->nanos = (int32_t)(time_us % 1000000) * 1000;
    return time;
}

parley_status parley_list_messages_within(parley_client *client, const char *chat_id,
                                          const parley_message_filter *filter, parley_messages **ret_messages,
                                          parley_error *ret_error)
{
    Parley__V1__ListMessagesRequest request = PARLEY__V1__LIST_MESSAGES_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/ListMessages",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_messages_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    parley_message_filter own;
    parley_messages *messages;
    parley_status status = pl_request_take_struct(&own, sizeof own, filter, filter->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    messages = pl_reply_new(sizeof *messages);
    request.chat_id = pl_request_text(chat_id);
    request.page_size = own.page_size;
    request.page_token = pl_request_text(own.page_token);
    request.before_seq = own.before_seq;
    request.after_seq = own.after_seq;
    request.before_message_id = pl_request_text(own.before_message_id);
    request.after_message_id = pl_request_text(own.after_message_id);
    request.since = time_of(own.since_us, pl_reply_arena(messages));
    request.until = time_of(own.until_us, pl_reply_arena(messages));
    return pl_client_fetch(client, &call, messages, ret_messages, ret_error);
}

parley_status parley_list_messages(parley_client *client, const char *chat_id, int page_size, const char *page_token,
                                   parley_messages **ret_messages, parley_error *ret_error)
{
    parley_message_filter all;
    parley_message_filter_init(&all);
    all.page_size = page_size;
    all.page_token = page_token;
    return parley_list_messages_within(client, chat_id, &all, ret_messages, ret_error);
}

parley_status parley_edit_message(parley_client *client, const char *message_id, const parley_edit *edit,
                                  parley_message **ret_message, parley_error *ret_error)
{
    Parley__V1__EditMessageRequest request = PARLEY__V1__EDIT_MESSAGE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/EditMessage",
                                        .request = &request.base,
                                        .reply = &parley__v1__message__descriptor,
                                        .convert = convert_message};
    parley_edit own;
    parley_message *message;
    parley_status status = pl_request_take_struct(&own, sizeof own, edit, edit->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    const struct pl_request_body body = PL_REQUEST_BODY_OF(&own);
    status = pl_request_body_check(&body, ret_error);
    if (status != PARLEY_OK)
        return status;
    message = pl_reply_new(sizeof *message);
    request.message_id = pl_request_text(message_id);
    PL_REQUEST_SET_BODY(&request, &body, PARLEY__V1__EDIT_MESSAGE_REQUEST__BODY, pl_reply_arena(message));
    return pl_client_fetch(client, &call, message, ret_message, ret_error);
}

parley_status parley_delete_message(parley_client *client, const char *message_id, int64_t *ret_seq,
                                    parley_error *ret_error)
{
    Parley__V1__DeleteMessageRequest request = PARLEY__V1__DELETE_MESSAGE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/DeleteMessage",
                                        .request = &request.base,
                                        .reply = &parley__v1__delete_message_response__descriptor,
                                        .convert = convert_deletion_seq,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    return pl_client_fetch_value(client, &call, ret_seq, ret_error);
}

static void convert_hidden_seq(void *ret_seq, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    *(int64_t *)ret_seq = ((const Parley__V1__HideMessageResponse *)reply)->seq;
}

parley_status parley_hide_message(parley_client *client, const char *message_id, int64_t *ret_seq,
                                  parley_error *ret_error)
{
    Parley__V1__HideMessageRequest request = PARLEY__V1__HIDE_MESSAGE_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/HideMessage",
                                        .request = &request.base,
                                        .reply = &parley__v1__hide_message_response__descriptor,
                                        .convert = convert_hidden_seq,
                                        .repeatable = true};
    request.message_id = pl_request_text(message_id);
    return pl_client_fetch_value(client, &call, ret_seq, ret_error);
}
