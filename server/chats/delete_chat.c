/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService.DeleteChat: everybody leaves, and nobody comes back. */
#include "chats/membership.h"
#include "chats/service.h"
#include "rpc/fields.h"

static void delete_chat(struct pl_call *call, const ProtobufCMessage *message);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void reply(struct pl_chat_change *change);

const struct pl_method pl_delete_chat = {
    .path = "/parley.v1.ChatService/DeleteChat",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_MESSAGE,
    .handle = delete_chat,
};

static void delete_chat(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__DeleteChatRequest *request = (const Parley__V1__DeleteChatRequest *)message;
    struct pl_chat_change *change = pl_arena_new(pl_call_arena(call), struct pl_chat_change);
    if (!pl_chat_change_init_named(change, call, request->chat_id, PL_ENTRY_MEMBERS, decide))
        return;
    pl_membership_ask(change);
    pl_chat_change_submit(change, reply);
}

static bool is_owner(const struct pl_membership *membership, const struct pl_user_id *user)
{
    const struct pl_member *member = pl_membership_find(membership, user);
    return member != NULL && member->role == PARLEY__V1__ROLE__ROLE_OWNER;
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_membership membership;
    struct pl_chat_change *base = pl_chat_change_of(change);
    enum pl_status status = pl_membership_begin(&membership, base);
    if (status != PL_OK)
        return status;
    if (!base->is_backend && !is_owner(&membership, &append->message.sender_id)) {
        status = PL_PERMISSION_DENIED;
    } else {
        pl_membership_store_end(&membership);
        pl_params_uuid(pl_change_write(change, PL_STATEMENT_CHANGE_DELETED), &append->message.chat_id.uuid);
    }
    pl_membership_end(&membership);
    return status;
}

static void reply(struct pl_chat_change *change)
{
    Parley__V1__DeleteChatResponse response = PARLEY__V1__DELETE_CHAT_RESPONSE__INIT;
    response.chat_id = pl_field_uuid(&change->append.message.chat_id.uuid, change->change.arena);
    response.seq = change->append.message.seq;
    pl_call_reply(change->call, &response.base);
}
