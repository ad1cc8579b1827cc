/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A unary call is two completions: it arrived (core has read the request), and its one batch is done (headers, reply,
 * status, close). Between them it is admitted, unpacked and handled, all on the queue that it arrived on. A call that
 * was cancelled meanwhile takes the same way: core drops what we send, and says so in `cancelled`.
 *
 * A method that is not served arrives by core's generic request instead and fails at once.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "rpc/call_state.h"
#include "rpc/payload.h"
#include "rpc/rpc_state.h"
#include "rpc/unary.h"

enum unary_state { ARMED, ADMITTING, HANDLED, ENDED };

struct unary {
    struct pl_call call;
    enum unary_state state;
    enum pl_status status;
    struct pl_tag arrived;
    struct pl_tag finished;
    grpc_call_details details; /* of methods that are not served */
    grpc_byte_buffer *request;
    grpc_byte_buffer *reply;
    int cancelled;
};

static struct unary *unary_of(struct pl_call *call)
{
    return pl_container_of(call, struct unary, call);
}

static void free_unary(struct unary *unary)
{
    struct pl_rpc *rpc = unary->call.rpc;

    pl_call_fini(&unary->call);
    grpc_call_details_destroy(&unary->details);
    grpc_byte_buffer_destroy(unary->request);
    grpc_byte_buffer_destroy(unary->reply);
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

static void on_finished(struct pl_tag *tag, bool ok)
{
    struct unary *unary = pl_container_of(tag, struct unary, finished);
    struct pl_rpc *rpc = unary->call.rpc;
    enum pl_status status = unary->cancelled ? pl_call_cancel_status(&unary->call) : unary->status;

    (void)ok; /* the batch holds the close, so it always succeeds */
    pl_call_log(&unary->call, "call_finished", status);
    count_finished(&unary->call, status);
    atomic_fetch_sub(&rpc->calls, 1);
    free_unary(unary);
}

/* The one batch: headers, the reply when there is one, status, close. */
static void finish(struct unary *unary, enum pl_status status)
{
    struct pl_status_op status_op;
    grpc_op ops[4] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}};
    size_t count = 1;

    ops[0].data.send_initial_metadata.metadata = unary->call.headers;
    ops[0].data.send_initial_metadata.count = unary->call.header_count;
    unary->state = ENDED;
    unary->status = status;
    if (unary->reply != NULL)
        ops[count++] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = unary->reply};
    pl_status_op_init(&status_op, status, &unary->call.error, &unary->call.arena, &ops[count++]);
    ops[count++] =
        (grpc_op){.op = GRPC_OP_RECV_CLOSE_ON_SERVER, .data.recv_close_on_server.cancelled = &unary->cancelled};
    pl_call_start(&unary->call, ops, count, &unary->finished);
    pl_status_op_fini(&status_op);
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
    enum pl_status status;

    pl_assert(unary->state == ADMITTING);
    status = pl_payload_unpack(unary->request, call->served, &call->arena, &message);
    if (status != PL_OK) {
        pl_call_fail(call, status, NULL);
        return;
    }
    unary->state = HANDLED;
    grpc_byte_buffer_destroy(unary->request);
    unary->request = NULL;
    if (call->served->method->idempotent && call->rpc->options.once != NULL)
        call->rpc->options.once(call, message);
    else
        pl_call_handle(call, message);
}

void pl_call_handle(struct pl_call *call, const ProtobufCMessage *request)
{
    call->served->method->handle(call, request);
}

static const struct pl_call_kind unary_kind = {.admit = admit, .fail = fail};

static void reply(struct pl_call *call, grpc_byte_buffer *payload)
{
    struct unary *unary = unary_of(call);

    pl_assert(call->kind == &unary_kind && unary->state == HANDLED);
    unary->reply = payload;
    call->bytes_out = (int64_t)pl_payload_bytes(unary->reply);
    finish(unary, PL_OK);
}

void pl_call_reply(struct pl_call *call, const ProtobufCMessage *message)
{
    pl_assert(message->descriptor == call->served->api->output);
    reply(call, pl_payload_pack(message));
}

void pl_call_reply_packed(struct pl_call *call, const void *data, size_t bytes)
{
    reply(call, pl_payload_copy(data, bytes));
}

/* Refuses, or asks who calls. */
static void begin(struct unary *unary)
{
    struct pl_call *call = &unary->call;
    struct pl_rpc *rpc = call->rpc;
    int64_t calls = atomic_fetch_add(&rpc->calls, 1) + 1;
    enum pl_status refusal = pl_call_refusal(call, call->served->builtin ? 0 : calls, rpc->options.config->calls_max);

    pl_metrics_add(rpc->options.metrics, PL_METRIC_calls, 1);
    unary->state = ADMITTING;
    call->bytes_in = (int64_t)pl_payload_bytes(unary->request);
    if (call->served == &rpc->unknown)
        pl_call_fail(call, PL_METHOD_UNKNOWN, NULL);
    else if (refusal != PL_OK)
        pl_call_fail(call, refusal, NULL);
    else if (call->served->builtin)
        pl_call_admit(call);
    else
        rpc->options.admit(call);
}

static void on_arrived(struct pl_tag *tag, bool ok)
{
    struct unary *unary = pl_container_of(tag, struct unary, arrived);

    if (!ok) { /* the server shuts down */
        free_unary(unary);
        return;
    }
    if (unary->call.served->handle == NULL)
        unary->call.core_deadline = unary->details.deadline;
    pl_call_begin(&unary->call);
    /* First of all: what arrives while no request is armed waits in core, without bound. */
    pl_unary_arm(unary->call.served, unary->call.home);
    begin(unary);
}

void pl_unary_arm(const struct pl_served *served, struct pl_queue_loop *home)
{
    struct unary *unary = calloc(1, sizeof(*unary));
    grpc_completion_queue *queue = home->queue;
    grpc_call_error error;

    pl_assert(unary != NULL);
    pl_call_init(&unary->call, served, home, &unary_kind);
    grpc_call_details_init(&unary->details);
    unary->arrived.run = on_arrived;
    unary->finished.run = on_finished;
    if (served->handle == NULL) {
        error = grpc_server_request_call(served->rpc->server, &unary->call.core, &unary->details, &unary->call.metadata,
                                         queue, queue, &unary->arrived);
    } else {
        error = grpc_server_request_registered_call(served->rpc->server, served->handle, &unary->call.core,
                                                    &unary->call.core_deadline, &unary->call.metadata, &unary->request,
                                                    queue, queue, &unary->arrived);
    }
    pl_assert(error == GRPC_CALL_OK);
}
