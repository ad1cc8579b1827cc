/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A client, and the attempts of its calls. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "sdk/c/src/backoff.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/error.h"
#include "sdk/c/src/reply.h"

#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS 2000
#define SMALL_REPLY_BYTES_MAX ((size_t)64 << 10)

parley_status parley_client_new(const parley_options *options, parley_client **ret_client, parley_error *ret_error)
{
    struct pl_channel *channel;
    parley_client *client;
    parley_status status = pl_channel_open(options, &channel, ret_error);
    if (status != PARLEY_OK)
        return status;
    client = calloc(1, sizeof *client);
    pl_assert(client != NULL);
    client->channel = channel;
    client->options = pl_options_copy(options);
    pl_token_source_init(&client->tokens, options->token_provider, options->token_userdata);
    *ret_client = client;
    return PARLEY_OK;
}

void parley_client_free(parley_client *client)
{
    if (client == NULL)
        return;
    pl_channel_close(client->channel);
    pl_token_source_fini(&client->tokens);
    parley_options_free(client->options);
    free(client);
}

parley_status parley_client_connect(parley_client *client, int timeout_ms, parley_error *ret_error)
{
    int64_t wait_us = (int64_t)(timeout_ms > 0 ? timeout_ms : client->options->timeout_ms) * 1000;
    return pl_channel_connect(client->channel, pl_clock_now_us() + wait_us, ret_error);
}

const char *parley_version(void)
{
    return PARLEY_VERSION;
}

void parley_id_make(char ret_id[PARLEY_ID_BYTES])
{
    struct pl_uuid uuid = pl_uuid_v7();
    pl_uuid_format(&uuid, ret_id);
}

char *pl_request_text(const char *text)
{
    return (char *)(uintptr_t)(text != NULL ? text : "");
}

/* What the server asks for, or our own pause when that is longer. */
static int64_t pause_us(struct pl_backoff *backoff, const parley_error *error)
{
    int own_ms = pl_backoff_next_ms(backoff, pl_backoff_random());
    int asked_ms = pl_backoff_spread_ms(error->retry_after_ms, pl_backoff_random());
    return (int64_t)(own_ms > asked_ms ? own_ms : asked_ms) * 1000;
}

static void sleep_us(int64_t us)
{
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) != 0)
        continue;
}

/*
 * One attempt, or two when the token was found to have expired: an expired token was refused before anything happened.
 * *ret_error is set when the answer is not PARLEY_OK.
 */
static parley_status attempt(parley_client *client, struct pl_unary *unary, struct pl_arena *arena,
                             ProtobufCMessage **ret_reply, parley_error *ret_error)
{
    struct pl_token token;
    parley_status status = pl_token_get(&client->tokens, 0, &token, ret_error);
    if (status != PARLEY_OK)
        return status;
    unary->token = token.text;
    status = pl_channel_call(client->channel, unary, arena, ret_reply, ret_error);
    if (status == PARLEY_TOKEN_EXPIRED && pl_token_source_renews(&client->tokens)) {
        status = pl_token_get(&client->tokens, token.generation, &token, ret_error);
        if (status == PARLEY_OK)
            status = pl_channel_call(client->channel, unary, arena, ret_reply, ret_error);
    }
    explicit_bzero(&token, sizeof token);
    unary->token = NULL;
    return status;
}

parley_status pl_client_call(parley_client *client, const struct pl_client_call *call, struct pl_arena *arena,
                             ProtobufCMessage **ret_reply, parley_error *ret_error)
{
    struct pl_unary unary = {.path = call->path,
                             .request = call->request,
                             .reply = call->reply,
                             .deadline_us =
                                 pl_clock_now_us() + ((int64_t)client->options->timeout_ms + call->rest_ms) * 1000};
    struct pl_backoff backoff;
    parley_error error = {.status = PARLEY_OK};
    pl_backoff_init(&backoff, RETRY_FIRST_MS, RETRY_MAX_MS);
    for (;;) {
        int64_t wait_us;
        if (attempt(client, &unary, arena, ret_reply, &error) == PARLEY_OK)
            return PARLEY_OK;
        wait_us = pause_us(&backoff, &error);
        if (!call->repeatable || !pl_error_is_passing(&error) || pl_clock_now_us() + wait_us >= unary.deadline_us)
            return pl_error_give(ret_error, &error);
        sleep_us(wait_us);
        pl_channel_retry_now(client->channel);
    }
}

parley_status pl_client_fetch(parley_client *client, const struct pl_client_call *call, void *result, void *ret_result,
                              parley_error *ret_error)
{
    ProtobufCMessage *reply = NULL;
    parley_status status = pl_client_call(client, call, pl_reply_arena(result), &reply, ret_error);
    if (status == PARLEY_OK && ret_result != NULL) {
        call->convert(result, reply, pl_reply_arena(result));
        memcpy(ret_result, &result, sizeof result);
    } else {
        pl_reply_free(result);
    }
    return status;
}

parley_status pl_client_fetch_value(parley_client *client, const struct pl_client_call *call, void *ret_value,
                                    parley_error *ret_error)
{
    struct pl_arena arena;
    ProtobufCMessage *reply = NULL;
    parley_status status;
    pl_arena_init(&arena, SMALL_REPLY_BYTES_MAX);
    status = pl_client_call(client, call, &arena, &reply, ret_error);
    if (status == PARLEY_OK && ret_value != NULL)
        call->convert(ret_value, reply, &arena);
    pl_arena_fini(&arena);
    return status;
}
