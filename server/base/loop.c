/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Deferred tasks may defer others (a flush that finds more to flush), so the list is run in rounds until it is empty. A
 * task that defers itself for ever must not keep the thread from its mail: after ROUNDS_MAX the rest waits for the next
 * turn, and the owner is rung so that this turn comes.
 */
#include "base/loop.h"
#include "base/clock.h"

enum { ROUNDS_MAX = 16 };

void pl_loop_init(struct pl_loop *loop, unsigned index, void (*ring)(void *owner), void *owner)
{
    pl_mailbox_init(&loop->mailbox, ring, owner);
    pl_timers_init(&loop->timers);
    STAILQ_INIT(&loop->deferred);
    loop->index = index;
}

void pl_loop_fini(struct pl_loop *loop)
{
    pl_timers_fini(&loop->timers);
    pl_mailbox_fini(&loop->mailbox);
}

void pl_loop_defer(struct pl_loop *loop, struct pl_task *task)
{
    STAILQ_INSERT_TAIL(&loop->deferred, task, next);
}

/* What is deferred now; what these defer in turn stays. */
static void run_round(struct pl_loop *loop)
{
    struct pl_task_list tasks = STAILQ_HEAD_INITIALIZER(tasks);

    STAILQ_CONCAT(&tasks, &loop->deferred);
    while (!STAILQ_EMPTY(&tasks)) {
        struct pl_task *task = STAILQ_FIRST(&tasks);
        STAILQ_REMOVE_HEAD(&tasks, next);
        task->run(task);
    }
}

void pl_loop_turn(struct pl_loop *loop)
{
    pl_mailbox_run(&loop->mailbox);
    pl_timers_run(&loop->timers, pl_clock_now_us());
    for (unsigned round = 0; round < ROUNDS_MAX && !STAILQ_EMPTY(&loop->deferred); round++)
        run_round(loop);
    if (!STAILQ_EMPTY(&loop->deferred))
        loop->mailbox.ring(loop->mailbox.owner);
}
