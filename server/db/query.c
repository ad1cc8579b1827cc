/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A query as its submitter makes it. */
#include "db/db.h"

static void clear_rows(void *object)
{
    struct pl_query *query = object;
    for (unsigned i = 0; i < query->count; i++)
        pl_rows_clear(&query->steps[i].rows);
}

struct pl_query *pl_query_new(struct pl_arena *arena, struct pl_mailbox *home,
                              void (*done)(struct pl_query *query, void *context), void *context)
{
    struct pl_query *query = pl_arena_new(arena, struct pl_query);
    query->home = home;
    query->done = done;
    query->context = context;
    for (unsigned i = 0; i < PL_QUERY_STEPS_MAX; i++)
        pl_params_init(&query->steps[i].params, arena);
    pl_arena_defer(arena, clear_rows, query);
    return query;
}

struct pl_params *pl_query_add(struct pl_query *query, enum pl_statement statement)
{
    pl_assert(query->count < PL_QUERY_STEPS_MAX);
    struct pl_query_step *step = &query->steps[query->count++];
    step->statement = statement;
    return &step->params;
}
