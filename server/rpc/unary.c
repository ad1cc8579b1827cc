/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A unary call: its request is read, it is admitted, unpacked and handled, answered, and its stream ends, which may
 * happen at any time before. A call that is over meanwhile takes the same way; what it answers is dropped. It is gone
 * when both have happened, the answer and the end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "rpc/answer.h"
#include "rpc/connection.h"

enum { READING_US = 30000000 };
enum unary_state { READING, ADMITTING, HANDLED, ENDED };

struct unary {
    struct pl_call call;
    enum unary_state state;
    enum pl_status refusal; /* of the request, told once the caller is known */
    bool is_told;           /* that it is over */
    struct pl_task gone;
};

static struct unary *unary_of(struct pl_call *call)
{
    return pl_container_of(call, struct unary, call);
}

static void free_unary(struct unary *unary)
{
    struct pl_rpc *rpc = unary->call.rpc;

    pl_call_fini(&unary->call);
    free(unary);
    pl_rpc_call_gone(rpc);
}

static void count_finished(const struct pl_call *call, enum pl_status status)
{
    struct pl_metrics *metrics = call->rpc->options.metrics;

    pl_metrics_add(metrics, PL_METRIC_calls_total + status, 1);
    pl_metrics_add(metrics, PL_METRIC_received_bytes_total, call->bytes_in);
    pl_metrics_add(metrics, PL_METRIC_sent_bytes_total, call->bytes_out);
    pl_metrics_observe_us(metrics, PL_METRIC_call_seconds, pl_clock_now_us() - call->started_us);
    pl_metrics_add(metrics, PL_METRIC_calls, -1);
}

static void on_gone(struct pl_task *task)
{
    struct unary *unary = pl_container_of(task, struct unary, gone);
    struct pl_call *call = &unary->call;
    enum pl_status status = call->is_whole ? call->status : pl_call_cancel_status(call);

    pl_call_log(call, "call_finished", status);
    count_finished(call, status);
    atomic_fetch_sub(&call->rpc->calls, !call->served->builtin);
    free_unary(unary);
}

static void over(struct pl_call *call)
{
    struct unary *unary = unary_of(call);

    unary->is_told = true;
    if (unary->state == READING)
        free_unary(unary);
    else if (unary->state == ENDED)
        on_gone(&unary->gone);
}

/* Whoever answers may still look at what the call has: it goes at the end of the turn. */
static void finish(struct unary *unary, enum pl_status status)
{
    unary->state = ENDED;
    pl_answer_end(&unary->call, status);
    if (unary->is_told)
        pl_loop_defer(&unary->call.home->io.loop, &unary->gone);
}

static void fail(struct pl_call *call, enum pl_status status)
{
    struct unary *unary = unary_of(call);

    pl_assert(unary->state == ADMITTING || unary->state == HANDLED);
    finish(unary, status);
}

static void admit(struct pl_call *call)
{
    struct unary *unary = unary_of(call);
    ProtobufCMessage *message;
    enum pl_status status = unary->refusal;

    pl_assert(unary->state == ADMITTING);
    if (status == PL_OK)
        status = pl_call_unpack(call, &call->arena, &message);
    if (status != PL_OK) {
        pl_call_fail(call, status, NULL);
        return;
    }
    unary->state = HANDLED;
    if (call->served->method->idempotent && call->rpc->options.once != NULL)
        call->rpc->options.once(call, message);
    else
        pl_call_handle(call, message);
}

void pl_call_handle(struct pl_call *call, const ProtobufCMessage *request)
{
    call->served->method->handle(call, request);
}

static uint8_t *begin_reply(struct pl_call *call, size_t bytes)
{
    pl_assert(call->kind == &pl_unary_kind && unary_of(call)->state == HANDLED);
    pl_answer_start(call);
    if (call->is_over)
        return NULL;
    call->bytes_out = (int64_t)bytes;
    return pl_answer_message(call, bytes);
}

