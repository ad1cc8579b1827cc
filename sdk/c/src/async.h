/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Unary calls that nobody waits for: each ends on a thread that blocks on a completion queue. For calls that rest, of
 * which the gateway has many.
 */
#ifndef PL_SDK_ASYNC_H
#define PL_SDK_ASYNC_H

#include "sdk/c/src/channel.h"
#include "sdk/c/src/error.h"

struct pl_async;

/* One call. The caller's memory until done. */
struct pl_async_call {
    struct pl_unary unary;
    struct pl_arena *arena; /* the reply, or the failure, is built here */
    /* NULL, or called before done, on its thread, while the call can still be cancelled; not after it returned. */
    void (*ended)(struct pl_async_call *call);
    /* Exactly once, on that thread, after the deadline at the latest; status says which of the others is set. */
    void (*done)(struct pl_async_call *call);
    parley_status status;
    ProtobufCMessage *reply;
    struct pl_failure failure;
    void *flight; /* private */
};

/* The channel is borrowed until close. Starts the thread. */
struct pl_async *pl_async_open(const struct pl_channel *channel);
/* Every call is done. Waits for the thread. */
void pl_async_close(struct pl_async *async);
/* Any thread. Does not block; the request and the headers may be gone when this returns. */
void pl_async_start(struct pl_async *async, struct pl_async_call *call);
/* Any thread, from the return of start until that of ended. The call is done soon; twice is once. */
void pl_async_cancel(struct pl_async_call *call);

#endif
