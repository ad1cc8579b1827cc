/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* statements.def as data. */
#ifndef PL_DB_STATEMENTS_H
#define PL_DB_STATEMENTS_H

#include <stdbool.h>

#include "db/db.h"

/* Which statements a connection prepares, and with which planner settings it runs. */
enum pl_conn_kind {
    PL_CONN_READER,
    PL_CONN_WRITER,
    PL_CONN_CURSORS,
    PL_CONN_SAMPLER,
    PL_CONN_SWEEPER,
    PL_CONN_PLAIN /* prepares nothing; migrations */
};

struct pl_statement_text {
    const char *name; /* also the name it is prepared under */
    enum pl_conn_kind kind;
    const char *sql;
};

extern const struct pl_statement_text pl_statement_texts[PL_STATEMENT_COUNT];

/* Whether the statement may change rows. */
bool pl_statement_is_write(enum pl_statement statement);

#endif
