/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A thread that runs tasks and timers. What the thread blocks on is the maker's matter (io_loop.h makes loops of epoll,
 * server/db of PostgreSQL's sockets); code that only needs "run this on that thread" sees no more than this.
 */
#ifndef PL_BASE_LOOP_H
#define PL_BASE_LOOP_H

#include "base/mailbox.h"
#include "base/timer.h"

struct pl_loop {
    struct pl_mailbox mailbox;    /* posted to from any thread */
    struct pl_timers timers;      /* this thread only */
    struct pl_task_list deferred; /* this thread only: run once at the end of the turn, see pl_loop_defer */
    struct pl_task_list bulk;     /* this thread only: see pl_loop_defer_bulk */
    unsigned index;               /* among its kind */
};

void pl_loop_init(struct pl_loop *loop, unsigned index, void (*ring)(void *owner), void *owner);
void pl_loop_fini(struct pl_loop *loop);
/* This thread only. Runs after everything that is ready in this turn: how writes of a turn gather
 * into one. */
void pl_loop_defer(struct pl_loop *loop, struct pl_task *task);
/* This thread only. Runs behind those, a few in each turn: what there may be a lot of at once, while others wait. */
void pl_loop_defer_bulk(struct pl_loop *loop, struct pl_task *task);
/* Nothing is left that a turn would run. While nobody posts: when the threads are over. */
bool pl_loop_is_idle(const struct pl_loop *loop);
/* This thread only: one turn, mail, due timers, then what was deferred. */
void pl_loop_turn(struct pl_loop *loop);

#endif
