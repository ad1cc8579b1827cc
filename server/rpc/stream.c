/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The life of a streaming call. It arrives on a polling queue, is handed to its home and lives there. Core has up to
 * four batches of it at a time: the close (which comes exactly once, however the call ends), the headers or status, one
 * read and one write. Each is a hold; so is a pending admission. When the last hold is gone the owner is told and the
 * memory is freed, so nothing of core's ever points into a freed stream.
 *
 * Core as Debian builds it walks along all batches that a queue has under way for each that is done. A stream that
 * lives has a read under way, which ends with the call, so the close is asked for only when that read came back empty,
 * or the status is decided: half as much to walk along.
 *
 * A client that does not read can keep our status from leaving. LINGER_US after the end the call is cancelled, with the
 * same code.
 */
#include "rpc/stream.h"

#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"

enum { LINGER_US = 5000000, BUILTIN_STREAMS_MAX = 1024 };

static struct pl_stream *stream_of(struct pl_call *call)
{
    return pl_container_of(call, struct pl_stream, call);
}

static void free_stream(struct pl_stream *stream)
{
    struct pl_rpc *rpc = stream->call.rpc;

    pl_call_fini(&stream->call);
    free(stream);
    pl_rpc_call_gone(rpc);
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
    struct pl_rpc *rpc = stream->call.rpc;
    bool ours = stream->ended && !stream->cancelled;
    enum pl_status status = ours ? stream->status : pl_call_cancel_status(&stream->call);

    if (stream->opened)
        stream->call.served->method->stream->closed(&stream->call);
    pl_call_log(&stream->call, "stream_finished", status);
    pl_timers_disarm(&stream->home->queue.loop.timers, &stream->linger);
    TAILQ_REMOVE(&stream->home->streams, stream, on_home);
    atomic_fetch_sub(&stream->home->stream_count, 1);
    pl_cork_remove_stream(&stream->home->cork, stream->fd);
    pl_metrics_add(rpc->options.metrics, PL_METRIC_streams, -1);
    count_ended(stream, status);
    atomic_fetch_sub(count_of(stream), 1);
    free_stream(stream);
}

void pl_stream_drop(struct pl_stream *stream)
{
    if (--stream->holds == 0)
        release(stream);
}

static void on_linger(struct pl_timer *timer)
{
    struct pl_stream *stream = pl_container_of(timer, struct pl_stream, linger);

    grpc_call_cancel_with_status(stream->call.core, (grpc_status_code)pl_status_grpc_code(stream->status),
                                 pl_status_sentence(stream->status), NULL);
}

void pl_stream_await_close(struct pl_stream *stream)
{
    grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &stream->cancelled};

    if (stream->awaits_close)
        return;
    stream->awaits_close = true;
    stream->holds++;
    pl_call_start(&stream->call, &close, 1, &stream->closed);
}

void pl_stream_end(struct pl_stream *stream, enum pl_status status)
{
    if (stream->ended || stream->gone)
        return;
    stream->ended = true;
    stream->status = status;
    pl_stream_await_close(stream);
    pl_timers_arm(&stream->home->queue.loop.timers, &stream->linger, pl_clock_now_us() + LINGER_US);
    pl_stream_send_status(stream);
}

static void end_by_owner(struct pl_stream *stream, enum pl_status status)
{
    bool admitting = stream->admitting;

    pl_assert(!stream->ended_by_owner);
    stream->ended_by_owner = true;
    stream->admitting = false;
    pl_stream_end(stream, status);
    if (admitting)
        pl_stream_drop(stream);
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
    if (!stream->gone && !stream->ended) {
        stream->opened = true;
        call->served->method->stream->opened(call);
        if (!stream->ended)
            pl_stream_read_next(stream);
    }
    pl_stream_drop(stream);
}

static const struct pl_call_kind stream_kind = {.admit = admit, .fail = fail};

void pl_call_finish(struct pl_call *call)
{
    pl_assert(call->kind == &stream_kind);
    pl_assert(stream_of(call)->opened);
    end_by_owner(stream_of(call), PL_OK);
}

static void on_closed(struct pl_tag *tag, bool ok)
{
    struct pl_stream *stream = pl_container_of(tag, struct pl_stream, closed);

    (void)ok;
    stream->gone = true;
    pl_stream_drop(stream);
}

