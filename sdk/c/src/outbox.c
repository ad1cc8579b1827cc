/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages between parley_stream_send and the server's answer. */
#include "sdk/c/src/outbox.h"

#include "base/status.h"

/* Items that come back are older than nearly all that wait, so the walk is short. */
static void insert_by_request(struct pl_outbox *outbox, struct pl_outbox_item *item)
{
    struct pl_outbox_item *later = TAILQ_FIRST(&outbox->waiting);
    while (later != NULL && later->request_id < item->request_id)
        later = TAILQ_NEXT(later, place);
    if (later != NULL)
        TAILQ_INSERT_BEFORE(later, item, place);
    else
        TAILQ_INSERT_TAIL(&outbox->waiting, item, place);
}

void pl_outbox_init(struct pl_outbox *outbox)
{
    *outbox = (struct pl_outbox){.by_request = NULL};
    TAILQ_INIT(&outbox->waiting);
    TAILQ_INIT(&outbox->flying);
}

void pl_outbox_put(struct pl_outbox *outbox, struct pl_outbox_item *item)
{
    TAILQ_INSERT_TAIL(&outbox->waiting, item, place);
}

struct pl_outbox_item *pl_outbox_fly(struct pl_outbox *outbox)
{
    struct pl_outbox_item *item = TAILQ_FIRST(&outbox->waiting);
    if (item == NULL)
        return NULL;
    TAILQ_REMOVE(&outbox->waiting, item, place);
    TAILQ_INSERT_TAIL(&outbox->flying, item, place);
    HASH_ADD(hh, outbox->by_request, request_id, sizeof item->request_id, item);
    outbox->flying_count++;
    return item;
}

struct pl_outbox_item *pl_outbox_take(struct pl_outbox *outbox, uint64_t request_id)
{
    struct pl_outbox_item *item = NULL;
    HASH_FIND(hh, outbox->by_request, &request_id, sizeof request_id, item);
    if (item == NULL)
        return NULL;
    HASH_DEL(outbox->by_request, item);
    TAILQ_REMOVE(&outbox->flying, item, place);
    outbox->flying_count--;
    return item;
}

void pl_outbox_put_back(struct pl_outbox *outbox, uint64_t request_id)
{
    struct pl_outbox_item *item = pl_outbox_take(outbox, request_id);
    if (item != NULL)
        insert_by_request(outbox, item);
}

void pl_outbox_begin_session(struct pl_outbox *outbox)
{
    struct pl_outbox_item *item;
    while ((item = TAILQ_LAST(&outbox->flying, pl_outbox_items)) != NULL)
        pl_outbox_put_back(outbox, item->request_id);
}

struct pl_outbox_item *pl_outbox_drain(struct pl_outbox *outbox)
{
    struct pl_outbox_item *item;
    pl_outbox_begin_session(outbox);
    item = TAILQ_FIRST(&outbox->waiting);
    if (item != NULL)
        TAILQ_REMOVE(&outbox->waiting, item, place);
    return item;
}
