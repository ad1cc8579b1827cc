/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The queue's thread does nothing but carry what is done to the mailbox. In Debian's gRPC a completion costs more the
 * more batches are outstanding on its queue, so an idle call has only one, its read: the status that ends the call is
 * asked for when a read has failed, which is when the call is over. A write that has failed says only that it will be:
 * gRPC gives the status behind everything that the server has said, and some of that may still be to be read.
 */
#include "sdk/c/src/bidi.h"

#include <grpc/byte_buffer_reader.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/c/src/channel_grpc.h"
#include "sdk/c/src/quiet_signals.h"

#define FAILURE_BYTES_MAX (64 << 10)

struct pl_bidi {
    struct pl_mailbox *home;
    grpc_completion_queue *queue;
    pthread_t thread;
};

struct batch {
    struct pl_task task; /* first: what the queue gives back is this */
    struct pl_bidi_call *call;
    bool succeeded;
    _Atomic bool started;
};

/* Of the opening only. */
struct opening {
    struct pl_call_headers headers;
    grpc_metadata_array initial;
};

struct pl_bidi_call {
    const struct pl_channel *channel;
    const struct pl_bidi_events *events;
    void *owner;
    grpc_call *grpc;
    struct opening *opening;
    grpc_byte_buffer *incoming;
    grpc_byte_buffer *outgoing;
    struct pl_call_end *end; /* NULL until the status is asked for */
    unsigned pending;        /* batches */
    bool reading;
    bool writing;
    bool is_deaf; /* a write has failed: the server hears nothing any more */
    struct batch open_batch;
    struct batch read_batch;
    struct batch write_batch;
    struct batch end_batch;
};

static void *carry(void *argument)
{
    const struct pl_bidi *bidi = argument;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(bidi->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
        struct batch *batch = event.tag;
        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        /* The queue has ordered this behind the start already, but race detectors do not see into gRPC. */
        pl_assert(atomic_load_explicit(&batch->started, memory_order_acquire));
        batch->succeeded = event.success != 0;
        pl_mailbox_post(bidi->home, &batch->task);
    }
}

struct pl_bidi *pl_bidi_open(struct pl_mailbox *home)
{
    struct pl_bidi *bidi = calloc(1, sizeof *bidi);
    struct pl_quiet_signals signals;
    pl_assert(bidi != NULL);
    bidi->home = home;
    pl_quiet_signals_begin(&signals);
    bidi->queue = grpc_completion_queue_create_for_next(NULL);
    pl_assert(pthread_create(&bidi->thread, NULL, carry, bidi) == 0);
    pl_quiet_signals_end(&signals);
    return bidi;
}

void pl_bidi_close(struct pl_bidi *bidi)
{
    grpc_completion_queue_shutdown(bidi->queue);
    pthread_join(bidi->thread, NULL);
    grpc_completion_queue_destroy(bidi->queue);
    free(bidi);
}

static void start_batch(struct pl_bidi_call *call, const grpc_op *ops, size_t count, struct batch *batch)
{
    call->pending++;
    atomic_store_explicit(&batch->started, true, memory_order_release);
    pl_assert(grpc_call_start_batch(call->grpc, ops, count, batch, NULL) == GRPC_CALL_OK);
}

/* Whatever is in flight comes back with it. */
static void ask_for_end(struct pl_bidi_call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};
    if (call->end != NULL)
        return;
    call->end = calloc(1, sizeof *call->end);
    pl_assert(call->end != NULL);
    pl_call_end_init(call->end);
    pl_call_end_op(call->end, &op);
    start_batch(call, &op, 1, &call->end_batch);
}

static void tell_end(const struct pl_bidi_call *call)
{
    struct pl_arena arena;
    struct pl_failure failure;
    pl_arena_init(&arena, FAILURE_BYTES_MAX);
    if (pl_call_end_fail(call->channel, call->end, &arena, &failure) == PARLEY_OK)
        call->events->ended(call->owner, NULL);
    else
        call->events->ended(call->owner, &failure);
    pl_arena_fini(&arena);
}

static void finish_when_over(struct pl_bidi_call *call)
{
    if (call->pending > 0)
        return;
    tell_end(call);
    pl_call_end_fini(call->end);
    grpc_call_unref(call->grpc);
    free(call->end);
    free(call);
}

static struct pl_bidi_call *returned(struct pl_task *task, bool *ret_succeeded)
{
    const struct batch *batch = pl_container_of(task, struct batch, task);
    batch->call->pending--;
    *ret_succeeded = batch->succeeded;
    return batch->call;
}

static void free_opening(struct pl_bidi_call *call)
{
    pl_call_headers_fini(&call->opening->headers);
    grpc_metadata_array_destroy(&call->opening->initial);
    free(call->opening);
    call->opening = NULL;
}

