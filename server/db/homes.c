/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/homes.h"

void pl_homes_init(struct pl_homes *homes)
{
    homes->count = 0;
}

static struct pl_home *home_of(struct pl_homes *homes, struct pl_mailbox *mailbox)
{
    for (unsigned i = 0; i < homes->count; i++)
        if (homes->each[i].mailbox == mailbox)
            return &homes->each[i];
    if (homes->count == PL_HOMES_MAX)
        pl_homes_send(homes);
    struct pl_home *home = &homes->each[homes->count++];
    home->mailbox = mailbox;
    STAILQ_INIT(&home->tasks);
    return home;
}

void pl_homes_add(struct pl_homes *homes, struct pl_mailbox *mailbox, struct pl_task *task)
{
    STAILQ_INSERT_TAIL(&home_of(homes, mailbox)->tasks, task, next);
}

void pl_homes_send(struct pl_homes *homes)
{
    for (unsigned i = 0; i < homes->count; i++)
        pl_mailbox_post_list(homes->each[i].mailbox, &homes->each[i].tasks);
    homes->count = 0;
}
