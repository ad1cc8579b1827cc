/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Sending and receiving on one connection; conn_open.c opens it. */
#include "db/conn.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

/* How often somebody who waits looks whether until_us has come nearer. */
#define LOOK_US 250000

static const int binary_formats[PL_PARAMS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

void pl_conn_close(struct pl_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
}

bool pl_conn_send(struct pl_conn *conn, enum pl_statement statement, const struct pl_params *params)
{
    pl_assert(pl_statement_texts[statement].kind == conn->kind);
    return PQsendQueryPrepared(conn->pg, pl_statement_texts[statement].name, params->count, params->values,
                               params->lengths, binary_formats, 1) == 1;
}

bool pl_conn_flush_request(struct pl_conn *conn)
{
    return PQsendFlushRequest(conn->pg) == 1 && PQflush(conn->pg) >= 0;
}

bool pl_conn_sync(struct pl_conn *conn)
{
    return PQpipelineSync(conn->pg) == 1;
}

bool pl_conn_wait(struct pl_conn *conn, const struct pl_wake *wake, int64_t deadline_us)
{
    int unsent = PQflush(conn->pg);
    if (unsent < 0)
        return false;
    struct pollfd waited[2] = {
        {.fd = PQsocket(conn->pg), .events = (short)(POLLIN | (unsent > 0 ? POLLOUT : 0))},
        {.fd = wake == NULL ? -1 : wake->fd, .events = POLLIN},
    };
    if (poll(waited, 2, pl_poll_timeout_ms(deadline_us)) <= 0 || waited[0].revents == 0)
        return true;
    return PQconsumeInput(conn->pg) == 1 && PQflush(conn->pg) >= 0;
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

/* False: the connection is lost, or counts as lost. */
static bool wait_for_reply(struct pl_conn *conn, int64_t deadline_us)
{
    int64_t now_us = pl_clock_now_us();
    int64_t until_us = conn->until_us == NULL ? INT64_MAX : atomic_load(conn->until_us);
    int64_t due_us = earlier(deadline_us, until_us);
    return now_us < due_us && pl_conn_wait(conn, NULL, earlier(due_us, now_us + LOOK_US));
}

enum pl_conn_event pl_conn_next(struct pl_conn *conn, int64_t deadline_us, struct pg_result **ret_result)
{
    while (PQisBusy(conn->pg)) {
        if (deadline_us == 0)
            return PL_CONN_BUSY;
        if (!wait_for_reply(conn, deadline_us))
            return PL_CONN_LOST;
    }
    PGresult *result = PQgetResult(conn->pg);
    if (PQstatus(conn->pg) != CONNECTION_OK) {
        PQclear(result);
        return PL_CONN_LOST;
    }
    if (result == NULL)
        return PL_CONN_END;
    if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        return PL_CONN_SYNCED;
    }
    *ret_result = result;
    return PL_CONN_RESULT;
}

/* What a result says; PIPELINE_ABORTED is no failure of its own. */
static enum pl_failure failure_of(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_PIPELINE_ABORTED)
        return PL_FAILURE_NONE;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum pl_failure failure = pl_sqlstate_failure(sqlstate);
    if (failure != PL_FAILURE_ROW)
        pl_log(failure == PL_FAILURE_BUG ? PL_LOG_ERROR : PL_LOG_WARNING, "statement_failed",
               PL_LOG_TEXT("sqlstate", sqlstate == NULL ? "" : sqlstate));
    return failure;
}

enum pl_failure pl_conn_rows(struct pl_conn *conn, struct pl_rows *ret_rows)
{
    int64_t deadline_us = pl_clock_now_us() + conn->reply_wait_us;
    PGresult *result = NULL;
    if (pl_conn_next(conn, deadline_us, &result) != PL_CONN_RESULT)
        return PL_FAILURE_LOST;
    enum pl_failure failure = failure_of(result);
    PGresult *none = NULL;
    if (failure != PL_FAILURE_NONE || pl_conn_next(conn, deadline_us, &none) != PL_CONN_END) {
        PQclear(none);
        PQclear(result);
        return failure == PL_FAILURE_NONE ? PL_FAILURE_LOST : failure;
    }
    ret_rows->result = result;
    return PL_FAILURE_NONE;
}

enum pl_failure pl_conn_finish(struct pl_conn *conn)
{
    enum pl_failure failure = PL_FAILURE_NONE;
    for (;;) {
        PGresult *result = NULL;
        switch (pl_conn_next(conn, pl_clock_now_us() + conn->reply_wait_us, &result)) {
        case PL_CONN_RESULT:
            if (failure == PL_FAILURE_NONE)
                failure = failure_of(result);
            PQclear(result);
            break;
        case PL_CONN_END:
            break;
        case PL_CONN_SYNCED:
            return failure == PL_FAILURE_NONE && conn->warned ? PL_FAILURE_UNKNOWN : failure;
        case PL_CONN_BUSY:
        case PL_CONN_LOST:
            return PL_FAILURE_LOST;
        }
    }
}

enum pl_failure pl_conn_abandon(struct pl_conn *conn, enum pl_failure failure)
{
    if (failure == PL_FAILURE_LOST || !pl_conn_sync(conn) || pl_conn_finish(conn) == PL_FAILURE_LOST)
        return PL_FAILURE_LOST;
    return failure;
}

static void note_error(struct pl_conn *conn, const PGresult *result)
{
    conn->lock_timeout = pl_sqlstate_is_lock_timeout(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    snprintf(conn->error, sizeof(conn->error), "%s", PQresultErrorMessage(result));
}

enum pl_failure pl_conn_execute(struct pl_conn *conn, const char *sql, int64_t deadline_us, struct pl_rows *ret_rows)
{
    pl_assert(conn->kind == PL_CONN_PLAIN);
    conn->lock_timeout = false;
    if (PQsendQuery(conn->pg, sql) != 1)
        return PL_FAILURE_LOST;
    struct pl_rows rows = {0};
    enum pl_failure failure = PL_FAILURE_NONE;
    for (;;) {
        PGresult *result = NULL;
        enum pl_conn_event event = pl_conn_next(conn, deadline_us, &result);
        if (event == PL_CONN_LOST)
            failure = PL_FAILURE_LOST;
        if (event != PL_CONN_RESULT)
            break;
        pl_rows_clear(&rows);
        rows.result = result;
        if (failure == PL_FAILURE_NONE)
            failure = failure_of(result);
        if (failure != PL_FAILURE_NONE)
            note_error(conn, result);
    }
    if (failure == PL_FAILURE_NONE)
        *ret_rows = rows;
    else
        pl_rows_clear(&rows);
    return failure;
}
