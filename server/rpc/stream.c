/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The life of a streaming call. Its HTTP/2 stream is a hold on it, and so is a pending admission; when the last is gone
 * the owner is told and the memory is freed.
 */
#include "rpc/stream.h"

#include <stdlib.h>

#include "rpc/answer.h"
#include "rpc/connection.h"

enum { BUILTIN_STREAMS_MAX = 1024, PENDING_BYTES_MAX = 64 << 10 };

static struct pl_stream *stream_of(struct pl_call *call)
{
    return pl_container_of(call, struct pl_stream, call);
}

/* Health and reflection, which ask nobody who they are, take no place from streams that do. */
static _Atomic int64_t *count_of(const struct pl_stream *stream)
{
    struct pl_rpc *rpc = stream->call.rpc;

    return stream->call.served->builtin ? &rpc->builtin_streams : &rpc->streams;
}

/* A unary method counts as a call, but how long it rested says nothing about the server. */
static void count_ended(const struct pl_stream *stream, enum pl_status status)
{
    const struct pl_call *call = &stream->call;
    int by_status = call->served->api->client_streaming ? PL_METRIC_streams_ended_total : PL_METRIC_calls_total;

    if (!call->served->builtin)
        pl_metrics_add(call->rpc->options.metrics, by_status + (int)status, 1);
}

static void release(struct pl_stream *stream)
{
    struct pl_call *call = &stream->call;
    struct pl_rpc *rpc = call->rpc;
    enum pl_status status = call->is_whole ? call->status : pl_call_cancel_status(call);

    if (stream->opened)
        call->served->method->stream->closed(call);
    pl_call_log(call, "stream_finished", status);
    TAILQ_REMOVE(&call->home->streams, stream, on_home);
    pl_metrics_add(rpc->options.metrics, PL_METRIC_streams, -1);
    count_ended(stream, status);
    atomic_fetch_sub(count_of(stream), 1);
    pl_buf_fini(&stream->pending);
    pl_call_fini(call);
    free(stream);
    pl_rpc_call_gone(rpc);
}

static void drop(struct pl_stream *stream)
{
    if (--stream->holds == 0)
        release(stream);
}

void pl_stream_end(struct pl_stream *stream, enum pl_status status)
{
    if (stream->call.ends || stream->call.is_over)
        return;
    pl_answer_end(&stream->call, status);
}

static void end_by_owner(struct pl_stream *stream, enum pl_status status)
{
    bool admitting = stream->admitting;

    pl_assert(!stream->ended_by_owner);
    stream->ended_by_owner = true;
    stream->admitting = false;
    pl_stream_end(stream, status);
    if (admitting)
        drop(stream);
}

static void fail(struct pl_call *call, enum pl_status status)
{
    end_by_owner(stream_of(call), status);
}

static void admit(struct pl_call *call)
{
    struct pl_stream *stream = stream_of(call);

    pl_assert(stream->admitting && !stream->ended_by_owner);
    stream->admitting = false;
    if (!call->is_over && !stream->call.ends) {
        stream->opened = true;
        call->served->method->stream->opened(call);
        pl_stream_read_on(stream);
    }
    drop(stream);
}

void pl_call_finish(struct pl_call *call)
{
    pl_assert(call->kind == &pl_stream_kind);
    pl_assert(stream_of(call)->opened);
    end_by_owner(stream_of(call), PL_OK);
}

static void over(struct pl_call *call)
{
    drop(stream_of(call));
}

static enum pl_status refusal_of(struct pl_stream *stream, int64_t streams)
{
    struct pl_call *call = &stream->call;
    bool builtin = call->served->builtin;

    if (builtin && atomic_load(&call->rpc->closing))
        return PL_DRAINING;
    return pl_call_refusal(call, streams, builtin ? BUILTIN_STREAMS_MAX : call->rpc->options.config->streams_max);
}

/* Headers go at once: some clients wait for them. */
static void began(struct pl_call *call)
{
    struct pl_stream *stream = stream_of(call);
    struct pl_rpc *rpc = call->rpc;
    int64_t streams = atomic_fetch_add(count_of(stream), 1) + 1;
    enum pl_status refusal = refusal_of(stream, streams);

    pl_metrics_add(rpc->options.metrics, PL_METRIC_streams, 1);
    TAILQ_INSERT_TAIL(&call->home->streams, stream, on_home);
    pl_answer_start(call);
    stream->admitting = true;
    stream->holds = 2;
    if (refusal != PL_OK)
        pl_call_fail(call, refusal, NULL);
    else if (call->served->builtin)
        pl_call_admit(call);
    else
        rpc->options.admit(call);
}

const struct pl_call_kind pl_stream_kind = {.admit = admit,
                                            .fail = fail,
                                            .began = began,
                                            .arrived = pl_stream_arrived,
                                            .half_closed = pl_stream_half_closed,
                                            .written = pl_stream_written,
                                            .over = over};

struct pl_call *pl_stream_new(void)
{
    struct pl_stream *stream = calloc(1, sizeof(*stream));

    pl_assert(stream != NULL);
    pl_buf_init(&stream->pending, PENDING_BYTES_MAX);
    return &stream->call;
}
