/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.DeleteMessage: an entry that says so; of the message, its edits and reactions nothing but their places
 * is left.
 */
#include "chats/chat_change.h"
#include "messages/service.h"
#include "messages/target.h"
#include "rpc/fields.h"
#include "server.h"

static void delete_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_place(struct pl_query *query, void *context);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void reply(struct pl_chat_change *change);

const struct pl_method pl_delete_message = {
    .path = "/parley.v1.MessageService/DeleteMessage",
    .request_bytes_max = 1024,
    .spends = PL_SPENDS_MESSAGE,
    .handle = delete_message,
};

static void delete_message(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__DeleteMessageRequest *request = (const Parley__V1__DeleteMessageRequest *)message;
    const struct pl_principal *principal = pl_call_principal(call);
    struct pl_chat_change *change = pl_arena_new(pl_call_arena(call), struct pl_chat_change);
    struct pl_message_id *target = &change->append.message.target_message_id;
    change->call = call;
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &target->uuid))
        return;
    bool is_backend = principal->kind == PL_PRINCIPAL_APP;
    struct pl_query *query = pl_server_query(call, on_place, change);
    struct pl_params *place =
        pl_query_add(query, is_backend ? PL_STATEMENT_MESSAGE_PLACE_IN_APP : PL_STATEMENT_MESSAGE_PLACE);
    pl_params_uuid(place, &target->uuid);
    pl_params_uuid(place, is_backend ? &principal->app_id.uuid : &principal->user_id.uuid);
    pl_server_submit(call, query);
}

static void on_place(struct pl_query *query, void *context)
{
    struct pl_chat_change *change = context;
    if (!pl_target_take_place(change, query, PL_ENTRY_DELETE, decide))
        return;
    pl_target_ask(change);
    pl_chat_change_submit(change, reply);
}

static bool may_delete(const struct pl_chat_change *change, const struct pl_target *target)
{
    /* In an individual chat both are members, and nobody is more. */
    return pl_uuid_equal(&target->sender_id.uuid, &change->append.message.sender_id.uuid) ||
           pl_chat_change_role(change) <= PARLEY__V1__ROLE__ROLE_ADMIN;
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_chat_change *base = pl_chat_change_of(change);
    const struct pl_message *entry = &append->message;
    struct pl_target target;
    enum pl_status status = pl_target_take(base, &target);
    if (status != PL_OK)
        return status;
    if (!may_delete(base, &target))
        return PL_PERMISSION_DENIED;
    change->is_needless = target.is_deleted;
    if (change->is_needless)
        return PL_OK;
    struct pl_params *gone = pl_change_write(change, PL_STATEMENT_CHANGE_DELETE);
    pl_params_uuid(gone, &entry->chat_id.uuid);
    pl_params_int64(gone, target.seq);
    struct pl_params *amendments = pl_change_write(change, PL_STATEMENT_CHANGE_DELETE_AMENDMENTS);
    pl_params_uuid(amendments, &entry->chat_id.uuid);
    pl_params_uuid(amendments, &entry->target_message_id.uuid);
    return PL_OK;
}

static void reply(struct pl_chat_change *change)
{
    Parley__V1__DeleteMessageResponse response = PARLEY__V1__DELETE_MESSAGE_RESPONSE__INIT;
    response.chat_id = pl_field_uuid(&change->append.message.chat_id.uuid, change->change.arena);
    response.seq = change->append.message.seq;
    pl_call_reply(change->call, &response.base);
}
