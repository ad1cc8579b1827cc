/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A pl_loop whose thread blocks on a completion queue of gRPC core. Every tag on the queue is a struct pl_tag. Polling
 * queues do the process's socket I/O and unary calls. Streams are carried by non-polling ones, where there are any, and
 * the first few by polling ones: core scans all outstanding tags of a queue at each completion, so a queue should not
 * have many.
 */
#ifndef PL_RPC_QUEUE_LOOP_H
#define PL_RPC_QUEUE_LOOP_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/loop.h"

struct pl_tag {
    /* On the loop's thread. The tag may be freed or used again. */
    void (*run)(struct pl_tag *tag, bool ok);
};

struct pl_queue_loop {
    struct pl_loop loop;
    grpc_completion_queue *queue;
    grpc_call *doorbell; /* an empty batch on it wakes the thread */
    struct pl_tag rung;
    struct pl_arena scratch; /* a stream's message while it is handled */
    pthread_t thread;
    int nice; /* of the thread, more than the process's; set before start */
    struct pl_task quit;
    bool quitting; /* this thread only */
};

/* Starts the thread. PL_UNAVAILABLE when the system gives none; nothing is then left behind. */
enum pl_status pl_queue_loop_start(struct pl_queue_loop *loop, unsigned index, bool polling,
                                   size_t scratch_bytes_max) PL_MUST_CHECK;
/* From another thread, once no call lives on it: the thread runs the mail that it finds and ends. */
void pl_queue_loop_join(struct pl_queue_loop *loop);
/* After join of every loop: runs, on this thread, what was posted meanwhile, then frees. */
void pl_queue_loop_fini(struct pl_queue_loop *loop);

#endif
