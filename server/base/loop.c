/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Deferred tasks may defer others (a flush that finds more to flush), so the list is run in rounds until it is empty. A
 * task that defers itself for ever must not keep the thread from its mail: after ROUNDS_MAX the rest waits for the next
 * turn, and the owner is rung so that this turn comes. So it is with what is deferred in bulk, after BULK_MAX; what
 * that defers runs right behind it.
 */
#include "base/loop.h"
#include "base/clock.h"

enum { ROUNDS_MAX = 16, BULK_MAX = 64 };

void pl_loop_init(struct pl_loop *loop, unsigned index, void (*ring)(void *owner), void *owner)
{
    pl_mailbox_init(&loop->mailbox, ring, owner);
    pl_timers_init(&loop->timers);
    STAILQ_INIT(&loop->deferred);
    STAILQ_INIT(&loop->bulk);
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

void pl_loop_defer_bulk(struct pl_loop *loop, struct pl_task *task)
{
    STAILQ_INSERT_TAIL(&loop->bulk, task, next);
}

static void run_first(struct pl_task_list *tasks)
{
    struct pl_task *task = STAILQ_FIRST(tasks);

    STAILQ_REMOVE_HEAD(tasks, next);
    task->run(task);
}

/* What is deferred now; what these defer in turn stays. */
static void run_round(struct pl_loop *loop)
{
    struct pl_task_list tasks = STAILQ_HEAD_INITIALIZER(tasks);

    STAILQ_CONCAT(&tasks, &loop->deferred);
    while (!STAILQ_EMPTY(&tasks))
        run_first(&tasks);
}

bool pl_loop_is_idle(const struct pl_loop *loop)
{
    return STAILQ_EMPTY(&loop->mailbox.tasks) && STAILQ_EMPTY(&loop->deferred) && STAILQ_EMPTY(&loop->bulk);
}

void pl_loop_turn(struct pl_loop *loop)
{
    pl_mailbox_run(&loop->mailbox);
    pl_timers_run(&loop->timers, pl_clock_now_us());
    for (unsigned round = 0; round < ROUNDS_MAX && !STAILQ_EMPTY(&loop->deferred); round++)
        run_round(loop);
    for (unsigned i = 0; i < BULK_MAX && !STAILQ_EMPTY(&loop->bulk); i++)
        run_first(&loop->bulk);
    run_round(loop);
    if (!STAILQ_EMPTY(&loop->deferred) || !STAILQ_EMPTY(&loop->bulk))
        loop->mailbox.ring(loop->mailbox.owner);
}