static void on_opened(struct pl_task *task)
{
    bool succeeded;
    struct pl_bidi_call *call = returned(task, &succeeded);
    free_opening(call);
    if (!succeeded)
        ask_for_end(call);
    if (call->end != NULL)
        finish_when_over(call);
}

static void tell_message(const struct pl_bidi_call *call, grpc_byte_buffer *buffer)
{
    grpc_byte_buffer_reader reader;
    grpc_slice bytes = grpc_empty_slice();
    /* It fails on a compressed message that is broken; the channel takes no compressed ones. */
    if (grpc_byte_buffer_reader_init(&reader, buffer)) {
        bytes = grpc_byte_buffer_reader_readall(&reader);
        grpc_byte_buffer_reader_destroy(&reader);
    }
    grpc_byte_buffer_destroy(buffer);
    call->events->received(call->owner, GRPC_SLICE_START_PTR(bytes), GRPC_SLICE_LENGTH(bytes));
    grpc_slice_unref(bytes);
}

static void on_read(struct pl_task *task)
{
    bool succeeded;
    struct pl_bidi_call *call = returned(task, &succeeded);
    grpc_byte_buffer *buffer = call->incoming;
    call->incoming = NULL;
    call->reading = false;
    if (succeeded && buffer != NULL) {
        /* The owner may cancel: what the call needs to come to its end is decided after that. */
        call->pending++;
        tell_message(call, buffer);
        call->pending--;
    } else {
        ask_for_end(call);
    }
    if (call->end != NULL)
        finish_when_over(call);
}

static void on_written(struct pl_task *task)
{
    bool succeeded;
    struct pl_bidi_call *call = returned(task, &succeeded);
    if (call->outgoing != NULL)
        grpc_byte_buffer_destroy(call->outgoing);
    call->outgoing = NULL;
    call->writing = false;
    call->is_deaf = !succeeded;
    if (call->end != NULL)
        finish_when_over(call);
    else if (succeeded)
        call->events->written(call->owner);
}

static void on_ended(struct pl_task *task)
{
    bool succeeded;
    finish_when_over(returned(task, &succeeded));
}

static void start_opening(struct pl_bidi_call *call, const struct pl_bidi_start *start)
{
    struct opening *opening = calloc(1, sizeof *opening);
    grpc_op ops[2] = {{.op = GRPC_OP_SEND_INITIAL_METADATA}, {.op = GRPC_OP_RECV_INITIAL_METADATA}};
    pl_assert(opening != NULL);
    call->opening = opening;
    pl_call_headers_init(&opening->headers, start->channel, NULL);
    pl_call_headers_add(&opening->headers, start->headers, start->header_count);
    grpc_metadata_array_init(&opening->initial);
    ops[0].data.send_initial_metadata.count = opening->headers.count;
    ops[0].data.send_initial_metadata.metadata = opening->headers.list;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &opening->initial;
    start_batch(call, ops, 2, &call->open_batch);
}

struct pl_bidi_call *pl_bidi_call_start(struct pl_bidi *bidi, const struct pl_bidi_start *start)
{
    struct pl_bidi_call *call = calloc(1, sizeof *call);
    pl_assert(call != NULL);
    call->channel = start->channel;
    call->events = start->events;
    call->owner = start->owner;
    call->open_batch = (struct batch){.task.run = on_opened, .call = call};
    call->read_batch = (struct batch){.task.run = on_read, .call = call};
    call->write_batch = (struct batch){.task.run = on_written, .call = call};
    call->end_batch = (struct batch){.task.run = on_ended, .call = call};
    call->grpc = grpc_channel_create_call(start->channel->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, bidi->queue,
                                          grpc_slice_from_static_string(start->path), NULL,
                                          gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
    start_opening(call, start);
    return call;
}

void pl_bidi_call_read(struct pl_bidi_call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &call->incoming};
    pl_assert(!call->reading);
    if (call->end != NULL)
        return;
    call->reading = true;
    start_batch(call, &op, 1, &call->read_batch);
}

static bool may_write(struct pl_bidi_call *call)
{
    pl_assert(!call->writing);
    call->writing = call->end == NULL && !call->is_deaf;
    return call->writing;
}

void pl_bidi_call_write(struct pl_bidi_call *call, const void *data, size_t bytes)
{
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    grpc_slice slice;
    if (!may_write(call))
        return;
    slice = grpc_slice_from_copied_buffer(data, bytes);
    call->outgoing = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    op.data.send_message.send_message = call->outgoing;
    start_batch(call, &op, 1, &call->write_batch);
}

void pl_bidi_call_half_close(struct pl_bidi_call *call)
{
    grpc_op op = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    if (may_write(call))
        start_batch(call, &op, 1, &call->write_batch);
}

void pl_bidi_call_cancel(struct pl_bidi_call *call)
{
    grpc_call_cancel(call->grpc, NULL);
    ask_for_end(call);
}
