/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/sweep.h"

#include "base/clock.h"

#define EVERY_US INT64_C(60000000)
/* What is left goes soon, but not before the thread's own work had its turn. */
#define AGAIN_US INT64_C(100000)

void pl_sweep_init(struct pl_sweep *sweep, enum pl_statement statement)
{
    sweep->statement = statement;
    sweep->due_us = pl_clock_now_us() + EVERY_US;
}

enum pl_failure pl_sweep_run(struct pl_sweep *sweep, struct pl_conn *conn)
{
    struct pl_params none;
    struct pl_rows rows = {0};
    if (pl_clock_now_us() < sweep->due_us)
        return PL_FAILURE_NONE;
    pl_params_init(&none, NULL);
    if (!pl_conn_send(conn, sweep->statement, &none) || !pl_conn_sync(conn))
        return PL_FAILURE_LOST;
    enum pl_failure failure = pl_conn_rows(conn, &rows);
    if (failure == PL_FAILURE_LOST || pl_conn_finish(conn) == PL_FAILURE_LOST)
        failure = PL_FAILURE_LOST;
    bool more = failure == PL_FAILURE_NONE && pl_rows_int(&rows, 0, 0) == PL_SWEEP_ROWS_MAX;
    sweep->due_us = pl_clock_now_us() + (more ? AGAIN_US : EVERY_US);
    pl_rows_clear(&rows);
    return failure == PL_FAILURE_LOST ? failure : PL_FAILURE_NONE;
}
