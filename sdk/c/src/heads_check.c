/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The check of heads of a stream: once a session has caught up and every five minutes after that, page by page, beside
 * the frames. When an end stays above what came for ten seconds, the call is opened again from what the device has. A
 * check that fails is left for the next time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "parley/v1/sync_service.pb-c.h"
#include "sdk/c/src/client_call.h"
#include "sdk/c/src/stream_state.h"

#define LIST_HEADS_PATH "/parley.v1.SyncService/ListHeads"
#define CHECK_MS 300000
#define ANSWER_US 10000000
#define LATE_US 10000000

static void plan_next(struct parley_stream *stream)
{
    int wait_ms = pl_backoff_spread_ms(CHECK_MS, pl_backoff_random());
    stream->heads_due_us = pl_clock_now_us() + (int64_t)wait_ms * 1000;
}

static void ask(struct parley_stream *stream, const char *page_token)
{
    Parley__V1__ListHeadsRequest request = PARLEY__V1__LIST_HEADS_REQUEST__INIT;
    struct pl_unary unary = {.path = LIST_HEADS_PATH,
                             .request = &request.base,
                             .reply = &parley__v1__list_heads_response__descriptor,
                             .deadline_us = pl_clock_now_us() + ANSWER_US};
    struct pl_token token;
    parley_error error;
    if (pl_token_get(stream->tokens, 0, &token, &error) != PARLEY_OK)
        return;
    request.page_token = pl_request_text(page_token);
    unary.token = token.text;
    pl_wire_ask(stream->wire, &unary);
    explicit_bzero(&token, sizeof token);
}

void pl_heads_check_begin_session(struct parley_stream *stream)
{
    stream->heads_due_us = stream->late_due_us = INT64_MAX;
}

void pl_heads_check_caught_up(struct parley_stream *stream)
{
    stream->heads_due_us = pl_clock_now_us();
}

static void take_page(struct parley_stream *stream, const Parley__V1__ListHeadsResponse *page)
{
    for (size_t i = 0; i < page->n_heads; i++) {
        struct pl_cursor head = {.seq = page->heads[i]->last_seq};
        if (pl_uuid_parse(page->heads[i]->chat_id, &head.chat_id.uuid) == PL_OK)
            pl_heads_put(&stream->heads, &stream->cursors, &head, page->heads[i]->first_seq);
    }
    if (page->next_page_token[0] != '\0')
        ask(stream, page->next_page_token);
    else if (pl_heads_end(&stream->heads))
        stream->late_due_us = pl_clock_now_us() + LATE_US;
}

void pl_heads_check_take(struct parley_stream *stream)
{
    ProtobufCMessage *reply = NULL;
    parley_error error;
    parley_status status = pl_wire_take_answer(stream->wire, &stream->arena, &reply, &error);
    if (status == PARLEY_OK && stream->phase == PL_STREAM_LIVE && stream->caught_up)
        take_page(stream, (const Parley__V1__ListHeadsResponse *)reply);
    pl_arena_reset(&stream->arena);
}

void pl_heads_check_due(struct parley_stream *stream)
{
    int64_t now_us = pl_clock_now_us();
    if (stream->phase != PL_STREAM_LIVE)
        return;
    if (now_us >= stream->late_due_us) {
        stream->late_due_us = INT64_MAX;
        if (pl_heads_still_late(&stream->heads, &stream->cursors)) {
            pl_session_drop(stream, PARLEY_BAD_REPLY, "entries are missing; asking for them again");
            return;
        }
    }
    if (now_us < stream->heads_due_us)
        return;
    plan_next(stream);
    if (pl_wire_is_asking(stream->wire))
        return;
    stream->late_due_us = INT64_MAX;
    pl_heads_begin(&stream->heads);
    ask(stream, NULL);
}

int64_t pl_heads_check_due_us(const struct parley_stream *stream)
{
    return stream->heads_due_us < stream->late_due_us ? stream->heads_due_us : stream->late_due_us;
}
