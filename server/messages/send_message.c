/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * MessageService.SendMessage: one append, answered when it is on disk. What makes a send happen once is its message_id,
 * so an idempotency key is nothing but another way to choose that: nothing is stored for it.
 */
#include <openssl/evp.h>
#include <string.h>

#include "idempotency.h"
#include "messages/message.h"
#include "messages/service.h"

#define REQUEST_BYTES_MAX (PL_DEVICE_PARTS_BYTES_MAX + 65536)

static void send_message(struct pl_call *call, const ProtobufCMessage *message);
static void on_appended(struct pl_append *append);

const struct pl_method pl_send_message = {
    .path = "/parley.v1.MessageService/SendMessage",
    .request_bytes_max = REQUEST_BYTES_MAX,
    .handle = send_message,
};

struct sending {
    struct pl_append append;
    struct pl_call *call;
};

/* The key itself when it is a UUID; else made of it and of whose it is. */
static struct pl_message_id id_of_key(const char *key, const struct pl_principal *principal)
{
    struct pl_message_id id;
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (pl_uuid_parse(key, &id.uuid) == PL_OK && !pl_uuid_is_nil(&id.uuid))
        return id;
    EVP_MD_CTX *sha = EVP_MD_CTX_new();
    pl_assert(sha != NULL && EVP_DigestInit_ex(sha, EVP_sha256(), NULL) == 1);
    pl_assert(EVP_DigestUpdate(sha, &principal->app_id, sizeof(principal->app_id)) == 1);
    pl_assert(EVP_DigestUpdate(sha, &principal->user_id, sizeof(principal->user_id)) == 1);
    pl_assert(EVP_DigestUpdate(sha, key, strlen(key)) == 1 && EVP_DigestFinal_ex(sha, digest, NULL) == 1);
    EVP_MD_CTX_free(sha);
    return (struct pl_message_id){pl_uuid_v8(digest)};
}

static void send_message(struct pl_call *call, const ProtobufCMessage *message)
{
    struct pl_server *server = pl_call_context(call);
    const Parley__V1__SendMessageRequest *request = (const Parley__V1__SendMessageRequest *)message;
    const char *key = pl_call_metadata(call, "idempotency-key");
    struct sending *sending = pl_arena_new(pl_call_arena(call), struct sending);
    const char *sentence = NULL;
    enum pl_status status =
        pl_message_from_request(request, pl_call_principal(call), pl_call_arena(call), &sending->append, &sentence);
    if (status != PL_OK) {
        pl_call_fail(call, status, "%s", sentence);
        return;
    }
    if (key != NULL && !pl_idempotency_key_valid(key)) {
        pl_idempotency_refuse_key(call);
        return;
    }
    if (key != NULL && request->message_id[0] == '\0')
        sending->append.message.message_id = id_of_key(key, pl_call_principal(call));
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
    if (append->status != PL_OK) {
        pl_call_fail(call, append->status, NULL);
        return;
    }
    Parley__V1__Message *message =
        pl_message_to_proto(&append->message, &pl_call_principal(call)->device_id, pl_call_arena(call));
    message->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT;
    pl_call_reply(call, &message->base);
}
