/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.EditMessage: the new body is an entry of its own; the message only knows which is the last. */
#include "base/limits.h"
#include "chats/chat_change.h"
#include "messages/answer.h"
#include "messages/message.h"
#include "messages/service.h"
#include "messages/target.h"
#include "rpc/fields.h"
#include "server.h"

static void edit_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_place(struct pl_query *query, void *context);
static enum pl_status decide(struct pl_change *change, struct pl_append *append);
static void reply(struct pl_chat_change *change);

const struct pl_method pl_edit_message = {
    .path = "/parley.v1.MessageService/EditMessage",
    .request_bytes_max = PL_DEVICE_PARTS_BYTES_MAX + 65536,
    .spends = PL_SPENDS_MESSAGE,
    .handle = edit_message,
};

/* A body has one form, in whichever request it comes. */
static enum pl_status take_body(const Parley__V1__EditMessageRequest *request, struct pl_arena *arena,
                                struct pl_message *message, const char **ret_sentence)
{
    Parley__V1__SendMessageRequest sent = PARLEY__V1__SEND_MESSAGE_REQUEST__INIT;
    sent.body_case = (Parley__V1__SendMessageRequest__BodyCase)request->body_case;
    if (request->body_case == PARLEY__V1__EDIT_MESSAGE_REQUEST__BODY_CONTENT)
        sent.content = request->content;
    else if (request->body_case == PARLEY__V1__EDIT_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT)
        sent.encrypted_content = request->encrypted_content;
    else if (request->body_case == PARLEY__V1__EDIT_MESSAGE_REQUEST__BODY_DEVICE_PARTS)
        sent.device_parts = request->device_parts;
    return pl_message_take_body(&sent, arena, message, ret_sentence);
}

static void edit_message(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__EditMessageRequest *request = (const Parley__V1__EditMessageRequest *)message;
    struct pl_chat_change *change = pl_arena_new(pl_call_arena(call), struct pl_chat_change);
    struct pl_message *entry = &change->append.message;
    const char *sentence = NULL;
    change->call = call;
    if (!pl_field_take_uuid(call, "message_id", request->message_id, &entry->target_message_id.uuid))
        return;
    enum pl_status status = take_body(request, pl_call_arena(call), entry, &sentence);
    if (status != PL_OK) {
        pl_call_fail(call, status, "%s", sentence);
        return;
    }
    struct pl_query *query = pl_server_query(call, on_place, change);
    struct pl_params *place = pl_query_add(query, PL_STATEMENT_MESSAGE_PLACE);
    pl_params_uuid(place, &entry->target_message_id.uuid);
    pl_params_uuid(place, &pl_call_principal(call)->user_id.uuid);
    pl_server_submit(call, query);
}

static void on_place(struct pl_query *query, void *context)
{
    struct pl_chat_change *change = context;
    if (!pl_target_take_place(change, query, PL_ENTRY_EDIT, decide))
        return;
    /* Whoever asks, who edits is a member. */
    change->change.any_sender = false;
    pl_target_ask(change);
    pl_chat_change_submit(change, reply);
}

static enum pl_status decide(struct pl_change *change, struct pl_append *append)
{
    struct pl_chat_change *base = pl_chat_change_of(change);
    struct pl_target target;
    enum pl_status status = pl_target_take(base, &target);
    if (status != PL_OK)
        return status;
    if (!pl_uuid_equal(&target.sender_id.uuid, &append->message.sender_id.uuid))
        return PL_PERMISSION_DENIED;
    if (target.is_deleted)
        return pl_chat_change_refuse(base, PL_FAILED_PRECONDITION, "the message is deleted");
    if (target.is_expired)
        return pl_chat_change_refuse(base, PL_FAILED_PRECONDITION, "the message is expired");
    struct pl_params *edit = pl_change_write(change, PL_STATEMENT_CHANGE_EDIT);
    pl_params_uuid(edit, &append->message.chat_id.uuid);
    pl_params_int64(edit, target.seq);
    pl_params_int64(edit, append->message.seq);
    return PL_OK;
}

static void reply(struct pl_chat_change *change)
{
    pl_message_answer(change->call, &change->append.message.target_message_id);
}
