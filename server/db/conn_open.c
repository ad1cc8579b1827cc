/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Opening a connection: conninfo, session settings and prepared statements. A connection is handed
 * out only when all of it worked, so the threads never meet one that is half set up.
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "db/conn.h"

/* How long after its statement_timeout a statement's reply may come before the connection counts as lost. */
#define REPLY_SLACK_MS 1000
/* An append that took longer than this is answered anyway, so its connection does not wait longer. */
#define WRITER_STATEMENT_MS_MAX 3000

static void note_warning(void *argument, const PGresult *result)
{
    struct pl_conn *conn = argument;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        conn->warned = true;
}

static PGconn *start(const struct pl_config *config)
{
    /* What comes later overrides the conninfo, which is expanded in place of dbname. */
    static const char *const keywords[] = {"dbname",           "target_session_attrs",      "tcp_user_timeout",
                                           "keepalives",       "keepalives_idle",           "keepalives_interval",
                                           "keepalives_count", "fallback_application_name", NULL};
    const char *const values[] = {config->database, "read-write", "5000", "1", "10", "5", "3", "parleyd", NULL};
    return PQconnectStartParams(keywords, values, 1);
}

static bool connect_until(PGconn *pg, int64_t deadline_us)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (PQstatus(pg) != CONNECTION_BAD) {
        if (state == PGRES_POLLING_OK)
            return true;
        if (state == PGRES_POLLING_FAILED)
            return false;
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        struct pollfd waited = {.fd = PQsocket(pg), .events = events};
        int ready = poll(&waited, 1, pl_poll_timeout_ms(deadline_us));
        if (pl_clock_now_us() >= deadline_us)
            return false;
        if (ready > 0)
            state = PQconnectPoll(pg);
    }
    return false;
}

static int64_t statement_timeout_ms(const struct pl_config *config, enum pl_conn_kind kind)
{
    bool capped = kind == PL_CONN_WRITER && config->statement_timeout_ms > WRITER_STATEMENT_MS_MAX;
    return capped ? WRITER_STATEMENT_MS_MAX : config->statement_timeout_ms;
}

static bool send_settings(const struct pl_conn *conn, const struct pl_config *config)
{
    char sql[1024];
    /* On a fresh database a sequential scan would stay in the cached plans while the tables grow; and planning a
     * statement over partitions again costs more than running it. */
    snprintf(
        sql, sizeof(sql),
        "select set_config('statement_timeout', '%lld', false), set_config('lock_timeout', '%lld', false),"
        " set_config('client_min_messages', 'warning', false), set_config('enable_seqscan', 'off', false),"
        " set_config('plan_cache_mode', 'force_generic_plan', false),"
        /* The planner takes a small table that it must read whole, against enable_seqscan, for a reason to compile. */
        " set_config('jit', 'off', false),"
        /* A machine that vanishes in the middle of a transaction keeps the rows that it locked until the server
         * notices: by default that takes two hours. */
        " set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),"
        " set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false)",
        (long long)statement_timeout_ms(config, conn->kind), (long long)config->lock_timeout_ms);
    return PQsendQueryParams(conn->pg, sql, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool set_up(struct pl_conn *conn, const struct pl_config *config, int64_t deadline_us)
{
    if (PQenterPipelineMode(conn->pg) != 1 || !send_settings(conn, config))
        return false;
    for (unsigned i = 0; i < PL_STATEMENT_COUNT; i++) {
        const struct pl_statement_text *text = &pl_statement_texts[i];
        if (text->kind == conn->kind && PQsendPrepare(conn->pg, text->name, text->sql, 0, NULL) != 1)
            return false;
    }
    if (!pl_conn_sync(conn))
        return false;
    bool worked = true;
    for (;;) {
        PGresult *result = NULL;
        enum pl_conn_event event = pl_conn_next(conn, deadline_us, &result);
        if (event == PL_CONN_SYNCED)
            return worked;
        if (event == PL_CONN_LOST)
            return false;
        ExecStatusType status = PQresultStatus(result);
        if (event == PL_CONN_RESULT && worked && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
            worked = false;
            snprintf(conn->error, sizeof(conn->error), "%s", PQresultErrorMessage(result));
        }
        PQclear(result);
    }
}

enum pl_status pl_conn_open(struct pl_conn *conn, const struct pl_config *config, enum pl_conn_kind kind,
                            int64_t deadline_us)
{
    *conn = (struct pl_conn){.kind = kind};
    conn->reply_wait_us = (statement_timeout_ms(config, kind) + REPLY_SLACK_MS) * 1000;
    conn->pg = start(config);
    pl_assert(conn->pg != NULL);
    PQsetNoticeReceiver(conn->pg, note_warning, conn);
    bool worked = connect_until(conn->pg, deadline_us) && PQsetnonblocking(conn->pg, 1) == 0 &&
                  (kind == PL_CONN_PLAIN || set_up(conn, config, deadline_us));
    if (worked)
        return PL_OK;
    if (conn->error[0] == '\0')
        snprintf(conn->error, sizeof(conn->error), "%s",
                 PQerrorMessage(conn->pg)[0] == '\0' ? "no answer in time" : PQerrorMessage(conn->pg));
    pl_conn_close(conn);
    return PL_DATABASE_UNAVAILABLE;
}
