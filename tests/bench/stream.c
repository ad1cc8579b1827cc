/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/stream.h"

#include <string.h>

#include "bench/fail.h"
#include "bench/rpc.h"

static void start(struct bench_stream *stream, const grpc_op *ops, size_t count, struct bench_tag *tag)
{
    stream->tags_out++;
    if (grpc_call_start_batch(stream->call, ops, count, tag, NULL) != GRPC_CALL_OK)
        bench_fail("gRPC refused a batch");
}

static void start_read(struct bench_stream *stream)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &stream->incoming;
    start(stream, &op, 1, &stream->read);
}

static void on_opened(struct bench_tag *tag, bool ok)
{
    struct bench_stream *stream = pl_container_of(tag, struct bench_stream, opened);
    (void)ok;
    stream->tags_out--;
}

static void on_read(struct bench_tag *tag, bool ok)
{
    struct bench_stream *stream = pl_container_of(tag, struct bench_stream, read);
    stream->tags_out--;
    if (!ok || stream->incoming == NULL)
        return;
    ProtobufCMessage *frame = bench_rpc_unpack(stream->incoming, &parley__v1__server_frame__descriptor, stream->arena);
    stream->incoming = NULL;
    if (frame == NULL)
        bench_violation("the server sent what is no ServerFrame");
    start_read(stream);
    stream->ops->received(stream, (const Parley__V1__ServerFrame *)frame);
    pl_arena_reset(stream->arena);
}

static void on_written(struct bench_tag *tag, bool ok)
{
    struct bench_stream *stream = pl_container_of(tag, struct bench_stream, wrote);
    stream->tags_out--;
    grpc_byte_buffer_destroy(stream->outgoing);
    stream->is_writing = false;
    if (ok)
        stream->ops->written(stream);
}

static void on_ended(struct bench_tag *tag, bool ok)
{
    struct bench_stream *stream = pl_container_of(tag, struct bench_stream, ended);
    (void)ok;
    stream->tags_out--;
    if (!stream->is_cancelled)
        bench_fail("the server ended a stream with %d: %.*s", stream->code, (int)GRPC_SLICE_LENGTH(stream->details),
                   (const char *)GRPC_SLICE_START_PTR(stream->details));
}

static void start_headers(struct bench_stream *stream, const char *bearer)
{
    grpc_metadata header;
    memset(&header, 0, sizeof(header));
    header.key = grpc_slice_from_static_string("authorization");
    header.value = grpc_slice_from_copied_string(bearer);
    grpc_op ops[2];
    memset(ops, 0, sizeof(ops));
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[0].data.send_initial_metadata.count = 1;
    ops[0].data.send_initial_metadata.metadata = &header;
    ops[1].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &stream->initial;
    start(stream, ops, 2, &stream->opened);
    grpc_slice_unref(header.value);
}

static void start_status(struct bench_stream *stream)
{
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_RECV_STATUS_ON_CLIENT;
    op.data.recv_status_on_client.trailing_metadata = &stream->trailing;
    op.data.recv_status_on_client.status = &stream->code;
    op.data.recv_status_on_client.status_details = &stream->details;
    start(stream, &op, 1, &stream->ended);
}

void bench_stream_open(struct bench_stream *stream, const struct bench_stream_site *site,
                       const struct bench_stream_ops *ops)
{
    stream->ops = ops;
    stream->arena = site->arena;
    stream->opened.run = on_opened;
    stream->read.run = on_read;
    stream->wrote.run = on_written;
    stream->ended.run = on_ended;
    grpc_metadata_array_init(&stream->initial);
    grpc_metadata_array_init(&stream->trailing);
    stream->call = grpc_channel_create_call(site->channel, NULL, GRPC_PROPAGATE_DEFAULTS, site->queue,
                                            grpc_slice_from_static_string("/parley.v1.StreamService/Connect"), NULL,
                                            gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    start_status(stream);
    start_headers(stream, site->bearer);
    start_read(stream);
}

void bench_stream_write(struct bench_stream *stream, const Parley__V1__ClientFrame *frame)
{
    grpc_slice packed = bench_rpc_pack(&frame->base);
    stream->outgoing = grpc_raw_byte_buffer_create(&packed, 1);
    grpc_slice_unref(packed);
    grpc_op op;
    memset(&op, 0, sizeof(op));
    op.op = GRPC_OP_SEND_MESSAGE;
    op.data.send_message.send_message = stream->outgoing;
    stream->is_writing = true;
    start(stream, &op, 1, &stream->wrote);
}

void bench_stream_cancel(struct bench_stream *stream)
{
    stream->is_cancelled = true;
    grpc_call_cancel(stream->call, NULL);
}

void bench_stream_close(struct bench_stream *stream)
{
    pl_assert(stream->tags_out == 0);
    grpc_metadata_array_destroy(&stream->initial);
    grpc_metadata_array_destroy(&stream->trailing);
    grpc_slice_unref(stream->details);
    grpc_call_unref(stream->call);
}
