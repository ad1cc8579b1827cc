/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The bidirectional call, and one unary call beside it, on a completion queue of its own. Its batches: the status that
 * ends it (always pending), the opening, one read, one write. The call is over when the status has come and no other
 * batch is pending.
 *
 * gRPC core has no way to wake a queue from outside but an operation on some call. The bell is a call that never
 * starts: an empty batch on it posts its tag at once, from any thread, and without network.
 */
#include "sdk/c/src/wire.h"

#include <grpc/byte_buffer_reader.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "sdk/c/src/channel_grpc.h"

enum tag { TAG_BELL, TAG_HEADERS, TAG_READ, TAG_WRITE, TAG_STATUS, TAG_ANSWER, TAG_COUNT };

struct pl_wire {
    struct pl_channel *channel;
    const char *path;
    grpc_completion_queue *queue;
    grpc_call *bell;
    grpc_call *call; /* NULL: none */
    char tags[TAG_COUNT];
    unsigned pending; /* batches of the call */
    bool writing;
    bool broken;  /* a write failed, or the status has come: nothing can be written */
    bool reading; /* a read is pending */
    bool read_all;
    grpc_byte_buffer *received;
    grpc_slice received_bytes; /* what the owner looks at */
    struct pl_call_headers headers;
    grpc_metadata_array initial;
    grpc_byte_buffer *written;
    struct pl_call_end end;
    parley_error error;
    bool asking; /* the exchange is there, and its answer not taken */
    struct pl_exchange exchange;
};

