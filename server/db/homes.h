/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Items that are done, gathered by the mailbox they go home to, so that each mailbox is locked and
 * rung once. Order is kept within a mailbox. One thread.
 */
#ifndef PL_DB_HOMES_H
#define PL_DB_HOMES_H

#include "base/mailbox.h"

#define PL_HOMES_MAX 32

struct pl_home {
    struct pl_mailbox *mailbox;
    struct pl_task_list tasks;
};

struct pl_homes {
    unsigned count;
    struct pl_home each[PL_HOMES_MAX];
};

void pl_homes_init(struct pl_homes *homes);
/* The task may leave before pl_homes_send when there are more mailboxes than fit. */
void pl_homes_add(struct pl_homes *homes, struct pl_mailbox *mailbox, struct pl_task *task);
/* Posts everything; empty afterwards. */
void pl_homes_send(struct pl_homes *homes);

#endif
