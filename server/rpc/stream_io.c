/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Reading and writing of a stream. A message is unpacked into its home's scratch arena, which is emptied when the owner
 * has seen it, so an idle stream holds no memory for messages. What comes before it may be read waits, and the client's
 * window with it, which bounds it. One message is written at a time.
 */
#include <string.h>

#include "rpc/answer.h"
#include "rpc/connection.h"
#include "rpc/stream.h"

static bool is_done(const struct pl_stream *stream)
{
    return stream->call.ends || stream->call.is_over;
}

/* Health and reflection answer a message before they read another; whoever has a queue of its own goes on at once. */
static bool may_read(const struct pl_stream *stream)
{
    return stream->opened && !is_done(stream) && !(stream->call.served->builtin && stream->writing);
}

/* The message is whole. */
static void receive(struct pl_stream *stream)
{
    struct pl_call *call = &stream->call;
    struct pl_arena *scratch = &call->home->scratch;
    int64_t bytes = (int64_t)pl_inbound_bytes(&call->inbound);
    ProtobufCMessage *message;
    enum pl_status status = pl_call_unpack(call, scratch, &message);

    call->bytes_in += bytes;
    pl_metrics_add(call->rpc->options.metrics, PL_METRIC_received_bytes_total, bytes);
    /* With the first message, not before: whoever admitted the call may still have been at work in its arena. */
    if (!stream->heard)
        pl_call_forget_admission(call);
    stream->heard = true;
    if (status == PL_OK)
        call->served->method->stream->received(call, message);
    else
        pl_stream_end(stream, status);
    pl_arena_reset(scratch);
}

/* As far as they may be read now; how many were taken. */
static size_t read_bytes(struct pl_stream *stream, const uint8_t *data, size_t bytes)
{
    struct pl_inbound *inbound = &stream->call.inbound;
    size_t bytes_max = stream->call.served->method->request_bytes_max;
    size_t at = 0;

    while (at < bytes && may_read(stream)) {
        size_t taken;
        enum pl_status status = pl_inbound_feed(inbound, data + at, bytes - at, bytes_max, &taken);
        at += taken;
        if (status != PL_OK)
            pl_stream_end(stream, status);
        else if (pl_inbound_is_whole(inbound))
            receive(stream);
    }
    return is_done(stream) ? bytes : at;
}

static void tell_half_closed(struct pl_stream *stream)
{
    if (!stream->has_half_closed || stream->pending.bytes > 0 || !may_read(stream))
        return;
    stream->has_half_closed = false;
    if (pl_inbound_is_partial(&stream->call.inbound))
        pl_stream_end(stream, PL_MALFORMED_MESSAGE);
    else
        stream->call.served->method->stream->half_closed(&stream->call);
}

void pl_stream_read_on(struct pl_stream *stream)
{
    struct pl_buf *pending = &stream->pending;
    size_t taken = read_bytes(stream, pending->data, pending->bytes);

    pl_connection_consume(stream->call.connection, &stream->call, taken);
    pending->bytes -= taken;
    if (pending->bytes == 0)
        pl_buf_fini(pending);
    else
        memmove(pending->data, pending->data + taken, pending->bytes);
    tell_half_closed(stream);
}

/* What the window allows fits. What goes beyond it comes here all the same, after nghttp2 has reset the stream. */
size_t pl_stream_arrived(struct pl_call *call, const uint8_t *data, size_t bytes)
{
    struct pl_stream *stream = pl_container_of(call, struct pl_stream, call);
    size_t taken = stream->pending.bytes > 0 ? 0 : read_bytes(stream, data, bytes);

    if (taken < bytes)
        pl_buf_put(&stream->pending, data + taken, bytes - taken);
    if (stream->pending.overflowed)
        pl_stream_end(stream, PL_MESSAGE_TOO_LARGE);
    return taken;
}

void pl_stream_half_closed(struct pl_call *call)
{
    struct pl_stream *stream = pl_container_of(call, struct pl_stream, call);

    stream->has_half_closed = true;
    tell_half_closed(stream);
}

void pl_call_write(struct pl_call *call, const void *data, size_t bytes)
{
    struct pl_stream *stream = pl_container_of(call, struct pl_stream, call);

    pl_assert(stream->opened && !stream->writing && !stream->ended_by_owner);
    if (is_done(stream)) /* the owner cannot know yet; closed tells it */
        return;
    stream->writing = true;
    call->bytes_out += (int64_t)bytes;
    pl_metrics_add(call->rpc->options.metrics, PL_METRIC_sent_bytes_total, (int64_t)bytes);
    pl_answer_copy(call, data, bytes);
}

void pl_stream_written(struct pl_call *call)
{
    struct pl_stream *stream = pl_container_of(call, struct pl_stream, call);

    stream->writing = false;
    if (is_done(stream))
        return;
    call->served->method->stream->written(call);
    if (call->served->builtin)
        pl_stream_read_on(stream);
}
