/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/stream.h"

#include <stdio.h>
#include <string.h>

#include "bench/fail.h"
#include "bench/message.h"
#include "gateway/http2/session.h"

enum { PREFIX_BYTES = 5, MESSAGE_BYTES_MAX = 32 << 20 };

/* ---- in ---- */

void bench_stream_header(struct bench_stream *stream, const char *name, const char *value)
{
    if (strcmp(name, "grpc-status") == 0)
        snprintf(stream->status, sizeof(stream->status), "%s", value);
    else if (strcmp(name, "grpc-message") == 0)
        snprintf(stream->sentence, sizeof(stream->sentence), "%s", value);
    else if (strcmp(name, ":status") == 0 && strcmp(value, "200") != 0)
        bench_fail("the server answered a stream with HTTP %s", value);
}

void bench_stream_ended(const struct bench_stream *stream, uint32_t code)
{
    bench_fail("the server ended a stream with %s (%s): %s", stream->status[0] != '\0' ? stream->status : "no status",
               nghttp2_http2_strerror(code), stream->sentence);
}

static void take_message(struct bench_stream *stream, const uint8_t *data, size_t bytes)
{
    struct pl_arena *arena = stream->site.arena;
    ProtobufCMessage *frame = bench_message_unpack(&parley__v1__server_frame__descriptor, data, bytes, arena);
    if (frame == NULL)
        bench_violation("the server sent what is no ServerFrame");
    stream->site.received(stream, (const Parley__V1__ServerFrame *)frame);
    pl_arena_reset(arena);
}

/* Those that are all there; how many of the bytes they were. */
static size_t take_messages(struct bench_stream *stream, const uint8_t *data, size_t bytes)
{
    size_t done = 0;
    while (bytes - done >= PREFIX_BYTES) {
        const uint8_t *prefix = data + done;
        size_t length = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 | (size_t)prefix[3] << 8 | prefix[4];
        if (prefix[0] != 0 || length > MESSAGE_BYTES_MAX)
            bench_violation("the server sent a message of kind %d and %zu bytes", prefix[0], length);
        if (bytes - done - PREFIX_BYTES < length)
            break;
        take_message(stream, prefix + PREFIX_BYTES, length);
        done += PREFIX_BYTES + length;
    }
    return done;
}

void bench_stream_data(struct bench_stream *stream, const uint8_t *data, size_t bytes)
{
    struct pl_buf *in = &stream->in;
    if (in->bytes == 0) {
        size_t done = take_messages(stream, data, bytes);
        pl_buf_put(in, data + done, bytes - done);
        return;
    }
    pl_buf_put(in, data, bytes);
    size_t done = take_messages(stream, in->data, in->bytes);
    in->bytes -= done;
    memmove(in->data, in->data + done, in->bytes);
}

/* ---- out ---- */

/* NOLINTNEXTLINE(readability-function-size): the parameters are nghttp2's. */
static ssize_t read_out(nghttp2_session *session, int32_t stream_id, uint8_t *data, size_t room, uint32_t *ret_flags,
                        nghttp2_data_source *source, void *context)
{
    struct bench_stream *stream = nghttp2_session_get_stream_user_data(session, stream_id);
    (void)ret_flags;
    (void)source;
    (void)context;
    size_t bytes = stream == NULL ? 0 : stream->out.bytes - stream->out_sent;
    if (bytes > room)
        bytes = room;
    if (bytes == 0)
        return NGHTTP2_ERR_DEFERRED;
    memcpy(data, stream->out.data + stream->out_sent, bytes);
    stream->out_sent += bytes;
    return (ssize_t)bytes;
}

void bench_stream_open(struct bench_stream *stream, const struct bench_stream_site *site)
{
    const nghttp2_nv headers[] = {
        pl_http2_pair(":method", "POST", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair(":scheme", "http", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair(":path", "/parley.v1.StreamService/Connect", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair(":authority", "localhost", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair("te", "trailers", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair("content-type", "application/grpc", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair("user-agent", "parley-bench", NGHTTP2_NV_FLAG_NONE),
        pl_http2_pair("authorization", site->bearer, NGHTTP2_NV_FLAG_NO_INDEX),
    };
    const nghttp2_data_provider body = {.read_callback = read_out};
    *stream = (struct bench_stream){.site = *site};
    pl_buf_init(&stream->in, SIZE_MAX / 4);
    pl_buf_init(&stream->out, SIZE_MAX / 4);
    stream->id = nghttp2_submit_request(site->connection->session, NULL, headers, sizeof(headers) / sizeof(headers[0]),
                                        &body, stream);
    pl_assert(stream->id > 0);
    bench_connection_soil(site->connection);
}

void bench_stream_write(struct bench_stream *stream, const Parley__V1__ClientFrame *frame)
{
    struct pl_buf *out = &stream->out;
    size_t bytes = parley__v1__client_frame__get_packed_size(frame);
    if (stream->out_sent > 0)
        memmove(out->data, out->data + stream->out_sent, out->bytes -= stream->out_sent);
    stream->out_sent = 0;
    pl_buf_put_u8(out, 0);
    pl_buf_put_u32(out, (uint32_t)bytes);
    parley__v1__client_frame__pack(frame, pl_buf_extend(out, bytes));
    /* Refused where nothing was deferred, and then the session asks by itself. */
    (void)nghttp2_session_resume_data(stream->site.connection->session, stream->id);
    bench_connection_soil(stream->site.connection);
}

void bench_stream_close(struct bench_stream *stream)
{
    nghttp2_session *session = stream->site.connection->session;
    nghttp2_session_set_stream_user_data(session, stream->id, NULL);
    pl_assert(nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_CANCEL) == 0);
    bench_connection_soil(stream->site.connection);
    pl_buf_fini(&stream->in);
    pl_buf_fini(&stream->out);
}
