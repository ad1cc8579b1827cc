/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One connection to PostgreSQL: non-blocking, in pipeline mode, with the statements of its kind
 * prepared. Nothing here waits beyond the deadline it is given (but looking up a host name may:
 * name hosts by address where that matters). A connection belongs to one thread at a time.
 */
#ifndef PL_DB_CONN_H
#define PL_DB_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "base/status.h"
#include "db/db.h"
#include "db/sqlstate.h"
#include "db/statements.h"
#include "db/wake.h"

struct pg_conn;

struct pl_conn {
    struct pg_conn *pg; /* NULL: closed */
    enum pl_conn_kind kind;
    bool warned;                     /* the server sent a WARNING since this was last cleared */
    int64_t reply_wait_us;           /* a statement that takes longer is taken for a lost connection */
    const _Atomic int64_t *until_us; /* NULL, or when all waiting for replies ends; may come nearer at any time */
    char error[256];                 /* of the last failure, for the log; no contents */
    bool lock_timeout;               /* the last failure of pl_conn_execute was one */
};

enum pl_conn_event {
    PL_CONN_RESULT, /* *ret_result is the caller's */
    PL_CONN_END,    /* the statement has no more results */
    PL_CONN_SYNCED, /* the transaction is over */
    PL_CONN_BUSY,   /* nothing has come yet */
    PL_CONN_LOST
};

/*
 * Connects, sets the session up and prepares the statements, all before deadline_us. On failure
 * (PL_DATABASE_UNAVAILABLE) conn is closed and conn->error has the sentence.
 */
enum pl_status pl_conn_open(struct pl_conn *conn, const struct pl_config *config, enum pl_conn_kind kind,
                            int64_t deadline_us) PL_MUST_CHECK;
/* Nothing happens when it is closed. */
void pl_conn_close(struct pl_conn *conn);

/* These three put into libpq's buffer and send what the socket takes. False: the connection is lost. */
bool pl_conn_send(struct pl_conn *conn, enum pl_statement statement, const struct pl_params *params) PL_MUST_CHECK;
bool pl_conn_flush_request(struct pl_conn *conn) PL_MUST_CHECK;
bool pl_conn_sync(struct pl_conn *conn) PL_MUST_CHECK;

/*
 * Sends what is left, then waits until the server sent something, wake (may be NULL) rang, or
 * deadline_us passed. False: the connection is lost.
 */
bool pl_conn_wait(struct pl_conn *conn, const struct pl_wake *wake, int64_t deadline_us) PL_MUST_CHECK;
/* The next event. Waits until deadline_us (then PL_CONN_LOST); 0: PL_CONN_BUSY instead of waiting. */
enum pl_conn_event pl_conn_next(struct pl_conn *conn, int64_t deadline_us, struct pg_result **ret_result) PL_MUST_CHECK;

/* The one result of the next statement. On success the rows are the caller's. */
enum pl_failure pl_conn_rows(struct pl_conn *conn, struct pl_rows *ret_rows) PL_MUST_CHECK;
/* Reads and forgets results until the transaction is over; its first failure. PL_FAILURE_UNKNOWN
 * when it committed with a WARNING. */
enum pl_failure pl_conn_finish(struct pl_conn *conn) PL_MUST_CHECK;
/*
 * After pl_conn_rows failed: ends the transaction, so that the connection can be used again.
 * failure is returned, or PL_FAILURE_LOST.
 */
enum pl_failure pl_conn_abandon(struct pl_conn *conn, enum pl_failure failure) PL_MUST_CHECK;

/*
 * PL_CONN_PLAIN only: runs SQL text (several statements may be in it) and waits. On success the
 * last result is the caller's.
 */
enum pl_failure pl_conn_execute(struct pl_conn *conn, const char *sql, int64_t deadline_us,
                                struct pl_rows *ret_rows) PL_MUST_CHECK;

#endif
