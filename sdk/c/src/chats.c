/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"

/* Takes chat, an empty reply. */
static parley_status call_for_chat(parley_client *client, const struct pl_client_call *call, parley_chat *chat,
                                   parley_chat **ret_chat, parley_error *ret_error)
{
    ProtobufCMessage *reply = NULL;
    parley_status status = pl_client_call(client, call, pl_reply_arena(chat), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_chat_free(chat);
        return status;
    }
    pl_convert_chat(chat, (const Parley__V1__Chat *)reply, pl_reply_arena(chat));
    *ret_chat = chat;
    return PARLEY_OK;
}

parley_status parley_create_chat(parley_client *client, const parley_new_chat *new_chat, parley_chat **ret_chat,
                                 parley_error *ret_error)
{
    parley_chat *chat = pl_reply_new(sizeof *chat);
    Parley__V1__CreateChatRequest *request = NULL;
    parley_status status = pl_request_of_new_chat(new_chat, pl_reply_arena(chat), &request, ret_error);
    if (status != PARLEY_OK) {
        parley_chat_free(chat);
        return status;
    }
    /* An individual chat exists once for its users, whoever creates it how often. */
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/CreateChat",
                                        .request = &request->base,
                                        .reply = &parley__v1__chat__descriptor,
                                        .repeatable =
                                            request->chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_INDIVIDUAL};
    return call_for_chat(client, &call, chat, ret_chat, ret_error);
}

parley_status parley_get_chat(parley_client *client, const char *chat_id, parley_chat **ret_chat,
                              parley_error *ret_error)
{
    Parley__V1__GetChatRequest request = PARLEY__V1__GET_CHAT_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/GetChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__chat__descriptor,
                                        .repeatable = true};
    request.chat_id = pl_request_text(chat_id);
    return call_for_chat(client, &call, pl_reply_new(sizeof(parley_chat)), ret_chat, ret_error);
}

parley_status parley_list_chats(parley_client *client, const char *user_id, int page_size, const char *page_token,
                                parley_chats **ret_chats, parley_error *ret_error)
{
    Parley__V1__ListChatsRequest request = PARLEY__V1__LIST_CHATS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/ListChats",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_chats_response__descriptor,
                                        .repeatable = true};
    parley_chats *chats = pl_reply_new(sizeof *chats);
    ProtobufCMessage *reply = NULL;
    request.user_id = pl_request_text(user_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    parley_status status = pl_client_call(client, &call, pl_reply_arena(chats), &reply, ret_error);
    if (status != PARLEY_OK) {
        parley_chats_free(chats);
        return status;
    }
    pl_convert_chats(chats, (const Parley__V1__ListChatsResponse *)reply, pl_reply_arena(chats));
    *ret_chats = chats;
    return PARLEY_OK;
}
