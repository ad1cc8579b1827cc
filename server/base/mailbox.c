/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The list is moved in one step under the lock; nothing of ours or of the owner's runs under it. */
#include "base/mailbox.h"
#include "base/status.h"

void pl_mailbox_init(struct pl_mailbox *mailbox, void (*ring)(void *owner), void *owner)
{
    pl_assert(ring != NULL);
    pthread_mutex_init(&mailbox->lock, NULL);
    STAILQ_INIT(&mailbox->tasks);
    mailbox->ring = ring;
    mailbox->owner = owner;
}

void pl_mailbox_fini(struct pl_mailbox *mailbox)
{
    pl_assert(STAILQ_EMPTY(&mailbox->tasks));
    pthread_mutex_destroy(&mailbox->lock);
}

void pl_mailbox_post(struct pl_mailbox *mailbox, struct pl_task *task)
{
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = STAILQ_EMPTY(&mailbox->tasks);
    STAILQ_INSERT_TAIL(&mailbox->tasks, task, next);
    pthread_mutex_unlock(&mailbox->lock);
    if (was_empty)
        mailbox->ring(mailbox->owner);
}

void pl_mailbox_post_list(struct pl_mailbox *mailbox, struct pl_task_list *tasks)
{
    if (STAILQ_EMPTY(tasks))
        return;
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = STAILQ_EMPTY(&mailbox->tasks);
    STAILQ_CONCAT(&mailbox->tasks, tasks);
    pthread_mutex_unlock(&mailbox->lock);
    if (was_empty)
        mailbox->ring(mailbox->owner);
}

bool pl_mailbox_take(struct pl_mailbox *mailbox, struct pl_task_list *ret_tasks)
{
    STAILQ_INIT(ret_tasks);
    pthread_mutex_lock(&mailbox->lock);
    STAILQ_CONCAT(ret_tasks, &mailbox->tasks);
    pthread_mutex_unlock(&mailbox->lock);
    return !STAILQ_EMPTY(ret_tasks);
}

size_t pl_mailbox_run(struct pl_mailbox *mailbox)
{
    struct pl_task_list tasks;
    size_t count = 0;

    pl_mailbox_take(mailbox, &tasks);
    while (!STAILQ_EMPTY(&tasks)) {
        struct pl_task *task = STAILQ_FIRST(&tasks);
        STAILQ_REMOVE_HEAD(&tasks, next);
        task->run(task);
        count++;
    }
    return count;
}
