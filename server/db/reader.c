/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A reader's thread: take, send, receive, send home. */
#include "db/reader.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/reader_queue.h"

static void finish_task(struct pl_task *task)
{
    struct pl_query *query = pl_query_of(task);
    query->done(query, query->context);
}

/* What was sent of it may be, or become, committed; what is still to be composed is not. */
static bool may_change(const struct pl_query *query)
{
    if (pl_query_is_composed(query) && !query->composed)
        return false;
    for (unsigned i = 0; i < query->count; i++)
        if (pl_statement_is_write(query->steps[i].statement))
            return true;
    return false;
}

static void answer(struct pl_reader *reader, struct pl_query *query, enum pl_status status)
{
    query->status = status;
    for (unsigned i = 0; status != PL_OK && i < query->count; i++)
        pl_rows_clear(&query->steps[i].rows);
    pl_metrics_add(reader->all->context->metrics, PL_METRIC_queries_total, 1);
    pl_homes_add(&reader->homes, query->home, &query->task);
}

/* ---- sending ---- */

static bool send_steps(struct pl_reader *reader, struct pl_query *query, unsigned first)
{
    for (unsigned i = first; i < query->count; i++)
        if (!pl_conn_send(&reader->link.conn, query->steps[i].statement, &query->steps[i].params))
            return false;
    return reader->open ? pl_conn_flush_request(&reader->link.conn) : pl_conn_sync(&reader->link.conn);
}

static void begin_first(struct pl_reader *reader)
{
    reader->step = 0;
    reader->status = PL_OK;
    reader->since_us = pl_clock_now_us();
    reader->link.conn.warned = false;
}

/* False: the connection is lost; the query is among those in flight and answered with them. */
static bool begin(struct pl_reader *reader, struct pl_query *query)
{
    if (query->deadline_us != 0 && pl_clock_now_us() > query->deadline_us) {
        pl_reader_leave(reader, query);
        answer(reader, query, PL_DEADLINE_EXCEEDED);
        return true;
    }
    if (STAILQ_EMPTY(&reader->in_flight))
        begin_first(reader);
    STAILQ_INSERT_TAIL(&reader->in_flight, &query->task, next);
    query->sent_us = pl_clock_now_us();
    reader->open = pl_query_is_composed(query);
    return send_steps(reader, query, 0);
}

static bool send_held(struct pl_reader *reader)
{
    while (!STAILQ_EMPTY(&reader->held)) {
        struct pl_query *query = pl_query_of(STAILQ_FIRST(&reader->held));
        STAILQ_REMOVE_HEAD(&reader->held, next);
        if (!begin(reader, query))
            return false;
    }
    return true;
}

/* ---- receiving ---- */

static void take_result(struct pl_reader *reader, struct pl_query *query, struct pg_result *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        pl_assert(reader->step < query->count);
        query->steps[reader->step].rows.result = result;
        return;
    }
    if (status != PGRES_PIPELINE_ABORTED && reader->status == PL_OK) {
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
        reader->status = pl_sqlstate_status(sqlstate, may_change(query));
        query->failed_step = reader->step;
        query->lock_timeout = pl_sqlstate_is_lock_timeout(sqlstate);
        snprintf(query->constraint, sizeof(query->constraint), "%s", constraint == NULL ? "" : constraint);
        if (reader->status == PL_INTERNAL)
            pl_log(PL_LOG_ERROR, "query_failed", PL_LOG_TEXT("sqlstate", sqlstate),
                   PL_LOG_TEXT("statement", pl_statement_texts[query->steps[reader->step].statement].name));
    }
    PQclear(result);
}

static void finish_first(struct pl_reader *reader)
{
    struct pl_query *query = pl_query_of(STAILQ_FIRST(&reader->in_flight));
    int64_t sent_us = query->sent_us;
    if (reader->status == PL_OK && reader->link.conn.warned && may_change(query))
        reader->status = PL_OUTCOME_UNKNOWN;
    STAILQ_REMOVE_HEAD(&reader->in_flight, next);
    pl_reader_leave(reader, query);
    answer(reader, query, reader->status);
    begin_first(reader);
    pl_metrics_observe_us(reader->all->context->metrics, PL_METRIC_query_seconds, reader->since_us - sent_us);
}

