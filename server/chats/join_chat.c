/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.JoinChat. Strangers learn nothing of groups that are not open, nor that they are there. */
#include "chats/chat.h"
#include "chats/membership.h"
#include "chats/service.h"
#include "server.h"

static void join_chat(struct pl_call *call, const ProtobufCMessage *message);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void ask_chat(struct pl_chat_change *change);
static void on_chat(struct pl_query *query, void *context);

const struct pl_method pl_join_chat = {
    .path = "/parley.v1.ChatService/JoinChat",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_MESSAGE,
    .handle = join_chat,
};

static void join_chat(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__JoinChatRequest *request = (const Parley__V1__JoinChatRequest *)message;
    struct pl_chat_change *change = pl_arena_new(pl_call_arena(call), struct pl_chat_change);
    if (!pl_chat_change_init_named(change, call, request->chat_id, PL_ENTRY_MEMBERS, decide))
        return;
    change->change.any_sender = true;
    pl_membership_ask(change);
    pl_chat_change_submit(change, ask_chat);
}

static enum pl_status judge(struct pl_membership *membership, const struct pl_user_id *caller)
{
    const struct pl_chat_change *change = membership->change;
    bool is_member = pl_membership_find(membership, caller) != NULL;
    bool is_open = membership->chat.settings->join_policy == PARLEY__V1__JOIN_POLICY__JOIN_POLICY_OPEN;
    if (!is_member && !is_open && !change->is_backend)
        return PL_PERMISSION_DENIED;
    pl_membership_put(membership, caller, 0);
    return pl_membership_store(membership);
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_membership membership;
    struct pl_chat_change *base = pl_chat_change_of(change);
    enum pl_status status = pl_membership_begin(&membership, base);
    if (status == PL_OK) {
        status = judge(&membership, &append->message.sender_id);
        pl_membership_end(&membership);
    } else if (!base->is_backend) {
        base->sentence = NULL;
        status = PL_PERMISSION_DENIED;
    }
    return status;
}

static void ask_chat(struct pl_chat_change *change)
{
    const struct pl_message *message = &change->append.message;
    struct pl_query *query = pl_server_query(change->call, on_chat, change->call);
    pl_chat_ask(query, &message->chat_id, &message->sender_id);
    pl_server_submit(change->call, query);
}

static void on_chat(struct pl_query *query, void *context)
{
    struct pl_call *call = context;
    if (query->status != PL_OK)
        pl_call_fail(call, query->status, NULL);
    else
        pl_chat_reply(call, query, 0);
}
