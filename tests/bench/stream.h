/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A device's stream, /parley.v1.StreamService/Connect, on a connection that others share: gRPC over HTTP/2, each frame
 * behind a prefix of one byte (0: not compressed) and its length as big-endian 32 bits. Everything of a stream happens
 * on the thread of its connection.
 */
#ifndef PL_TESTS_BENCH_STREAM_H
#define PL_TESTS_BENCH_STREAM_H

#include "base/arena.h"
#include "bench/connection.h"
#include "parley/v1/stream_service.pb-c.h"

struct bench_stream;

/* What a stream is opened with. */
struct bench_stream_site {
    struct bench_connection *connection;
    struct pl_arena *arena; /* for one frame at a time; may be shared by the thread's streams */
    const char *bearer;
    /* The frame lives until return. */
    void (*received)(struct bench_stream *stream, const Parley__V1__ServerFrame *frame);
};

struct bench_stream {
    struct bench_stream_site site;
    int32_t id;
    struct pl_buf in;  /* a message that is not all there; else empty */
    struct pl_buf out; /* what was written, */
    size_t out_sent;   /* and how much of it the session has */
    char status[8];    /* grpc-status and grpc-message, as they came */
    char sentence[256];
};

void bench_stream_open(struct bench_stream *stream, const struct bench_stream_site *site);
/* Leaves with the connection's next flush, if flow control lets it, or else waits. */
void bench_stream_write(struct bench_stream *stream, const Parley__V1__ClientFrame *frame);
/* Cancels it: nothing of it comes any more. A stream that ends without this ends the run. */
void bench_stream_close(struct bench_stream *stream);

/* ---- for the connection ---- */
void bench_stream_header(struct bench_stream *stream, const char *name, const char *value);
void bench_stream_data(struct bench_stream *stream, const uint8_t *data, size_t bytes);
noreturn void bench_stream_ended(const struct bench_stream *stream, uint32_t code);

#endif
