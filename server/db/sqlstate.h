/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a failed transaction means for those who wait for it: the one place that reads SQLSTATEs. */
#ifndef PL_DB_SQLSTATE_H
#define PL_DB_SQLSTATE_H

#include <stdbool.h>

#include "base/status.h"

enum pl_failure {
    PL_FAILURE_NONE,
    PL_FAILURE_ROW,     /* classes 22 and 23: a value is refused; nothing was stored */
    PL_FAILURE_AGAIN,   /* the same again may work; nothing was stored */
    PL_FAILURE_UNKNOWN, /* committed, but a WARNING says that it may not last; the connection is usable */
    PL_FAILURE_LOST,    /* the connection is of no more use; a commit that was sent may have happened */
    PL_FAILURE_BUG      /* our statement is wrong; nothing was stored */
};

/* sqlstate NULL: the error came from libpq, not from the server, and the connection is gone. */
enum pl_failure pl_sqlstate_failure(const char *sqlstate);
/* For a query: what its submitter is told. is_write: it may have changed rows. */
enum pl_status pl_sqlstate_status(const char *sqlstate, int is_write);

/* Another transaction held what this one wanted for longer than lock_timeout. */
bool pl_sqlstate_is_lock_timeout(const char *sqlstate);

#endif
