/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.LeaveChat. */
#include "chats/membership.h"
#include "chats/service.h"
#include "rpc/fields.h"

static void leave_chat(struct pl_call *call, const ProtobufCMessage *message);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void reply(struct pl_chat_change *change);

const struct pl_method pl_leave_chat = {
    .path = "/parley.v1.ChatService/LeaveChat",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_MESSAGE,
    .handle = leave_chat,
};

static void leave_chat(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__LeaveChatRequest *request = (const Parley__V1__LeaveChatRequest *)message;
    struct pl_chat_change *change = pl_arena_new(pl_call_arena(call), struct pl_chat_change);
    if (!pl_chat_change_init_named(change, call, request->chat_id, PL_ENTRY_MEMBERS, decide))
        return;
    /* Who leaves is a member, whoever asks. */
    change->change.any_sender = false;
    pl_membership_ask(change);
    pl_chat_change_submit(change, reply);
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_membership membership;
    enum pl_status status = pl_membership_begin(&membership, pl_chat_change_of(change));
    if (status != PL_OK)
        return status;
    pl_membership_remove(&membership, &append->message.sender_id);
    status = pl_membership_store(&membership);
    pl_membership_end(&membership);
    return status;
}

static void reply(struct pl_chat_change *change)
{
    Parley__V1__LeaveChatResponse response = PARLEY__V1__LEAVE_CHAT_RESPONSE__INIT;
    response.chat_id = pl_field_uuid(&change->append.message.chat_id.uuid, change->change.arena);
    response.left_seq = change->append.message.seq;
    pl_call_reply(change->call, &response.base);
}
