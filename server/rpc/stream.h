/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: a streaming call. On its home's thread, but for arming. */
#ifndef PL_RPC_STREAM_H
#define PL_RPC_STREAM_H

#include "rpc/call_state.h"
#include "rpc/rpc_state.h"

struct pl_stream {
    struct pl_call call;
    struct pl_home *home;
    TAILQ_ENTRY(pl_stream) on_home;
    struct pl_task begin;
    struct pl_tag arrived;
    struct pl_tag closed;
    struct pl_tag sent; /* headers, status: nothing follows from them */
    struct pl_tag read;
    struct pl_tag wrote;
    struct pl_timer linger;
    grpc_byte_buffer *incoming;
    grpc_byte_buffer *outgoing;
    int fd;                /* of the connection, for cork.h; -1: it is not corked */
    unsigned holds;        /* batches that core has, and admission */
    enum pl_status status; /* once ended */
    int cancelled;
    bool awaits_close; /* core was asked for it */
    bool admitting;
    bool opened;
    bool heard; /* a message came */
    bool writing;
    bool read_due;       /* a builtin's next message, once its write is done */
    bool ended;          /* the status is decided: by the owner, or by us */
    bool ended_by_owner; /* who must not end it twice */
    bool gone;           /* core says that the call is over */
};

/* Asks core for one stream of the method, which arrives on `arrival` and lives on a stream queue. On arrival's
 * thread. */
void pl_stream_arm(const struct pl_served *served, struct pl_queue_loop *arrival);
/* Ends a stream for a reason of ours; nothing happens when it has ended. */
void pl_stream_end(struct pl_stream *stream, enum pl_status status);

/* Asks core to tell when the call is over, once; while it is not asked a read is under way, or admission. */
void pl_stream_await_close(struct pl_stream *stream);

/* ---- stream_io.c: reading and writing ---- */
void pl_stream_io_init(struct pl_stream *stream);
void pl_stream_read_next(struct pl_stream *stream);
/* Asks for the status to be sent, after the write in flight. */
void pl_stream_send_status(struct pl_stream *stream);
/* ---- stream.c: one hold less; the last frees the stream ---- */
void pl_stream_drop(struct pl_stream *stream);

#endif
