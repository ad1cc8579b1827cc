/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService.SendMessages: several messages, and what became of each. */
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/convert.h"
#include "sdk/c/src/error.h"
#include "sdk/c/src/reply.h"
#include "sdk/c/src/request.h"

/* message_ids are fixed before the first attempt, so that the server knows the second for what it is. */
static parley_status make_list(Parley__V1__SendMessagesRequest *request, const parley_draft *const *drafts,
                               size_t count, struct pl_arena *arena, parley_error *ret_error)
{
    request->messages = pl_arena_array(arena, Parley__V1__SendMessageRequest *, count + 1);
    request->n_messages = count;
    for (size_t i = 0; i < count; i++) {
        char *message_id = pl_arena_alloc(arena, PARLEY_ID_BYTES);
        parley_id_make(message_id);
        parley_status status = pl_request_of_draft(drafts[i], message_id, arena, &request->messages[i], ret_error);
        if (status != PARLEY_OK)
            return status;
    }
    return PARLEY_OK;
}

static const parley_error *error_of(const Parley__V1__SendResult *from, struct pl_arena *arena)
{
    parley_error *error = pl_arena_new(arena, parley_error);
    if (from->result_case == PARLEY__V1__SEND_RESULT__RESULT_ERROR) {
        pl_error_from_reason(error, from->error->code, from->error->reason, from->error->message);
        error->retry_after_ms = from->error->retry_after_ms;
    } else {
        pl_error_set(error, PARLEY_BAD_REPLY, NULL);
    }
    return error;
}

static parley_send_result result_of(const Parley__V1__SendResult *from, struct pl_arena *arena)
{
    parley_message *message;
    if (from->result_case != PARLEY__V1__SEND_RESULT__RESULT_MESSAGE)
        return (parley_send_result){.error = error_of(from, arena)};
    message = pl_arena_new(arena, parley_message);
    pl_convert_message(message, from->message, arena);
    return (parley_send_result){.message = message};
}

static void convert_results(void *ret_results, const ProtobufCMessage *reply, struct pl_arena *arena)
{
    const Parley__V1__SendMessagesResponse *response = (const Parley__V1__SendMessagesResponse *)reply;
    parley_send_result *items = pl_arena_array(arena, parley_send_result, response->n_results + 1);
    for (size_t i = 0; i < response->n_results; i++)
        items[i] = result_of(response->results[i], arena);
    *(parley_send_results *)ret_results = (parley_send_results){.items = items, .count = response->n_results};
}

/* The ids of the request, which lie in the arena of the results or with the drafts: copied. */
static void name_results(parley_send_results *results, const Parley__V1__SendMessagesRequest *request)
{
    parley_send_result *items = (parley_send_result *)(uintptr_t)results->items;
    struct pl_arena *arena = pl_reply_arena(results);
    for (size_t i = 0; i < results->count; i++)
        items[i].message_id = pl_arena_copy(arena, request->messages[i]->message_id, PARLEY_ID_BYTES - 1);
}

parley_status parley_send_messages(parley_client *client, const parley_draft *const *drafts, size_t count,
                                   parley_send_results **ret_results, parley_error *ret_error)
{
    Parley__V1__SendMessagesRequest request = PARLEY__V1__SEND_MESSAGES_REQUEST__INIT;
    const struct pl_client_call call = {.path = "/parley.v1.MessageService/SendMessages",
                                        .request = &request.base,
                                        .reply = &parley__v1__send_messages_response__descriptor,
                                        .convert = convert_results,
                                        .repeatable = true};
    parley_send_results *results = pl_reply_new(sizeof *results);
    parley_status status = make_list(&request, drafts, count, pl_reply_arena(results), ret_error);
    if (status != PARLEY_OK) {
        parley_send_results_free(results);
        return status;
    }
    status = pl_client_fetch(client, &call, results, &results, ret_error);
    if (status != PARLEY_OK)
        return status;
    if (results->count != count) {
        parley_send_results_free(results);
        return pl_error_set(ret_error, PARLEY_BAD_REPLY, NULL);
    }
    name_results(results, &request);
    *ret_results = results;
    return PARLEY_OK;
}