/* The steps of the first in flight, which is also the last, are through: what compose adds follows, and the commit. */
static bool compose_first(struct pl_reader *reader, struct pl_query *query)
{
    unsigned count = query->count;
    reader->open = false;
    query->composed = reader->status == PL_OK;
    if (query->composed)
        query->compose(query, query->context);
    return send_steps(reader, query, count);
}

static bool end_step(struct pl_reader *reader)
{
    struct pl_query *query = pl_query_of(STAILQ_FIRST(&reader->in_flight));
    reader->step++;
    if (!pl_query_is_composed(query) || query->composed || reader->step < query->count)
        return true;
    return compose_first(reader, query);
}

/* Everything that has come. False: the connection is lost. */
static bool receive(struct pl_reader *reader)
{
    while (!STAILQ_EMPTY(&reader->in_flight)) {
        struct pg_result *result = NULL;
        switch (pl_conn_next(&reader->link.conn, 0, &result)) {
        case PL_CONN_RESULT:
            take_result(reader, pl_query_of(STAILQ_FIRST(&reader->in_flight)), result);
            break;
        case PL_CONN_END:
            if (!end_step(reader))
                return false;
            break;
        case PL_CONN_SYNCED:
            finish_first(reader);
            break;
        case PL_CONN_BUSY:
            return true;
        case PL_CONN_LOST:
            return false;
        }
    }
    return true;
}

/* ---- a lost connection ---- */

static void fail_held(struct pl_reader *reader)
{
    while (!STAILQ_EMPTY(&reader->held)) {
        struct pl_query *query = pl_query_of(STAILQ_FIRST(&reader->held));
        STAILQ_REMOVE_HEAD(&reader->held, next);
        pl_reader_leave(reader, query);
        answer(reader, query, PL_DATABASE_UNAVAILABLE);
    }
}

static void fail_in_flight(struct pl_reader *reader)
{
    while (!STAILQ_EMPTY(&reader->in_flight)) {
        struct pl_query *query = pl_query_of(STAILQ_FIRST(&reader->in_flight));
        STAILQ_REMOVE_HEAD(&reader->in_flight, next);
        pl_reader_leave(reader, query);
        answer(reader, query, may_change(query) ? PL_OUTCOME_UNKNOWN : PL_DATABASE_UNAVAILABLE);
    }
    fail_held(reader);
    reader->open = false;
    pl_homes_send(&reader->homes);
}

static void lose(struct pl_reader *reader)
{
    pl_link_drop(&reader->link);
    fail_in_flight(reader);
    pl_reader_step_aside(reader);
}

/* While all connections are away, who waits in the queue is told. */
static void refuse_queued(struct pl_reader *reader)
{
    struct pl_task_list refused = STAILQ_HEAD_INITIALIZER(refused);
    pl_readers_refuse(reader->all, &refused);
    while (!STAILQ_EMPTY(&refused)) {
        struct pl_query *query = pl_query_of(STAILQ_FIRST(&refused));
        STAILQ_REMOVE_HEAD(&refused, next);
        answer(reader, query, PL_DATABASE_UNAVAILABLE);
    }
    pl_homes_send(&reader->homes);
}

/* ---- the thread ---- */

static bool is_done(struct pl_reader *reader)
{
    return atomic_load(&reader->all->context->stopping) && STAILQ_EMPTY(&reader->in_flight) &&
           STAILQ_EMPTY(&reader->held) && !pl_readers_have_queued(reader->all);
}

/* When the reply to the first in flight is overdue. Each of its steps may take the whole timeout. */
static int64_t reply_due_us(const struct pl_reader *reader)
{
    int64_t until_us = atomic_load(&reader->all->context->until_us);
    if (STAILQ_EMPTY(&reader->in_flight))
        return until_us;
    unsigned count = pl_query_of(STAILQ_FIRST(&reader->in_flight))->count;
    int64_t due_us = reader->since_us + reader->link.conn.reply_wait_us * count;
    return due_us < until_us ? due_us : until_us;
}

/*
 * Whether the reader must take again before it waits: it became free only after it took, and would not be rung; or all
 * that it took is answered already and there is more, which it would not be rung for, nor woken by a reply.
 */
