/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Messages between parley_stream_send and the server's answer, in the order in which they were given. An item waits or
 * flies (was written in this session and is unanswered); a new session, or a refusal that may be repeated, puts it back
 * to its old place among the waiting. Not thread-safe: belongs to the stream's thread; the bound is kept by the stream.
 */
#ifndef PL_SDK_OUTBOX_H
#define PL_SDK_OUTBOX_H

#include <parley/types.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uthash.h>

#include "base/mailbox.h"

struct parley_stream;

struct pl_outbox_item {
    struct pl_task task; /* brings the item to the stream's thread */
    struct parley_stream *stream;
    uint64_t request_id; /* rises in the order of giving; equal in every session */
    char message_id[PARLEY_ID_BYTES];
    TAILQ_ENTRY(pl_outbox_item) place;
    UT_hash_handle hh;
    size_t bytes;
    uint8_t send[]; /* a packed parley.v1.Send */
};
TAILQ_HEAD(pl_outbox_items, pl_outbox_item);

struct pl_outbox {
    struct pl_outbox_items waiting; /* by request_id */
    struct pl_outbox_items flying;  /* by time of writing */
    struct pl_outbox_item *by_request;
    unsigned flying_count;
};

void pl_outbox_init(struct pl_outbox *outbox);
/* Takes the item; given in the order of request_id. */
void pl_outbox_put(struct pl_outbox *outbox, struct pl_outbox_item *item);
/* The next to write, which flies from now on; NULL when none waits. Borrowed until it is answered. */
struct pl_outbox_item *pl_outbox_fly(struct pl_outbox *outbox);
/* The item that was answered, now the caller's to free; NULL when none flies under this id. */
struct pl_outbox_item *pl_outbox_take(struct pl_outbox *outbox, uint64_t request_id);
/* The item waits again, at its old place; nothing happens when none flies under this id. */
void pl_outbox_put_back(struct pl_outbox *outbox, uint64_t request_id);
/* Nothing flies any more. */
void pl_outbox_begin_session(struct pl_outbox *outbox);
/* Any item, now the caller's; NULL when empty. For the end. */
struct pl_outbox_item *pl_outbox_drain(struct pl_outbox *outbox);

#endif