/* Some clients wait for them. */
static void start_headers(struct pl_stream *stream)
{
    grpc_op headers = {.op = GRPC_OP_SEND_INITIAL_METADATA};

    /* By what the client accepts: gzip or nothing. */
    headers.data.send_initial_metadata.maybe_compression_level.is_set = 1;
    headers.data.send_initial_metadata.maybe_compression_level.level = GRPC_COMPRESS_LEVEL_LOW;
    stream->holds++;
    pl_call_start(&stream->call, &headers, 1, &stream->sent);
}

static enum pl_status refusal_of(struct pl_stream *stream, int64_t streams)
{
    struct pl_call *call = &stream->call;
    bool builtin = call->served->builtin;

    if (builtin && atomic_load(&call->rpc->closing))
        return PL_DRAINING;
    return pl_call_refusal(call, streams, builtin ? BUILTIN_STREAMS_MAX : call->rpc->options.config->streams_max);
}

/* Where frames can wait for others; -1: they cannot. */
static int corkable_of(const struct pl_stream *stream)
{
    char *peer = grpc_call_get_peer(stream->call.core);
    int fd = pl_listener_peer_fd(peer);
    int domain = AF_UNIX;
    socklen_t bytes = sizeof(domain);

    gpr_free(peer);
    if (fd >= 0)
        getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &bytes);
    return domain == AF_UNIX ? -1 : fd;
}

static void begin(struct pl_task *task)
{
    struct pl_stream *stream = pl_container_of(task, struct pl_stream, begin);
    struct pl_call *call = &stream->call;
    struct pl_rpc *rpc = call->rpc;
    int64_t streams = atomic_fetch_add(count_of(stream), 1) + 1;
    enum pl_status refusal = refusal_of(stream, streams);

    pl_metrics_add(rpc->options.metrics, PL_METRIC_streams, 1);
    TAILQ_INSERT_TAIL(&stream->home->streams, stream, on_home);
    stream->fd = corkable_of(stream);
    pl_cork_add_stream(&stream->home->cork, stream->fd);
    start_headers(stream);
    if (call->served->builtin) /* it does not always read */
        pl_stream_await_close(stream);
    stream->admitting = true;
    stream->holds++;
    if (refusal != PL_OK)
        pl_call_fail(call, refusal, NULL);
    else if (call->served->builtin)
        pl_call_admit(call);
    else
        rpc->options.admit(call);
}

static void on_arrived(struct pl_tag *tag, bool ok)
{
    struct pl_stream *stream = pl_container_of(tag, struct pl_stream, arrived);

    if (!ok) { /* the server shuts down */
        free_stream(stream);
        return;
    }
    pl_call_begin(&stream->call);
    atomic_fetch_add(&stream->home->stream_count, 1); /* now, so that the next request is asked for with it */
    pl_stream_arm(stream->call.served, stream->call.home);
    stream->call.home = &stream->home->queue;
    pl_mailbox_post(&stream->home->queue.loop.mailbox, &stream->begin);
}

/* Polling loops first, as long as what core walks along is short there. */
static struct pl_home *pick_home(struct pl_rpc *rpc, struct pl_queue_loop *arrival)
{
    unsigned turn = atomic_fetch_add(&rpc->next_home, 1);
    unsigned others = rpc->home_count - rpc->unary_count;

    if (others == 0)
        return &rpc->homes[turn % rpc->unary_count];
    if (rpc->first_stream == 0) {
        struct pl_home *home = pl_container_of(arrival, struct pl_home, queue);
        if (atomic_load(&home->stream_count) < (unsigned)rpc->options.config->polled_streams)
            return home;
    }
    return &rpc->homes[rpc->unary_count + turn % others];
}

void pl_stream_arm(const struct pl_served *served, struct pl_queue_loop *arrival)
{
    struct pl_stream *stream = calloc(1, sizeof(*stream));
    struct pl_rpc *rpc = served->rpc;
    grpc_call_error error;

    pl_assert(stream != NULL);
    pl_call_init(&stream->call, served, arrival, &stream_kind);
    pl_stream_io_init(stream);
    stream->home = pick_home(rpc, arrival);
    stream->begin.run = begin;
    stream->arrived.run = on_arrived;
    stream->closed.run = on_closed;
    stream->linger.run = on_linger;
    error = grpc_server_request_registered_call(rpc->server, served->handle, &stream->call.core,
                                                &stream->call.core_deadline, &stream->call.metadata, NULL,
                                                stream->home->queue.queue, arrival->queue, &stream->arrived);
    pl_assert(error == GRPC_CALL_OK);
}
