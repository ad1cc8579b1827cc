/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService: who is in a chat. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request_parts.h"

/* Of an answer that is one number. */
#define REPLY_BYTES_MAX ((size_t)64 << 10)

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

parley_status parley_list_participants(parley_client *client, const char *chat_id, int page_size,
                                       const char *page_token, parley_participants **ret_participants,
                                       parley_error *ret_error)
{
    Parley__V1__ListParticipantsRequest request = PARLEY__V1__LIST_PARTICIPANTS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/ListParticipants",
                                        .request = &request.base,
                                        .reply = &parley__v1__list_participants_response__descriptor,
                                        .repeatable = true};
    parley_participants *participants = pl_reply_new(sizeof *participants);
    request.chat_id = pl_request_text(chat_id);
    request.page_size = page_size;
    request.page_token = pl_request_text(page_token);
    parley_status status = pl_client_fetch(client, &call, participants, convert_page, ret_error);
    if (status == PARLEY_OK)
        *ret_participants = participants;
    return status;
}

static Parley__V1__NewParticipant **list_of(const parley_new_participant *from, size_t count, struct pl_arena *arena)
{
    Parley__V1__NewParticipant **list = pl_arena_array(arena, Parley__V1__NewParticipant *, count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = pl_arena_new(arena, Parley__V1__NewParticipant);
        parley__v1__new_participant__init(list[i]);
        list[i]->user_id = pl_request_text(from[i].user_id);
        list[i]->role = (Parley__V1__Role)from[i].role;
    }
    return list;
}

parley_status parley_update_participants(parley_client *client, const char *chat_id,
                                         const parley_participants_update *update, parley_membership **ret_membership,
                                         parley_error *ret_error)
{
    Parley__V1__UpdateParticipantsRequest request = PARLEY__V1__UPDATE_PARTICIPANTS_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/UpdateParticipants",
                                        .request = &request.base,
                                        .reply = &parley__v1__update_participants_response__descriptor,
                                        .repeatable = true};
    parley_participants_update own;
    parley_membership *membership;
    parley_status status = pl_request_take_struct(&own, sizeof own, update, update->struct_bytes, ret_error);
    if (status != PARLEY_OK)
        return status;
    membership = pl_reply_new(sizeof *membership);
    request.chat_id = pl_request_text(chat_id);
    request.add = list_of(own.add, own.add_count, pl_reply_arena(membership));
    request.n_add = own.add_count;
    request.participants = list_of(own.participants, own.participant_count, pl_reply_arena(membership));
    request.n_participants = own.participant_count;
    request.remove = (char **)(uintptr_t)own.remove;
    request.n_remove = own.remove_count;
    status = pl_client_fetch(client, &call, membership, convert_membership, ret_error);
    if (status != PARLEY_OK)
        return status;
    if (ret_membership != NULL)
        *ret_membership = membership;
    else
        parley_membership_free(membership);
    return PARLEY_OK;
}

parley_status parley_leave_chat(parley_client *client, const char *chat_id, int64_t *ret_left_seq,
                                parley_error *ret_error)
{
    Parley__V1__LeaveChatRequest request = PARLEY__V1__LEAVE_CHAT_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.ChatService/LeaveChat",
                                        .request = &request.base,
                                        .reply = &parley__v1__leave_chat_response__descriptor};
    struct pl_arena arena;
    ProtobufCMessage *reply = NULL;
    parley_status status;
    pl_arena_init(&arena, REPLY_BYTES_MAX);
    request.chat_id = pl_request_text(chat_id);
    status = pl_client_call(client, &call, &arena, &reply, ret_error);
    if (status == PARLEY_OK && ret_left_seq != NULL)
        *ret_left_seq = ((const Parley__V1__LeaveChatResponse *)reply)->left_seq;
    pl_arena_fini(&arena);
    return status;
}
