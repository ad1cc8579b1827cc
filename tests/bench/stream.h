/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * gRPC's side of one device's stream: one read is always out, at most one write is. Everything of a stream happens on
 * the thread that drains its completion queue.
 */
#ifndef PL_TESTS_BENCH_STREAM_H
#define PL_TESTS_BENCH_STREAM_H

#include <grpc/grpc.h>
#include <stdbool.h>

#include "base/arena.h"
#include "parley/v1/stream_service.pb-c.h"

/* What a completion queue's tags point at. */
struct bench_tag {
    void (*run)(struct bench_tag *tag, bool ok);
};

struct bench_stream;

struct bench_stream_ops {
    /* The frame lives until return. */
    void (*received)(struct bench_stream *stream, const Parley__V1__ServerFrame *frame);
    /* The next write may start. */
    void (*written)(struct bench_stream *stream);
};

/* What a stream is opened with; the arena is for one frame at a time and may be shared by the queue's streams. */
struct bench_stream_site {
    grpc_channel *channel;
    grpc_completion_queue *queue;
    struct pl_arena *arena;
    const char *bearer;
};

struct bench_stream {
    const struct bench_stream_ops *ops;
    struct pl_arena *arena;
    grpc_call *call;
    struct bench_tag opened, read, wrote, ended;
    grpc_metadata_array initial, trailing;
    grpc_status_code code;
    grpc_slice details;
    grpc_byte_buffer *incoming, *outgoing;
    bool is_writing;
    bool is_cancelled;
    unsigned tags_out; /* 0: the stream may be closed */
};

void bench_stream_open(struct bench_stream *stream, const struct bench_stream_site *site,
                       const struct bench_stream_ops *ops);
/* Not while a write is out. */
void bench_stream_write(struct bench_stream *stream, const Parley__V1__ClientFrame *frame);
/* The tags come back soon. A stream that ends without this ends the run. */
void bench_stream_cancel(struct bench_stream *stream);
/* When all tags have come back. */
void bench_stream_close(struct bench_stream *stream);

#endif
