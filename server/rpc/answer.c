/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * nghttp2 asks for the bytes of a message when the client's window has room for them. When there are none it is told to
 * wait (NGHTTP2_ERR_DEFERRED), and is woken with the next message.
 *
 * Long messages are compressed for clients that take it: they are lists of entries, of which more is names and ids than
 * content. Short ones would gain nothing.
 *
 * A client that does not read can keep the status from leaving. When it has read nothing for LINGER_US the call is
 * over.
 */
#include "rpc/answer.h"

#include <nghttp2/nghttp2.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rpc/connection.h"

enum { COMPRESSED_BYTES_MIN = 1024, PAIRS_MAX = 8, LINGER_US = 5000000 };

struct pairs {
    nghttp2_nv items[PAIRS_MAX];
    size_t count;
};

static void add(struct pairs *pairs, const char *name, const char *value, uint8_t flags)
{
    pl_assert(pairs->count < PAIRS_MAX);
    pairs->items[pairs->count++] = (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                                                .value = (uint8_t *)(uintptr_t)value,
                                                .namelen = strlen(name),
                                                .valuelen = strlen(value),
                                                .flags = flags};
}

/* gRPC over HTTP/2: what is not printable ASCII, and '%', is percent-encoded. */
static const char *encode_sentence(const char *text, struct pl_arena *arena)
{
    char *encoded = pl_arena_alloc(arena, strlen(text) * 3 + 1);
    char *at = encoded;

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= ' ' && byte <= '~' && byte != '%')
            *at++ = (char)byte;
        else
            at += snprintf(at, 4, "%%%02X", byte);
    }
    return encoded;
}

