/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/change.h"

#include <string.h>

void pl_change_init(struct pl_change *change, struct pl_arena *arena,
                    enum pl_status (*decide)(struct pl_change *change, struct pl_append *append))
{
    memset(change, 0, sizeof(*change));
    change->arena = arena;
    change->decide = decide;
}

static struct pl_params *add_step(struct pl_query_step *step, enum pl_statement statement, struct pl_arena *arena)
{
    step->statement = statement;
    pl_params_init(&step->params, arena);
    return &step->params;
}

struct pl_params *pl_change_read(struct pl_change *change, enum pl_statement statement)
{
    pl_assert(change->read_count < PL_CHANGE_READS_MAX);
    return add_step(&change->reads[change->read_count++], statement, change->arena);
}

struct pl_params *pl_change_write(struct pl_change *change, enum pl_statement statement)
{
    pl_assert(change->write_count < PL_CHANGE_WRITES_MAX);
    return add_step(&change->writes[change->write_count++], statement, change->arena);
}

static bool send_steps(struct pl_conn *conn, const struct pl_query_step *steps, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!pl_conn_send(conn, steps[i].statement, &steps[i].params))
            return false;
    return true;
}

bool pl_change_send_reads(const struct pl_batch *batch)
{
    struct pl_params none;
    pl_params_init(&none, batch->arena);
    return pl_conn_send(batch->conn, PL_STATEMENT_CHANGE_NOW, &none) &&
           send_steps(batch->conn, batch->change->reads, batch->change->read_count);
}

enum pl_failure pl_change_take_reads(struct pl_batch *batch)
{
    struct pl_rows now = {0};
    enum pl_failure failure = pl_conn_rows(batch->conn, &now);
    if (failure != PL_FAILURE_NONE)
        return failure;
    batch->now_us = pl_rows_time(&now, 0, 0);
    pl_rows_clear(&now);
    for (unsigned i = 0; i < batch->change->read_count && failure == PL_FAILURE_NONE; i++)
        failure = pl_conn_rows(batch->conn, &batch->change->reads[i].rows);
    return failure;
}

enum pl_status pl_change_decide(struct pl_change *change, struct pl_append *append)
{
    change->write_count = 0;
    change->is_needless = false;
    return change->decide == NULL ? PL_OK : change->decide(change, append);
}

bool pl_change_send_writes(const struct pl_batch *batch)
{
    return send_steps(batch->conn, batch->change->writes, batch->change->write_count);
}

void pl_change_clear(struct pl_change *change)
{
    for (unsigned i = 0; i < change->read_count; i++)
        pl_rows_clear(&change->reads[i].rows);
}
