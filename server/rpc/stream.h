/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: a streaming call. On its home's thread. */
#ifndef PL_RPC_STREAM_H
#define PL_RPC_STREAM_H

#include "rpc/call_state.h"

struct pl_stream {
    struct pl_call call;
    TAILQ_ENTRY(pl_stream) on_home;
    struct pl_buf pending; /* what came and cannot be read yet */
    unsigned holds;        /* its HTTP/2 stream, and admission */
    bool admitting;
    bool opened;
    bool heard; /* a message came */
    bool writing;
    bool has_half_closed; /* the client; told once what came before is read */
    bool ended_by_owner;  /* who must not end it twice */
};

/* Ends a stream for a reason of ours; nothing happens when it has ended. */
void pl_stream_end(struct pl_stream *stream, enum pl_status status);

/* ---- stream_io.c: reading and writing ---- */
/* Reads what is pending, as far as that may be read now. */
void pl_stream_read_on(struct pl_stream *stream);
/* As struct pl_call_kind has them. */
size_t pl_stream_arrived(struct pl_call *call, const uint8_t *data, size_t bytes);
void pl_stream_half_closed(struct pl_call *call);
void pl_stream_written(struct pl_call *call);

#endif
