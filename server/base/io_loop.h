/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Threads that wait for descriptors: each is a pl_loop on epoll. What belongs to a connection lives on one such thread,
 * so that nobody is woken to hand it on.
 *
 * A turn runs what is ready (sources), then the step, then mail, timers and what was deferred: what a turn writes
 * leaves at its end at once.
 */
#ifndef PL_BASE_IO_LOOP_H
#define PL_BASE_IO_LOOP_H

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
struct pl_io_step {
    /* Answers in how many milliseconds it is to run again, whatever happens; below 0: only when something happens. */
    int (*run)(struct pl_io_step *step);
};

enum { PL_IO_EVENTS_MAX = 64 };

struct pl_io_loop {
    struct pl_loop loop; /* its mailbox: any thread; its timers and deferred tasks: its own */
    pthread_t thread;
    int epoll_fd;
    int bell_fd;
    struct pl_io_step *step; /* NULL: none */
    int step_wait_ms;
    struct pl_source *ready[PL_IO_EVENTS_MAX]; /* of this turn, not run yet; NULL: removed meanwhile */
    unsigned ready_count;
    struct pl_task quit;
    bool quitting;
};

struct pl_io_loops {
    unsigned count;
    struct pl_io_loop loops[];
};

/* Starts the thread of a zeroed loop. PL_UNAVAILABLE, with nothing left behind: the system gives no more threads or
 * descriptors. */
enum pl_status pl_io_loop_start(struct pl_io_loop *loop, unsigned index, const char *name) PL_MUST_CHECK;
/* From another thread; no source and no step is left. The thread runs the mail that it finds and ends. */
void pl_io_loop_join(struct pl_io_loop *loop);
/* After join of every loop that posts to this one: runs, on this thread, what was posted meanwhile, then frees. */
void pl_io_loop_fini(struct pl_io_loop *loop);

/* Starts so many; NULL as pl_io_loop_start. */
struct pl_io_loops *pl_io_loops_open(unsigned count, const char *name) PL_MUST_CHECK;
/* Joins and frees all. NULL is allowed. */
void pl_io_loops_close(struct pl_io_loops *loops);

/* Another turn comes soon, with the step. Any thread. */
void pl_io_loop_wake(struct pl_io_loop *loop);
/* Runs a function on the loop's thread and waits for its end; not from a loop's thread. */
void pl_io_loop_call(struct pl_io_loop *loop, void (*function)(void *context), void *context);

/* On the loop's thread, as the following. events: of epoll_ctl. */
void pl_io_loop_add(struct pl_io_loop *loop, struct pl_source *source, int fd, uint32_t events);
void pl_io_loop_change(struct pl_io_loop *loop, struct pl_source *source, int fd, uint32_t events);
/* Before the descriptor is closed; ready is not called any more. */
void pl_io_loop_remove(struct pl_io_loop *loop, struct pl_source *source, int fd);
/* NULL: no more. At most one. */
void pl_io_loop_set_step(struct pl_io_loop *loop, struct pl_io_step *step);

#endif
