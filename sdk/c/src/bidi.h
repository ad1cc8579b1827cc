/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Bidirectional calls that nobody waits for, any number of them on one thread: for programs that hold many streams at
 * once, such as the gateway. What happens to a call is told on the thread of a mailbox, which is the only one that may
 * touch the call, too.
 *
 * A message is read only when it is asked for, so that a receiver who cannot keep up slows down the sender. One read
 * and one write of a call may be in flight. A call ends when it is cancelled, or when all that the server said is read.
 */
#ifndef PL_SDK_BIDI_H
#define PL_SDK_BIDI_H

#include "base/mailbox.h"
#include "sdk/c/src/channel.h"
#include "sdk/c/src/error.h"

struct pl_bidi;
struct pl_bidi_call;

/* What a call tells its owner. */
struct pl_bidi_events {
    /* What pl_bidi_call_read asked for; borrowed until it returns. */
    void (*received)(void *owner, const uint8_t *data, size_t bytes);
    /* The write is done, the next may follow. Not told when the call is over, or will be once it is read to its end. */
    void (*written)(void *owner);
    /* Exactly once, and last: the call is gone. NULL when the server ended it well; else borrowed until it returns. */
    void (*ended)(void *owner, const struct pl_failure *failure);
};

/* A call to be. */
struct pl_bidi_start {
    struct pl_channel *channel;            /* borrowed until the call has ended */
    const char *path;                      /* static */
    const struct pl_unary_header *headers; /* copied */
    unsigned header_count;                 /* up to PL_UNARY_HEADERS_MAX */
    const struct pl_bidi_events *events;   /* static */
    void *owner;
};

/* The mailbox lives longer. */
struct pl_bidi *pl_bidi_open(struct pl_mailbox *home);
/* Every call has ended. Waits for the thread. */
void pl_bidi_close(struct pl_bidi *bidi);

/* Does not block. */
struct pl_bidi_call *pl_bidi_call_start(struct pl_bidi *bidi, const struct pl_bidi_start *start);
/* Asks for one message, or for the end. No other read is in flight. Nothing happens when the call is ending. */
void pl_bidi_call_read(struct pl_bidi_call *call);
/* Copies. No other write is in flight. Nothing happens when the call is ending. */
void pl_bidi_call_write(struct pl_bidi_call *call, const void *data, size_t bytes);
/* Says that nothing more will be written; as a write. */
void pl_bidi_call_half_close(struct pl_bidi_call *call);
/* ended follows soon, but not before this returns. */
void pl_bidi_call_cancel(struct pl_bidi_call *call);

#endif
