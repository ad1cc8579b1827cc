/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Threads that wait for descriptors: each is a pl_loop on epoll. A request and its call to parleyd live on one such
 * thread, so that nobody is woken to hand them on.
 *
 * A turn runs what is ready (sources), then the step, then mail, timers and what was deferred: what a step's requests
 * send to parleyd leaves at the end of the turn at once.
 */
#ifndef PL_GATEWAY_LOOP_LOOP_H
#define PL_GATEWAY_LOOP_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/status.h"

/* A descriptor that a loop waits for. The owner's memory until it is removed. */
struct pl_source {
    /* On the loop's thread, with what epoll says. It may remove any source. */
    void (*ready)(struct pl_source *source, uint32_t events);
};

/* What a loop runs in each turn. */
struct pl_loop_step {
    /* Answers in how many milliseconds it is to run again, whatever happens; below 0: only when something happens. */
    int (*run)(struct pl_loop_step *step);
};

enum { PL_LOOP_EVENTS_MAX = 64 };

struct pl_gateway_loop {
    struct pl_loop loop; /* its mailbox: any thread; its timers and deferred tasks: its own */
    pthread_t thread;
    int epoll_fd;
    int bell_fd;
    struct pl_loop_step *step; /* NULL: none */
    int step_wait_ms;
    struct pl_source *ready[PL_LOOP_EVENTS_MAX]; /* of this turn, not run yet; NULL: removed meanwhile */
    unsigned ready_count;
    struct pl_task quit;
    bool quitting;
};

struct pl_gateway_loops {
    unsigned count;
    struct pl_gateway_loop loops[];
};

/* Starts the threads. */
struct pl_gateway_loops *pl_gateway_loops_open(unsigned count);
/* No source and no step is left. Runs the mail that is left, waits for the threads. NULL is allowed. */
void pl_gateway_loops_close(struct pl_gateway_loops *loops);

/* Another turn comes soon, with the step. Any thread. */
void pl_gateway_loop_wake(struct pl_gateway_loop *loop);
/* Runs a function on the loop's thread and waits for its end; not from a loop's thread. */
void pl_gateway_loop_call(struct pl_gateway_loop *loop, void (*function)(void *context), void *context);

/* On the loop's thread, as the following. events: of epoll_ctl. */
void pl_gateway_loop_add(struct pl_gateway_loop *loop, struct pl_source *source, int fd, uint32_t events);
/* Before the descriptor is closed; ready is not called any more. */
void pl_gateway_loop_remove(struct pl_gateway_loop *loop, struct pl_source *source, int fd);
/* NULL: no more. At most one. */
void pl_gateway_loop_set_step(struct pl_gateway_loop *loop, struct pl_loop_step *step);

#endif
