/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Removing rows that are too old, a bounded batch at a time, by a thread that has other work to do on its connection.
 * One thread.
 */
#ifndef PL_DB_SWEEP_H
#define PL_DB_SWEEP_H

#include "db/conn.h"

#define PL_SWEEP_ROWS_MAX 1000

struct pl_sweep {
    enum pl_statement statement; /* removes at most PL_SWEEP_ROWS_MAX rows and answers how many */
    int64_t due_us;              /* pl_clock_now_us */
};

/* Due in a minute. */
void pl_sweep_init(struct pl_sweep *sweep, enum pl_statement statement);
/*
 * When it is due: one batch, in a transaction of its own; then due in a minute, or in 100 ms when there was a full
 * batch. PL_FAILURE_NONE or PL_FAILURE_LOST; what else may go wrong can wait a minute.
 */
enum pl_failure pl_sweep_run(struct pl_sweep *sweep, struct pl_conn *conn) PL_MUST_CHECK;

#endif