static const char *encode_details(enum pl_status status, const struct pl_error *error, struct pl_arena *arena)
{
    size_t bytes;
    const uint8_t *packed = pl_error_pack(status, error, arena, &bytes);
    size_t room = sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    char *text = pl_arena_alloc(arena, room);

    return sodium_bin2base64(text, room, packed, bytes, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

/* What differs from call to call does not belong into HPACK's table. */
static void add_status(struct pairs *pairs, struct pl_call *call, enum pl_status status)
{
    struct pl_arena *arena = &call->arena;
    const char *sentence = pl_error_sentence(status, &call->error);

    if (status == PL_OK) {
        add(pairs, "grpc-status", "0", NGHTTP2_NV_FLAG_NONE);
        return;
    }
    add(pairs, "grpc-status", pl_arena_printf(arena, "%d", pl_status_grpc_code(status)), NGHTTP2_NV_FLAG_NONE);
    add(pairs, "grpc-message", encode_sentence(sentence, arena), NGHTTP2_NV_FLAG_NO_INDEX);
    add(pairs, "grpc-status-details-bin", encode_details(status, &call->error, arena), NGHTTP2_NV_FLAG_NO_INDEX);
}

static void add_headers(struct pairs *pairs, const struct pl_call *call)
{
    add(pairs, ":status", "200", NGHTTP2_NV_FLAG_NONE);
    add(pairs, "content-type", "application/grpc", NGHTTP2_NV_FLAG_NONE);
    if (call->takes_gzip && call->served->method->stream != NULL)
        add(pairs, "grpc-encoding", "gzip", NGHTTP2_NV_FLAG_NONE);
    for (unsigned i = 0; i < call->header_count; i++)
        add(pairs, call->headers[i].key, call->headers[i].value, NGHTTP2_NV_FLAG_NO_INDEX);
}

static nghttp2_session *session_of(const struct pl_call *call)
{
    return call->connection->session;
}

static void submit_trailers(struct pl_call *call)
{
    struct pairs pairs = {.count = 0};
    int error;

    call->has_status = true;
    add_status(&pairs, call, call->status);
    error = nghttp2_submit_trailer(session_of(call), call->stream_id, pairs.items, pairs.count);
    pl_assert(error == 0);
}

static void drop_message(struct pl_call *call)
{
    free(call->out);
    call->out = NULL;
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static ssize_t read_message(nghttp2_session *session, int32_t stream_id, uint8_t *data, size_t room,
                            uint32_t *ret_flags, nghttp2_data_source *source, void *context)
{
    struct pl_call *call = nghttp2_session_get_stream_user_data(session, stream_id);
    size_t bytes;

    (void)source;
    (void)context;
    if (call == NULL) /* cut: its trailers are before this */
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (call->out == NULL)
        return NGHTTP2_ERR_DEFERRED;
    bytes = call->out_bytes - call->out_sent < room ? call->out_bytes - call->out_sent : room;
    memcpy(data, call->out + call->out_sent, bytes);
    call->out_sent += bytes;
    if (call->out_sent < call->out_bytes)
        return (ssize_t)bytes;
    drop_message(call);
    pl_connection_hand(call->connection, call);
    if (call->ends) {
        *ret_flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        submit_trailers(call);
    }
    return (ssize_t)bytes;
}

void pl_answer_start(struct pl_call *call)
{
    nghttp2_data_provider messages = {.read_callback = read_message};
    struct pairs pairs = {.count = 0};
    int error;

    if (call->is_over)
        return;
    pl_assert(!call->has_started);
    call->has_started = true;
    add_headers(&pairs, call);
    error = nghttp2_submit_response(session_of(call), call->stream_id, pairs.items, pairs.count, &messages);
    pl_assert(error == 0);
    pl_connection_flush_later(call->connection);
}

/* Until the headers have left nghttp2 does not wait for anything, and will ask. */
static void resume(struct pl_call *call)
{
    int error = nghttp2_session_resume_data(session_of(call), call->stream_id);

    pl_assert(error == 0 || error == NGHTTP2_ERR_INVALID_ARGUMENT);
    pl_connection_flush_later(call->connection);
}

uint8_t *pl_answer_message(struct pl_call *call, size_t bytes)
{
    pl_assert(call->has_started && call->out == NULL && !call->ends && !call->is_over);
    call->out = malloc(PL_PREFIX_BYTES + bytes);
    pl_assert(call->out != NULL);
    pl_prefix_put(call->out, false, bytes);
    call->out_bytes = PL_PREFIX_BYTES + bytes;
    call->out_sent = 0;
    resume(call);
    return call->out + PL_PREFIX_BYTES;
}

void pl_answer_copy(struct pl_call *call, const void *data, size_t bytes)
{
    uint8_t *message = pl_answer_message(call, bytes);
    size_t shorter = 0;

    if (call->takes_gzip && bytes >= COMPRESSED_BYTES_MIN)
        shorter = pl_gzip_compress(&call->home->gzip, data, bytes, message, bytes);
    if (shorter == 0) {
        memcpy(message, data, bytes);
        return;
    }
    pl_prefix_put(call->out, true, shorter);
    call->out_bytes = PL_PREFIX_BYTES + shorter;
}

/* One block of headers, which ends the stream: by it clients know that nothing was answered, and may try again. */
static void submit_trailers_only(struct pl_call *call)
{
    struct pairs pairs = {.count = 0};
    int error;

    call->has_started = true;
    call->has_status = true;
    add_headers(&pairs, call);
    add_status(&pairs, call, call->status);
    error = nghttp2_submit_response(session_of(call), call->stream_id, pairs.items, pairs.count, NULL);
    pl_assert(error == 0);
}

/* From now on only the client's reading is waited for. */
static void arm_linger(struct pl_call *call)
{
    int64_t until_us = pl_clock_now_us() + LINGER_US;

    call->lingered_at = call->out_sent;
    pl_timers_arm(&call->home->io.loop.timers, &call->late,
                  until_us < call->deadline_us ? until_us : call->deadline_us);
}

void pl_answer_late(struct pl_call *call)
{
    if (!call->ends || pl_clock_now_us() >= call->deadline_us)
        pl_answer_cut(call, PL_DEADLINE_EXCEEDED);
    else if (call->connection->left != NULL || (call->out != NULL && call->out_sent != call->lingered_at))
        arm_linger(call); /* while the socket is full, whether it is read is the connection's to judge */
    else
        pl_answer_cut(call, call->status);
}

void pl_answer_end(struct pl_call *call, enum pl_status status)
{
    pl_assert(!call->ends);
    call->ends = true;
    call->status = status;
    if (call->is_over)
        return;
    arm_linger(call);
    if (!call->has_started && status != PL_OK)
        submit_trailers_only(call);
    else if (call->out == NULL) /* also when the client's window is closed: trailers need none */
        submit_trailers(call);
    pl_connection_flush_later(call->connection);
}

void pl_answer_cut(struct pl_call *call, enum pl_status status)
{
    if (call->is_over)
        return;
    call->status = status;
    if (call->out != NULL && status == PL_OK) /* half a message is not well */
        nghttp2_submit_rst_stream(session_of(call), NGHTTP2_FLAG_NONE, call->stream_id, NGHTTP2_CANCEL);
    else if (!call->has_started)
        submit_trailers_only(call);
    else if (!call->has_status)
        submit_trailers(call);
    drop_message(call);
    pl_connection_flush_later(call->connection);
    pl_connection_forget(call->connection, call);
}
