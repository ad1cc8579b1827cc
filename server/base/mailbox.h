/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How threads hand work to each other. A task is an intrusive item with one function; a mailbox is
 * the list of tasks waiting for one thread. Posting is wait-free but for a short lock; the owner
 * takes the whole list at once, and is rung only when the list was empty. First in, first out for
 * each poster.
 */
#ifndef PL_BASE_MAILBOX_H
#define PL_BASE_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct pl_task {
    STAILQ_ENTRY(pl_task) next;
    /* Runs on the mailbox's thread; the task is no longer on any list, and may be freed or posted
     * again. */
    void (*run)(struct pl_task *task);
};
STAILQ_HEAD(pl_task_list, pl_task);

struct pl_mailbox {
    pthread_mutex_t lock; /* guards tasks */
    struct pl_task_list tasks;
    void (*ring)(void *owner); /* wakes the owner; any thread, not under the lock */
    void *owner;
};

void pl_mailbox_init(struct pl_mailbox *mailbox, void (*ring)(void *owner), void *owner);
/* The mailbox must be empty. */
void pl_mailbox_fini(struct pl_mailbox *mailbox);
/* Any thread. The giver does not touch the task afterwards. */
void pl_mailbox_post(struct pl_mailbox *mailbox, struct pl_task *task);
/* Any thread. Moves all of tasks behind what is waiting, under one lock; tasks is empty afterwards.
 */
void pl_mailbox_post_list(struct pl_mailbox *mailbox, struct pl_task_list *tasks);
/* Owner only. Takes everything; false when there was nothing. ret_tasks is initialised by this. */
bool pl_mailbox_take(struct pl_mailbox *mailbox, struct pl_task_list *ret_tasks);
/* Owner only. Takes everything and runs it; how many. */
size_t pl_mailbox_run(struct pl_mailbox *mailbox);

#endif
