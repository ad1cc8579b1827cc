/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * MessageService.SendMessages: up to 100 appends that know nothing of each other, answered when the last of them is
 * settled. They are submitted in their order and on one thread, and a writer keeps the order of its mailbox for each
 * chat, so the order within a chat is the order of the request. Each counts by itself; from the first on that is more
 * than the sender may send now, all are refused.
 */
#include "auth/quota.h"
#include "base/clock.h"
#include "base/limits.h"
#include "messages/message.h"
#include "messages/message_key.h"
#include "messages/service.h"
#include "rpc/fields.h"
#include "server.h"

#define REQUEST_BYTES_MAX (1 << 20)

static void send_messages(struct pl_call *call, const ProtobufCMessage *message);
static void on_appended(struct pl_append *append);

const struct pl_method pl_send_messages = {
    .path = "/parley.v1.MessageService/SendMessages",
    .request_bytes_max = REQUEST_BYTES_MAX,
    .handle = send_messages,
};

/* One message and what became of it. */
struct sending {
    struct pl_append append;
    struct batch *batch;
    const char *sentence; /* of what was refused before it was submitted; NULL otherwise */
    int retry_after_ms;
};

struct batch {
    struct pl_call *call;
    size_t count;
    size_t open; /* submitted and not settled */
    struct sending *sendings;
};

static Parley__V1__SendError *error_of(const struct sending *sending, struct pl_arena *arena)
{
    enum pl_status status = sending->append.status;
    const char *sentence = sending->sentence != NULL ? sending->sentence : pl_status_sentence(status);
    Parley__V1__SendError *error = pl_arena_new(arena, Parley__V1__SendError);
    parley__v1__send_error__init(error);
    error->code = pl_status_grpc_code(status);
    error->reason = (char *)pl_status_reason(status);
    error->message = (char *)sentence;
    error->retry_after_ms = sending->retry_after_ms;
    return error;
}

static Parley__V1__Message *message_of(const struct sending *sending)
{
    struct pl_call *call = sending->batch->call;
    Parley__V1__Message *message =
        pl_message_to_proto(&sending->append.message, &pl_call_principal(call)->device_id, pl_call_arena(call));
    if (message->status != PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED)
        message->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT;
    return message;
}

static Parley__V1__SendResult *result_of(const struct sending *sending)
{
    struct pl_arena *arena = pl_call_arena(sending->batch->call);
    Parley__V1__SendResult *result = pl_arena_new(arena, Parley__V1__SendResult);
    parley__v1__send_result__init(result);
    if (sending->append.status == PL_OK) {
        result->result_case = PARLEY__V1__SEND_RESULT__RESULT_MESSAGE;
        result->message = message_of(sending);
    } else {
        result->result_case = PARLEY__V1__SEND_RESULT__RESULT_ERROR;
        result->error = error_of(sending, arena);
    }
    return result;
}

static void reply(const struct batch *batch)
{
    Parley__V1__SendMessagesResponse response = PARLEY__V1__SEND_MESSAGES_RESPONSE__INIT;
    response.n_results = batch->count;
    response.results = pl_arena_array(pl_call_arena(batch->call), Parley__V1__SendResult *, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        response.results[i] = result_of(&batch->sendings[i]);
    pl_call_reply(batch->call, &response.base);
}

static struct batch *batch_new(struct pl_call *call, const Parley__V1__SendMessagesRequest *request, const char *key)
{
    struct batch *batch = pl_arena_new(pl_call_arena(call), struct batch);
    batch->call = call;
    batch->count = request->n_messages;
    batch->sendings = pl_arena_array(pl_call_arena(call), struct sending, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        struct sending *sending = &batch->sendings[i];
        sending->batch = batch;
        sending->append.status = pl_message_from_request(request->messages[i], pl_call_principal(call),
                                                         pl_call_arena(call), &sending->append, &sending->sentence);
        if (key != NULL && request->messages[i]->message_id[0] == '\0')
            sending->append.message.message_id = pl_message_key_id_in_batch(key, pl_call_principal(call), (uint32_t)i);
    }
    return batch;
}

/* True when it is counted. */
static bool pay_one(const struct batch *batch, const struct sending *sending, struct pl_quota_taking *ret_taking)
{
    const struct pl_message *message = &sending->append.message;
    struct pl_spending spending = {.messages = 1, .bytes = (int64_t)(message->body_bytes + message->metadata_bytes)};
    return pl_quota_take(pl_call_principal(batch->call), &spending, pl_clock_now_us(), ret_taking);
}

/* Refuses what is too much. */
static void pay(struct batch *batch)
{
    struct pl_quota_taking taking = {.count = 0};
    bool was_taken = true;
    for (size_t i = 0; i < batch->count; i++) {
        struct sending *sending = &batch->sendings[i];
        if (sending->append.status != PL_OK)
            continue;
        was_taken = was_taken && pay_one(batch, sending, &taking);
        batch->open += was_taken;
        if (was_taken)
            continue;
        sending->append.status = PL_RATE_LIMITED;
        sending->sentence = pl_quota_sentence(&taking);
        sending->retry_after_ms = pl_quota_retry_ms(&taking);
    }
    pl_quota_tell(batch->call, &taking, was_taken);
}

static void send_messages(struct pl_call *call, const ProtobufCMessage *message)
{
    const struct pl_server *server = pl_call_context(call);
    const Parley__V1__SendMessagesRequest *request = (const Parley__V1__SendMessagesRequest *)message;
    if (request->n_messages < 1 || request->n_messages > PL_SEND_BATCH_MAX) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "messages must be 1 to %d", PL_SEND_BATCH_MAX);
        return;
    }
    const char *key = NULL;
    if (!pl_message_key_take(call, &key))
        return;
    struct batch *batch = batch_new(call, request, key);
    pay(batch);
    if (batch->open == 0) {
        reply(batch);
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct pl_append *append = &batch->sendings[i].append;
        if (append->status != PL_OK)
            continue;
        append->home = &pl_call_loop(call)->mailbox;
        append->done = on_appended;
        append->deadline_us = pl_call_deadline_us(call);
        pl_db_append(server->db, append);
    }
}

static void on_appended(struct pl_append *append)
{
    struct batch *batch = pl_container_of(append, struct sending, append)->batch;
    if (--batch->open == 0)
        reply(batch);
}
