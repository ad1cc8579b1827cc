/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"
#include "sdk/c/src/request_parts.h"

static void convert_chat(void *ret_chat, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    pl_convert_chat(ret_chat, (const Parley__V1__Chat *)reply, arena);
}

static void convert_page(void *ret_chats, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    pl_convert_chats(ret_chats, (const Parley__V1__ListChatsResponse *)reply, arena);
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
                                        .convert = convert_chat,
                                        .repeatable =
                                            request->chat_type == PARLEY__V1__CHAT_TYPE__CHAT_TYPE_INDIVIDUAL};
    return pl_client_fetch(client, &call, chat, ret_chat, ret_error);
}

parley_status parley_get_chat(parley_client *client, const char *chat_id, parley_chat **ret_chat,
                              parley_error *ret_error)
{
    Parley__V1__GetChatRequest request = PARLEY__V1__GET_CHAT_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/GetChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__chat__descriptor,
                                        .convert = convert_chat,
                                        .repeatable = true};
    request.chat_id = pl_request_text(chat_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_chat)), ret_chat, ret_error);
}

parley_status parley_list_chats(parley_client *client, const char *user_id, int page_size, const char *page_token,
                                parley_chats **ret_chats, parley_error *ret_error)
{
    Parley__V1__ListChatsRequest request = PARLEY__V1__LIST_CHATS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/ListChats",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_chats_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.user_id = pl_request_text(user_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_chats)), ret_chats, ret_error);
}

static void set_update(Parley__V1__UpdateChatRequest *request, struct pl_request_mask *mask,
                       const parley_chat_update *update, struct pl_arena *arena)
{
    pl_request_mask_init(mask);
    pl_request_mask_put(mask, "name", update->name != NULL);
    pl_request_mask_put(mask, "description", update->description != NULL);
    pl_request_mask_put(mask, "avatar_media_id", update->avatar_media_id != NULL);
    pl_request_mask_put(mask, "metadata", update->metadata != NULL);
    pl_request_mask_put(mask, "settings.join_policy", update->join_policy != PARLEY_JOIN_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.history_for_new", update->history_for_new != PARLEY_HISTORY_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.who_may_send", update->who_may_send != PARLEY_ROLE_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.who_may_add", update->who_may_add != PARLEY_ROLE_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.who_may_edit", update->who_may_edit != PARLEY_ROLE_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.read_receipts", update->read_receipts != PARLEY_READ_RECEIPTS_UNSPECIFIED);
    pl_request_mask_put(mask, "settings.message_ttl", update->message_ttl != NULL);
    request->name = pl_request_text(update->name);
    request->description = pl_request_text(update->description);
    request->avatar_media_id = pl_request_text(update->avatar_media_id);
    PL_REQUEST_SET_METADATA(request, update, Parley__V1__UpdateChatRequest__MetadataEntry,
                            parley__v1__update_chat_request__metadata_entry__init, arena);
    request->settings = pl_arena_new(arena, Parley__V1__ChatSettings);
    PL_REQUEST_SET_SETTINGS(request->settings, update);
    request->settings->message_ttl = update->message_ttl != NULL ? *update->message_ttl : 0;
    request->etag = pl_request_text(update->etag);
    request->update_mask = &mask->mask;
}

parley_status parley_update_chat(parley_client *client, const char *chat_id, const parley_chat_update *update,
                                 parley_chat **ret_chat, parley_error *ret_error)
{
    Parley__V1__UpdateChatRequest request = PARLEY__V1__UPDATE_CHAT_REQUEST__INIT;
    struct pl_request_mask mask;
    parley_chat_update own;
    parley_chat *chat;
    parley_status status = pl_request_take_struct(&own, sizeof own, update, update->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    chat = pl_reply_new(sizeof *chat);
    set_update(&request, &mask, &own, pl_reply_arena(chat));
    request.chat_id = pl_request_text(chat_id);
    /* After its own first success the etag would be another one. */
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/UpdateChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__chat__descriptor,
                                        .convert = convert_chat,
                                        .repeatable = request.etag[0] == '\0'};
    return pl_client_fetch(client, &call, chat, ret_chat, ret_error);
}

parley_status parley_delete_chat(parley_client *client, const char *chat_id, parley_error *ret_error)
{
    Parley__V1__DeleteChatRequest request = PARLEY__V1__DELETE_CHAT_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/DeleteChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__delete_chat_response__descriptor};
    request.chat_id = pl_request_text(chat_id);
    return pl_client_fetch_value(client, &call, NULL, ret_error);
}

parley_status parley_join_chat(parley_client *client, const char *chat_id, parley_chat **ret_chat,
                               parley_error *ret_error)
{
    Parley__V1__JoinChatRequest request = PARLEY__V1__JOIN_CHAT_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/JoinChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__chat__descriptor,
                                        .convert = convert_chat,
                                        .repeatable = true};
    request.chat_id = pl_request_text(chat_id);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_chat)), ret_chat, ret_error);
}