static grpc_call *create_call(struct pl_wire *wire)
{
    return grpc_channel_create_call(wire->channel->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, wire->queue,
                                    grpc_slice_from_static_string(wire->path), NULL,
                                    gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

struct pl_wire *pl_wire_new(struct pl_channel *channel, const char *path)
{
    struct pl_wire *wire = calloc(1, sizeof *wire);
    pl_assert(wire != NULL);
    wire->channel = channel;
    wire->path = path;
    wire->queue = grpc_completion_queue_create_for_next(NULL);
    wire->bell = create_call(wire);
    wire->received_bytes = grpc_empty_slice();
    return wire;
}

void pl_wire_free(struct pl_wire *wire)
{
    pl_assert(wire->call == NULL);
    grpc_call_unref(wire->bell);
    if (wire->asking)
        grpc_call_cancel(wire->exchange.call, NULL);
    grpc_completion_queue_shutdown(wire->queue);
    while (grpc_completion_queue_next(wire->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
           GRPC_QUEUE_SHUTDOWN)
        continue;
    if (wire->asking)
        pl_exchange_fini(&wire->exchange);
    grpc_completion_queue_destroy(wire->queue);
    free(wire);
}

static void start(struct pl_wire *wire, const grpc_op *ops, size_t count, enum tag tag)
{
    pl_assert(grpc_call_start_batch(wire->call, ops, count, &wire->tags[tag], NULL) == GRPC_CALL_OK);
    wire->pending++;
}

static void start_status(struct pl_wire *wire)
{
    grpc_op op;
    memset(&op, 0, sizeof op);
    pl_call_end_init(&wire->end);
    pl_call_end_op(&wire->end, &op);
    start(wire, &op, 1, TAG_STATUS);
}

static void start_headers(struct pl_wire *wire)
{
    grpc_op ops[2];
    memset(ops, 0, sizeof ops);
    grpc_metadata_array_init(&wire->initial);
    ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
    ops[0].data.send_initial_metadata.count = wire->headers.count;
    ops[0].data.send_initial_metadata.metadata = wire->headers.list;
    ops[1].op = GRPC_OP_RECV_INITIAL_METADATA;
    ops[1].data.recv_initial_metadata.recv_initial_metadata = &wire->initial;
    start(wire, ops, 2, TAG_HEADERS);
}

static void start_read(struct pl_wire *wire)
{
    grpc_op op;
    memset(&op, 0, sizeof op);
    op.op = GRPC_OP_RECV_MESSAGE;
    op.data.recv_message.recv_message = &wire->received;
    wire->reading = true;
    start(wire, &op, 1, TAG_READ);
}

void pl_wire_open(struct pl_wire *wire, const char *token)
{
    pl_assert(wire->call == NULL);
    pl_call_headers_init(&wire->headers, wire->channel, token);
    wire->call = create_call(wire);
    wire->writing = wire->broken = wire->reading = wire->read_all = false;
    start_status(wire);
    start_headers(wire);
}

bool pl_wire_is_open(const struct pl_wire *wire)
{
    return wire->call != NULL;
}

bool pl_wire_can_write(const struct pl_wire *wire)
{
    return wire->call != NULL && !wire->writing && !wire->broken;
}

void pl_wire_write(struct pl_wire *wire, const void *data, size_t bytes)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(data, bytes);
    grpc_op op;
    pl_assert(pl_wire_can_write(wire));
    memset(&op, 0, sizeof op);
    wire->written = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    op.op = GRPC_OP_SEND_MESSAGE;
    op.data.send_message.send_message = wire->written;
    wire->writing = true;
    start(wire, &op, 1, TAG_WRITE);
}

void pl_wire_half_close(struct pl_wire *wire)
{
    grpc_op op;
    pl_assert(pl_wire_can_write(wire));
    memset(&op, 0, sizeof op);
    op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
    wire->writing = true;
    start(wire, &op, 1, TAG_WRITE);
}

void pl_wire_cancel(struct pl_wire *wire)
{
    if (wire->call != NULL)
        grpc_call_cancel(wire->call, NULL);
}

void pl_wire_ring(struct pl_wire *wire)
{
    pl_assert(grpc_call_start_batch(wire->bell, NULL, 0, &wire->tags[TAG_BELL], NULL) == GRPC_CALL_OK);
}

void pl_wire_ask(struct pl_wire *wire, const struct pl_unary *unary)
{
    pl_assert(!wire->asking);
    wire->asking = true;
    pl_exchange_start(&wire->exchange, wire->channel, unary, wire->queue, &wire->tags[TAG_ANSWER]);
}

bool pl_wire_is_asking(const struct pl_wire *wire)
{
    return wire->asking;
}

parley_status pl_wire_take_answer(struct pl_wire *wire, struct pl_arena *arena, ProtobufCMessage **ret_reply,
                                  parley_error *ret_error)
{
    parley_status status;
    pl_assert(wire->asking);
    status = pl_exchange_read(&wire->exchange, wire->channel, arena, ret_reply, ret_error);
    pl_exchange_fini(&wire->exchange);
    wire->asking = false;
    return status;
}

const parley_error *pl_wire_end(const struct pl_wire *wire)
{
    return &wire->error;
}

static void drop_received(struct pl_wire *wire)
{
    grpc_slice_unref(wire->received_bytes);
    wire->received_bytes = grpc_empty_slice();
}

static void drop_written(struct pl_wire *wire)
{
    wire->writing = false;
    if (wire->written != NULL)
        grpc_byte_buffer_destroy(wire->written);
    wire->written = NULL;
}

static enum pl_wire_event finish_call(struct pl_wire *wire)
{
    memset(&wire->error, 0, sizeof wire->error);
    wire->error.status = pl_call_end_read(wire->channel, &wire->end, &wire->error);
    pl_call_end_fini(&wire->end);
    grpc_metadata_array_destroy(&wire->initial);
    grpc_call_unref(wire->call);
    pl_call_headers_fini(&wire->headers);
    wire->call = NULL;
    return PL_WIRE_ENDED;
}

/* True when a message came. */
static bool take_received(struct pl_wire *wire, bool success, struct pl_wire_bytes *ret_bytes)
{
    grpc_byte_buffer_reader reader;
    wire->reading = false;
    if (!success || wire->received == NULL || !grpc_byte_buffer_reader_init(&reader, wire->received)) {
        wire->read_all = true;
        return false;
    }
    wire->received_bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(wire->received);
    wire->received = NULL;
    ret_bytes->data = GRPC_SLICE_START_PTR(wire->received_bytes);
    ret_bytes->bytes = GRPC_SLICE_LENGTH(wire->received_bytes);
    return true;
}

/* True when the owner is to be told, of *ret_event. */
static bool take_completion(struct pl_wire *wire, const grpc_event *completion, struct pl_wire_bytes *ret_bytes,
                            enum pl_wire_event *ret_event)
{
    enum tag tag = (enum tag)((const char *)completion->tag - wire->tags);
    if (tag == TAG_BELL || tag == TAG_ANSWER) {
        *ret_event = tag == TAG_BELL ? PL_WIRE_RUNG : PL_WIRE_ANSWERED;
        return true;
    }
    wire->pending--;
    switch (tag) {
    case TAG_READ:
        *ret_event = PL_WIRE_RECEIVED;
        return take_received(wire, completion->success != 0, ret_bytes);
    case TAG_WRITE:
        drop_written(wire);
        wire->broken = wire->broken || !completion->success;
        *ret_event = PL_WIRE_WRITTEN;
        return !wire->broken;
    case TAG_STATUS:
        wire->broken = true;
        return false;
    default:
        return false;
    }
}

enum pl_wire_event pl_wire_wait(struct pl_wire *wire, int64_t deadline_us, struct pl_wire_bytes *ret_bytes)
{
    drop_received(wire);
    for (;;) {
        grpc_event completion;
        enum pl_wire_event event;
        if (wire->call != NULL && wire->pending == 0)
            return finish_call(wire);
        if (wire->call != NULL && !wire->reading && !wire->read_all)
            start_read(wire);
        completion = grpc_completion_queue_next(wire->queue, pl_grpc_deadline(deadline_us), NULL);
        if (completion.type != GRPC_OP_COMPLETE)
            return PL_WIRE_TIMEOUT;
        if (take_completion(wire, &completion, ret_bytes, &event))
            return event;
    }
}