static bool takes_again(struct pl_reader *reader, bool asleep)
{
    if (!asleep)
        return pl_reader_is_free(reader);
    return STAILQ_EMPTY(&reader->in_flight) && pl_readers_have_plain(reader->all);
}

/* False: the connection is lost. */
static bool turn(struct pl_reader *reader)
{
    bool asleep = pl_reader_take(reader);
    if (!send_held(reader) || !receive(reader))
        return false;
    pl_homes_send(&reader->homes);
    if (is_done(reader))
        return true;
    int64_t due_us = reply_due_us(reader);
    if (pl_clock_now_us() >= due_us)
        return false;
    /* Nothing is waited for then; but a connection that was lost meanwhile is seen before it is given more. */
    if (takes_again(reader, asleep))
        due_us = 0;
    if (!pl_conn_wait(&reader->link.conn, &reader->wake, due_us))
        return false;
    pl_wake_clear(&reader->wake);
    return receive(reader);
}

static void *run(void *argument)
{
    struct pl_reader *reader = argument;
    while (!is_done(reader)) {
        if (pl_link_revive(&reader->link)) {
            if (!turn(reader))
                lose(reader);
            continue;
        }
        refuse_queued(reader);
        if (!is_done(reader))
            pl_wake_wait(&reader->wake, pl_link_due_us(&reader->link));
    }
    pl_homes_send(&reader->homes); /* what the last turn received */
    pl_readers_ring(reader->all);  /* who had to wait until the queue was empty */
    return NULL;
}

static void init_reader(struct pl_reader *reader, struct pl_readers *all)
{
    reader->all = all;
    pl_wake_init(&reader->wake);
    pl_link_init(&reader->link, all->context, &all->circuit, PL_CONN_READER);
    pl_homes_init(&reader->homes);
    STAILQ_INIT(&reader->held);
    STAILQ_INIT(&reader->in_flight);
}

void pl_readers_init(struct pl_readers *readers, struct pl_db_context *context)
{
    memset(readers, 0, sizeof(*readers));
    readers->context = context;
    readers->count = (unsigned)context->config->readers;
    readers->each = calloc(readers->count, sizeof(*readers->each));
    pl_assert(readers->each != NULL);
    pthread_mutex_init(&readers->lock, NULL);
    STAILQ_INIT(&readers->queue);
    STAILQ_INIT(&readers->to_compose);
    pl_circuit_init(&readers->circuit, &context->circuits, readers->count);
    for (unsigned i = 0; i < readers->count; i++)
        init_reader(&readers->each[i], readers);
}

void pl_readers_fini(struct pl_readers *readers)
{
    for (unsigned i = 0; i < readers->count; i++) {
        pl_link_fini(&readers->each[i].link);
        pl_wake_fini(&readers->each[i].wake);
    }
    pthread_mutex_destroy(&readers->lock);
    free(readers->each);
}

enum pl_status pl_readers_start(struct pl_readers *readers, int64_t deadline_us, const char **ret_error)
{
    for (unsigned i = 0; i < readers->count; i++) {
        enum pl_status status = pl_link_open(&readers->each[i].link, deadline_us, ret_error);
        if (status != PL_OK)
            return status;
    }
    for (unsigned i = 0; i < readers->count; i++)
        pl_assert(pl_thread_start(&readers->each[i].thread, "reader", run, &readers->each[i]));
    return PL_OK;
}

void pl_readers_ring(struct pl_readers *readers)
{
    for (unsigned i = 0; i < readers->count; i++)
        pl_wake_ring(&readers->each[i].wake);
}

void pl_readers_join(struct pl_readers *readers)
{
    pl_readers_ring(readers);
    for (unsigned i = 0; i < readers->count; i++)
        pl_assert(pthread_join(readers->each[i].thread, NULL) == 0);
}

void pl_readers_submit(struct pl_readers *readers, struct pl_query *query)
{
    query->task.run = finish_task;
    query->constraint[0] = '\0';
    query->failed_step = 0;
    query->lock_timeout = false;
    query->composed = false;
    enum pl_status status = pl_readers_enqueue(readers, query);
    if (status == PL_OK)
        return;
    query->status = status;
    pl_mailbox_post(query->home, &query->task);
}