void pl_call_reply(struct pl_call *call, const ProtobufCMessage *message)
{
    uint8_t *reply = begin_reply(call, protobuf_c_message_get_packed_size(message));

    pl_assert(message->descriptor == call->served->api->output);
    if (reply != NULL)
        protobuf_c_message_pack(message, reply);
    finish(unary_of(call), PL_OK);
}

void pl_call_reply_packed(struct pl_call *call, const void *data, size_t bytes)
{
    uint8_t *reply = begin_reply(call, bytes);

    if (reply != NULL)
        memcpy(reply, data, bytes);
    finish(unary_of(call), PL_OK);
}

static void arm_deadline(struct pl_call *call)
{
    struct pl_timers *timers = &call->home->io.loop.timers;

    if (call->deadline_us == INT64_MAX)
        pl_timers_disarm(timers, &call->late);
    else
        pl_timers_arm(timers, &call->late, call->deadline_us);
}

/* Refuses, or asks who calls. */
static void begin(struct unary *unary)
{
    struct pl_call *call = &unary->call;
    struct pl_rpc *rpc = call->rpc;
    int64_t calls = atomic_fetch_add(&rpc->calls, !call->served->builtin) + 1;
    enum pl_status refusal = pl_call_refusal(call, call->served->builtin ? 0 : calls, rpc->options.config->calls_max);

    call->started_us = pl_clock_now_us(); /* how long the request took is the client's matter */
    pl_metrics_add(rpc->options.metrics, PL_METRIC_calls, 1);
    unary->state = ADMITTING;
    arm_deadline(call);
    if (call->metadata.overflowed)
        pl_call_fail(call, PL_MESSAGE_TOO_LARGE, "the metadata has more than %d bytes", PL_CALL_METADATA_BYTES_MAX);
    else if (call->served == &rpc->unknown)
        pl_call_fail(call, PL_METHOD_UNKNOWN, NULL);
    else if (refusal != PL_OK)
        pl_call_fail(call, refusal, NULL);
    else if (call->served->builtin)
        pl_call_admit(call);
    else
        rpc->options.admit(call);
}

/* What is not served has no request. A request is waited for, but not for ever. */
static void began(struct pl_call *call)
{
    int64_t until_us = call->started_us + READING_US;

    if (call->served == &call->rpc->unknown)
        begin(unary_of(call));
    else if (until_us < call->deadline_us)
        pl_timers_arm(&call->home->io.loop.timers, &call->late, until_us);
}

static size_t arrived(struct pl_call *call, const uint8_t *data, size_t bytes)
{
    struct unary *unary = unary_of(call);
    size_t taken;

    if (unary->state != READING)
        return bytes;
    unary->refusal = pl_inbound_feed(&call->inbound, data, bytes, call->served->method->request_bytes_max, &taken);
    if (pl_inbound_is_whole(&call->inbound))
        call->bytes_in = (int64_t)pl_inbound_bytes(&call->inbound);
    if (unary->refusal != PL_OK || pl_inbound_is_whole(&call->inbound))
        begin(unary);
    return bytes;
}

/* A client that sends no message sends an empty one. */
static void half_closed(struct pl_call *call)
{
    struct unary *unary = unary_of(call);

    if (unary->state != READING)
        return;
    unary->refusal = pl_inbound_is_partial(&call->inbound) ? PL_MALFORMED_MESSAGE : PL_OK;
    begin(unary);
}

static void written(struct pl_call *call)
{
    (void)call;
}

const struct pl_call_kind pl_unary_kind = {.admit = admit,
                                           .fail = fail,
                                           .began = began,
                                           .arrived = arrived,
                                           .half_closed = half_closed,
                                           .written = written,
                                           .over = over};

struct pl_call *pl_unary_new(void)
{
    struct unary *unary = calloc(1, sizeof(*unary));

    pl_assert(unary != NULL);
    unary->gone.run = on_gone;
    return &unary->call;
}
