/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService: who is in a chat. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"
#include "sdk/c/src/request_parts.h"

static void convert_page(void *ret_participants, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__ListParticipantsResponse *page = (const Parley__V1__ListParticipantsResponse *)reply;
    const parley_participant **items = pl_arena_array(arena, const parley_participant *, page->n_participants + 1);
    for (size_t i = 0; i < page->n_participants; i++) {
        parley_participant *participant = pl_arena_new(arena, parley_participant);
        pl_convert_participant(participant, page->participants[i]);
        items[i] = participant;
    }
    *(parley_participants *)ret_participants =
        (parley_participants){.items = items, .count = page->n_participants, .next_page_token = page->next_page_token};
}

static void convert_membership(void *ret_membership, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__UpdateParticipantsResponse *response = (const Parley__V1__UpdateParticipantsResponse *)reply;
    (void)arena;
    *(parley_membership *)ret_membership = (parley_membership){
        .chat_id = response->chat_id, .seq = response->seq, .participant_count = response->participant_count};
}

static void convert_left_seq(void *ret_left_seq, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    (void)arena;
    *(int64_t *)ret_left_seq = ((const Parley__V1__LeaveChatResponse *)reply)->left_seq;
}

parley_status parley_list_participants(parley_client *client, const char *chat_id, int page_size,
                                       const char *page_token, parley_participants **ret_participants,
                                       parley_error *ret_error)
{
    Parley__V1__ListParticipantsRequest request = PARLEY__V1__LIST_PARTICIPANTS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/ListParticipants",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_participants_response__descriptor,
                                        .convert = convert_page,
                                        .repeatable = true};
    request.chat_id = pl_request_text(chat_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    return pl_client_fetch(client, &call, pl_reply_new(sizeof(parley_participants)), ret_participants, ret_error);
}

parley_status parley_update_participants(parley_client *client, const char *chat_id,
                                         const parley_participants_update *update, parley_membership **ret_membership,
                                         parley_error *ret_error)
{
    Parley__V1__UpdateParticipantsRequest request = PARLEY__V1__UPDATE_PARTICIPANTS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/UpdateParticipants",
                                        .request = &request.base,
                                        .reply = &parley__v1__update_participants_response__descriptor,
                                        .convert = convert_membership,
                                        .repeatable = true};
    parley_participants_update own;
    parley_membership *membership;
    parley_status status = pl_request_take_struct(&own, sizeof own, update, update->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    membership = pl_reply_new(sizeof *membership);
    request.chat_id = pl_request_text(chat_id);
    request.add = pl_request_participants(own.add, own.add_count, pl_reply_arena(membership));
    request.n_add = own.add_count;
    request.participants = pl_request_participants(own.participants, own.participant_count, pl_reply_arena(membership));
    request.n_participants = own.participant_count;
    request.remove = (char **)(uintptr_t)own.remove;
    request.n_remove = own.remove_count;
    return pl_client_fetch(client, &call, membership, ret_membership, ret_error);
}

parley_status parley_leave_chat(parley_client *client, const char *chat_id, int64_t *ret_left_seq,
                                parley_error *ret_error)
{
    Parley__V1__LeaveChatRequest request = PARLEY__V1__LEAVE_CHAT_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/LeaveChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__leave_chat_response__descriptor,
                                        .convert = convert_left_seq};
    request.chat_id = pl_request_text(chat_id);
    return pl_client_fetch_value(client, &call, ret_left_seq, ret_error);
}
