/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Reading and writing of a stream: one message each way at a time. A message is unpacked into its loop's scratch arena,
 * which is emptied when the owner has seen it, so an idle stream holds no memory for messages. The status goes out when
 * no write is in flight.
 *
 * Long messages are compressed for clients that take it: they are lists of entries, of which more is names and ids than
 * content. Short ones would gain nothing.
 */
#include "rpc/payload.h"
#include "rpc/stream.h"

enum { COMPRESSED_BYTES_MIN = 1024 };

static void start_status(struct pl_stream *stream)
{
    struct pl_status_op status_op;
    grpc_op op;

    stream->holds++;
    pl_status_op_init(&status_op, stream->status, &stream->call.error, &stream->call.arena, &op);
    pl_call_start(&stream->call, &op, 1, &stream->sent);
    pl_status_op_fini(&status_op);
}

void pl_stream_send_status(struct pl_stream *stream)
{
    if (!stream->writing)
        start_status(stream);
}

void pl_stream_read_next(struct pl_stream *stream)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &stream->incoming};

    stream->holds++;
    pl_call_start(&stream->call, &op, 1, &stream->read);
}

/* Health and reflection answer a message before they read another; whoever has a queue of its own goes on at once. */
static void read_on(struct pl_stream *stream)
{
    if (stream->ended || stream->gone)
        return;
    if (stream->call.served->builtin && stream->writing) {
        stream->read_due = true;
        return;
    }
    pl_stream_read_next(stream);
}

static void receive(struct pl_stream *stream, grpc_byte_buffer *buffer)
{
    struct pl_arena *scratch = &stream->home->queue.scratch;
    struct pl_call *call = &stream->call;
    ProtobufCMessage *message;
    enum pl_status status = pl_payload_unpack(buffer, call->served, scratch, &message);
    int64_t bytes = (int64_t)pl_payload_bytes(buffer);

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
    read_on(stream);
}

static void on_read(struct pl_tag *tag, bool ok)
{
    struct pl_stream *stream = pl_container_of(tag, struct pl_stream, read);
    grpc_byte_buffer *buffer = stream->incoming;

    stream->incoming = NULL;
    if (!ok || buffer == NULL)
        pl_stream_await_close(stream);
    if (ok && !stream->ended && !stream->gone) {
        if (buffer == NULL)
            stream->call.served->method->stream->half_closed(&stream->call);
        else
            receive(stream, buffer);
    }
    grpc_byte_buffer_destroy(buffer);
    pl_stream_drop(stream);
}

void pl_call_write(struct pl_call *call, const void *data, size_t bytes)
{
    struct pl_stream *stream = pl_container_of(call, struct pl_stream, call);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE, .flags = bytes < COMPRESSED_BYTES_MIN ? GRPC_WRITE_NO_COMPRESS : 0};

    pl_assert(stream->opened && !stream->writing && !stream->ended_by_owner);
    if (stream->ended || stream->gone) /* the owner cannot know yet; closed tells it */
        return;
    stream->outgoing = pl_payload_copy(data, bytes);
    stream->writing = true;
    stream->holds++;
    call->bytes_out += (int64_t)bytes;
    pl_metrics_add(call->rpc->options.metrics, PL_METRIC_sent_bytes_total, (int64_t)bytes);
    op.data.send_message.send_message = stream->outgoing;
    pl_cork_write(&stream->home->cork, stream->fd);
    pl_call_start(call, &op, 1, &stream->wrote);
}

static void on_wrote(struct pl_tag *tag, bool ok)
{
    struct pl_stream *stream = pl_container_of(tag, struct pl_stream, wrote);

    grpc_byte_buffer_destroy(stream->outgoing);
    stream->outgoing = NULL;
    stream->writing = false;
    if (stream->ended) {
        start_status(stream);
    } else if (ok && !stream->gone) {
        stream->call.served->method->stream->written(&stream->call);
        if (stream->read_due) {
            stream->read_due = false;
            read_on(stream);
        }
    }
    pl_stream_drop(stream);
}

static void on_sent(struct pl_tag *tag, bool ok)
{
    (void)ok;
    pl_stream_drop(pl_container_of(tag, struct pl_stream, sent));
}

void pl_stream_io_init(struct pl_stream *stream)
{
    stream->read.run = on_read;
    stream->wrote.run = on_wrote;
    stream->sent.run = on_sent;
}
