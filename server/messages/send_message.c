/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.SendMessage: one append, answered when it is on disk. */
#include "base/limits.h"
#include "messages/message.h"
#include "messages/message_key.h"
#include "messages/service.h"
#include "server.h"

#define REQUEST_BYTES_MAX (PL_DEVICE_PARTS_BYTES_MAX + 65536)

static void send_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_appended(struct pl_append *append);

const struct pl_method pl_send_message = {
    .path = "/parley.v1.MessageService/SendMessage",
    .request_bytes_max = REQUEST_BYTES_MAX,
    .spends = PL_SPENDS_MESSAGE,
    .handle = send_message,
};

struct sending {
    struct pl_append append;
    struct pl_call *call;
};

static void send_message(struct pl_call *call, const ProtobufCMessage *message)
{
    struct pl_server *server = pl_call_context(call);
    const Parley__V1__SendMessageRequest *request = (const Parley__V1__SendMessageRequest *)message;
    const char *key = NULL;
    struct sending *sending = pl_arena_new(pl_call_arena(call), struct sending);
    const char *sentence = NULL;
    enum pl_status status =
        pl_message_from_request(request, pl_call_principal(call), pl_call_arena(call), &sending->append, &sentence);
    if (status != PL_OK) {
        pl_call_fail(call, status, "%s", sentence);
        return;
    }
    if (!pl_message_key_take(call, &key))
        return;
    if (key != NULL && request->message_id[0] == '\0')
        sending->append.message.message_id = pl_message_key_id(key, pl_call_principal(call));
    sending->call = call;
    sending->append.home = &pl_call_loop(call)->mailbox;
    sending->append.done = on_appended;
    sending->append.deadline_us = pl_call_deadline_us(call);
    pl_db_append(server->db, &sending->append);
}

static void on_appended(struct pl_append *append)
{
    struct sending *sending = pl_container_of(append, struct sending, append);
    struct pl_call *call = sending->call;
    if (append->status == PL_MESSAGE_NOT_FOUND) {
        pl_call_fail(call, append->status, "reply_to_message_id is no message of this chat that the caller may see");
        return;
    }
    if (append->status != PL_OK) {
        pl_call_fail(call, append->status, NULL);
        return;
    }
    Parley__V1__Message *message =
        pl_message_to_proto(&append->message, &pl_call_principal(call)->device_id, pl_call_arena(call));
    if (message->status != PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED)
        message->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT;
    pl_call_reply(call, &message->base);
}
