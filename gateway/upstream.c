/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A connection for each loop, so that requests of one turn share a write, and no thread wakes another. What a call's
 * failure says is read as the SDK reads it.
 */
#include "gateway/upstream.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/metrics.h"
#include "rpc/codec.h"

#define REPLY_BYTES_MAX (32 << 20)

struct pl_upstream {
    struct pl_upstream_options options;
    _Atomic int64_t calls;
    struct pl_http2_client **clients; /* of each loop */
    unsigned count;
};

enum pl_status pl_upstream_open(const struct pl_upstream_options *options, struct pl_upstream **ret_upstream,
                                char *error, unsigned error_bytes)
{
    struct pl_http2_options http2 = {
        .endpoint = options->endpoint, .deadline_ms = options->deadline_ms, .reply_bytes_max = REPLY_BYTES_MAX};
    struct pl_upstream *upstream = calloc(1, sizeof *upstream);
    enum pl_status status = PL_OK;
    pl_assert(upstream != NULL);
    upstream->options = *options;
    upstream->clients = calloc(options->loops->count, sizeof(struct pl_http2_client *));
    pl_assert(upstream->clients != NULL);
    for (unsigned i = 0; status == PL_OK && i < options->loops->count; i++) {
        status = pl_http2_open(&http2, &options->loops->loops[i], &upstream->clients[i], error, error_bytes);
        upstream->count += status == PL_OK;
    }
    if (status == PL_OK)
        *ret_upstream = upstream;
    else
        pl_upstream_close(upstream);
    return status;
}

void pl_upstream_close(struct pl_upstream *upstream)
{
    if (upstream == NULL)
        return;
    for (unsigned i = 0; i < upstream->count; i++)
        pl_http2_close(upstream->clients[i]);
    free(upstream->clients);
    free(upstream);
}

bool pl_upstream_ready(struct pl_upstream *upstream)
{
    for (unsigned i = 0; i < upstream->count; i++)
        if (!pl_http2_ready(upstream->clients[i]))
            return false;
    return true;
}

static void count(struct pl_upstream *upstream, int64_t change)
{
    atomic_fetch_add(&upstream->calls, change);
    pl_metrics_add(upstream->options.metrics, PL_METRIC_gateway_upstream_calls, change);
}

/* What parleyd itself says has its domain; a refusal is an answer. */
void pl_upstream_count_failure(struct pl_metrics *metrics, const struct pl_failure *failure)
{
    enum pl_upstream_failure kind;
    if (failure->status == PARLEY_UNREACHABLE)
        kind = failure->unsent ? PL_UPSTREAM_UNREACHABLE : PL_UPSTREAM_BROKEN;
    else if ((unsigned)failure->status >= PL_STATUS_COUNT)
        kind = PL_UPSTREAM_BAD_REPLY;
    else if (failure->domain[0] != '\0')
        return;
    else
        kind = failure->status == PARLEY_DEADLINE_EXCEEDED ? PL_UPSTREAM_LATE : PL_UPSTREAM_BAD_REPLY;
    pl_metrics_add(metrics, PL_METRIC_gateway_upstream_failures_total + kind, 1);
}

static struct pl_failure failure_of(parley_status status, bool unsent)
{
    return (struct pl_failure){.status = status,
                               .unsent = unsent,
                               .reason = parley_status_reason(status),
                               .domain = "",
                               .sentence = parley_status_sentence(status)};
}

static struct pl_failure read_failure(const struct pl_http2_call *http2, struct pl_arena *arena)
{
    struct pl_error_source source = {.grpc_code = http2->grpc_code,
                                     .sentence = http2->sentence,
                                     .details = http2->details,
                                     .details_bytes = http2->details_bytes};
    struct pl_failure failure;
    pl_failure_from_grpc(&source, arena, &failure);
    return failure;
}

static bool read_reply(const struct pl_http2_call *http2, struct pl_async_call *async)
{
    return http2->reply != NULL && pl_codec_unpack_trusted(async->unary.reply, http2->reply, http2->reply_bytes,
                                                           async->arena, &async->reply) == PL_OK;
}

static void read_answer(const struct pl_http2_call *http2, struct pl_async_call *async)
{
    async->failure.status = PARLEY_OK;
    if (http2->outcome == PL_HTTP2_LATE)
        async->failure = failure_of(PARLEY_DEADLINE_EXCEEDED, false);
    else if (http2->outcome != PL_HTTP2_ANSWERED)
        async->failure = failure_of(PARLEY_UNREACHABLE, http2->outcome == PL_HTTP2_UNSENT);
    else if (http2->grpc_code != 0)
        async->failure = read_failure(http2, async->arena);
    else if (!read_reply(http2, async))
        async->failure = failure_of(PARLEY_BAD_REPLY, false);
    async->status = async->failure.status;
}

static void on_done(struct pl_http2_call *http2)
{
    struct pl_upstream_call *call = pl_container_of(http2, struct pl_upstream_call, http2);
    struct pl_upstream *upstream = call->upstream;
    read_answer(http2, &call->async);
    if (call->async.status != PARLEY_OK)
        pl_upstream_count_failure(upstream->options.metrics, &call->async.failure);
    count(upstream, -1);
    call->done(call);
}

bool pl_upstream_start(struct pl_upstream *upstream, const struct pl_io_loop *loop, struct pl_upstream_call *call)
{
    const struct pl_unary *unary = &call->async.unary;
    if (atomic_load(&upstream->calls) >= upstream->options.calls_max)
        return false;
    count(upstream, 1);
    call->upstream = upstream;
    call->http2 = (struct pl_http2_call){.path = unary->path,
                                         .request = unary->request,
                                         .headers = unary->headers,
                                         .header_count = unary->header_count,
                                         .arena = call->async.arena,
                                         .done = on_done};
    pl_http2_start(upstream->clients[loop->loop.index], &call->http2);
    return true;
}
