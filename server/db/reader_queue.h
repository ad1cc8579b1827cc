/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to the readers: the queue that they share, how much of it each takes, and which of them is rung for what
 * comes. A reader that took and would take more is asleep until somebody rings it, who then counts on it.
 */
#ifndef PL_DB_READER_QUEUE_H
#define PL_DB_READER_QUEUE_H

#include "db/db.h"
#include "db/reader.h"

static inline struct pl_query *pl_query_of(struct pl_task *task)
{
    return pl_container_of(task, struct pl_query, task);
}

static inline bool pl_query_is_composed(const struct pl_query *query)
{
    return query->compose != NULL;
}

/* Any thread. PL_OK: it is in the queue, and a reader was rung. */
enum pl_status pl_readers_enqueue(struct pl_readers *all, struct pl_query *query) PL_MUST_CHECK;
bool pl_readers_have_queued(struct pl_readers *all);
/* Whether something is queued that every reader may take. */
bool pl_readers_have_plain(struct pl_readers *all);
/* Takes off the queue, into refused, what nobody can run while all connections are away. */
void pl_readers_refuse(struct pl_readers *all, struct pl_task_list *refused);

/* The following are for the reader's own thread. */

/* To take more. */
static inline bool pl_reader_is_free(const struct pl_reader *reader)
{
    return !reader->alone && reader->in_flight_count < PL_READER_IN_FLIGHT_MAX;
}

/*
 * Moves the reader's share of the queue to held: so much that all readers get work, and a slow
 * statement holds up few. Whether it would take more, and is rung for it.
 */
bool pl_reader_take(struct pl_reader *reader);
/* The query is no longer in flight. */
void pl_reader_leave(struct pl_reader *reader, const struct pl_query *query);
/* It can take nothing: it is not rung, and work that it was rung for goes to another. */
void pl_reader_step_aside(struct pl_reader *reader);

#endif
