/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/cursors.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

/* Rows and mail that may gather while the database is away; a row is about 200 bytes. */
#define GATHERED_MAX 131072
#define AGAIN_PAUSE_MS 50

static void finish_task(struct pl_task *task)
{
    struct pl_mark *mark = pl_container_of(task, struct pl_mark, task);
    mark->done(mark);
}

static struct pl_mark *mark_of(struct pl_task *task)
{
    return pl_container_of(task, struct pl_mark, task);
}

static void go_home(struct pl_cursors *cursors, struct pl_mark *mark)
{
    atomic_fetch_sub(&cursors->waiting, 1);
    pl_homes_add(&cursors->homes, mark->home, &mark->task);
}

/* ---- taking in ---- */

static void take_mark(struct pl_cursors *cursors, struct pl_mark *mark, int64_t now_us)
{
    bool waits = mark->done != NULL;
    if (!waits)
        atomic_fetch_sub(&cursors->in_mail, 1);
    if (!waits && cursors->marks.row_count >= GATHERED_MAX)
        free(mark);
    else
        pl_marks_add(&cursors->marks, mark, now_us);
}

static void take_in(struct pl_cursors *cursors, bool stopping)
{
    struct pl_task_list mail;
    int64_t now_us = pl_clock_now_us();
    bool flush_all = atomic_exchange(&cursors->flush_all, false);
    pl_mailbox_take(&cursors->mailbox, &mail);
    while (!STAILQ_EMPTY(&mail)) {
        struct pl_mark *mark = mark_of(STAILQ_FIRST(&mail));
        STAILQ_REMOVE_HEAD(&mail, next);
        take_mark(cursors, mark, now_us);
    }
    pl_marks_tick(&cursors->marks, now_us);
    if (flush_all || stopping)
        pl_marks_ripen(&cursors->marks);
}

/* ---- flushing ---- */

static void answer_waiters(struct pl_cursors *cursors)
{
    while (!STAILQ_EMPTY(&cursors->waiters)) {
        struct pl_mark *mark = mark_of(STAILQ_FIRST(&cursors->waiters));
        STAILQ_REMOVE_HEAD(&cursors->waiters, next);
        pl_flush_look_up(&cursors->flush, mark);
        go_home(cursors, mark);
    }
    pl_homes_send(&cursors->homes);
}

/* Nobody waits longer; what they asked for stays gathered. */
static void disappoint_waiters(struct pl_cursors *cursors)
{
    enum pl_status status = cursors->flush.uncertain ? PL_OUTCOME_UNKNOWN : PL_DATABASE_UNAVAILABLE;
    pl_marks_take_waiters(&cursors->marks, &cursors->waiters);
    while (!STAILQ_EMPTY(&cursors->waiters)) {
        struct pl_mark *mark = mark_of(STAILQ_FIRST(&cursors->waiters));
        STAILQ_REMOVE_HEAD(&cursors->waiters, next);
        mark->status = status;
        go_home(cursors, mark);
    }
    pl_homes_send(&cursors->homes);
}

static void note_failure(struct pl_cursors *cursors, enum pl_failure failure)
{
    int64_t now_us = pl_clock_now_us();
    if (cursors->failing_since_us == 0)
        cursors->failing_since_us = now_us;
    if (now_us - cursors->failing_since_us > PL_UNSETTLED_US_MAX)
        disappoint_waiters(cursors);
    if (failure == PL_FAILURE_LOST)
        pl_link_drop(&cursors->link);
    else
        poll(NULL, 0, AGAIN_PAUSE_MS);
}

/* Whether it worked; if not, it stays in work. */
static bool run_flush(struct pl_cursors *cursors)
{
    int64_t begun_us = pl_clock_now_us();
    enum pl_failure failure = pl_flush_run(&cursors->flush, &cursors->link.conn, &cursors->context->listener);
    if (failure != PL_FAILURE_NONE) {
        note_failure(cursors, failure);
        return false;
    }
    cursors->failing_since_us = 0;
    pl_metrics_add(cursors->context->metrics, PL_METRIC_cursor_flushes_total, 1);
    pl_metrics_observe_us(cursors->context->metrics, PL_METRIC_cursor_flush_seconds, pl_clock_now_us() - begun_us);
    answer_waiters(cursors);
    pl_flush_end(&cursors->flush);
    return true;
}

/* Whether there is something to flush. */
static bool begin_flush(struct pl_cursors *cursors)
{
    unsigned count = 0;
    if (cursors->flush.user_count > 0)
        return true;
    struct pl_mark_row *rows = pl_marks_take(&cursors->marks, &cursors->flush.arena, &cursors->waiters, &count);
    if (rows != NULL)
        pl_flush_begin(&cursors->flush, rows, count, !STAILQ_EMPTY(&cursors->waiters));
    return rows != NULL;
}

/* ---- the thread ---- */

static void wait_for_work(struct pl_cursors *cursors)
{
    int64_t due_us = pl_timers_next_due_us(&cursors->marks.timers);
    if (due_us > cursors->sweep.due_us)
        due_us = cursors->sweep.due_us;
    if (!pl_conn_wait(&cursors->link.conn, &cursors->wake, due_us))
        pl_link_drop(&cursors->link);
}

/* The database is away, or takes nothing (its disk is full, say). Whether the thread ends although marks are left. */
static bool gave_up(struct pl_cursors *cursors, bool stopping)
{
    int64_t now_us = pl_clock_now_us();
    if (stopping && cursors->stopping_since_us == 0)
        cursors->stopping_since_us = now_us;
    bool over = pl_db_is_over(cursors->context);
    bool too_long = stopping && (over || now_us - cursors->stopping_since_us > PL_UNSETTLED_US_MAX);
    if (cursors->link.away || over || too_long)
        disappoint_waiters(cursors);
    return too_long;
}

static void *run(void *argument)
{
    struct pl_cursors *cursors = argument;
    for (;;) {
        pl_wake_clear(&cursors->wake); /* before looking at anything that it rings for */
        bool stopping = atomic_load(&cursors->context->stopping);
        take_in(cursors, stopping);
        if (!pl_link_revive(&cursors->link)) {
            if (gave_up(cursors, stopping))
                return NULL;
            pl_wake_wait(&cursors->wake, pl_link_due_us(&cursors->link));
        } else if (pl_sweep_run(&cursors->sweep, &cursors->link.conn) != PL_FAILURE_NONE) {
            pl_link_drop(&cursors->link);
        } else if (begin_flush(cursors)) {
            if (!run_flush(cursors) && gave_up(cursors, stopping))
                return NULL;
        } else if (stopping) {
            return NULL;
        } else {
            wait_for_work(cursors);
        }
    }
}

void pl_cursors_init(struct pl_cursors *cursors, struct pl_db_context *context)
{
    memset(cursors, 0, sizeof(*cursors));
    cursors->context = context;
    pl_wake_init(&cursors->wake);
    pl_mailbox_init(&cursors->mailbox, pl_wake_ring, &cursors->wake);
    pl_circuit_init(&cursors->circuit, &context->circuits, 1);
    pl_link_init(&cursors->link, context, &cursors->circuit, PL_CONN_CURSORS);
    pl_homes_init(&cursors->homes);
    pl_marks_init(&cursors->marks);
    pl_flush_init(&cursors->flush);
    pl_sweep_init(&cursors->sweep, PL_STATEMENT_RECEIPT_MOVES_PURGE);
    STAILQ_INIT(&cursors->waiters);
}

void pl_cursors_fini(struct pl_cursors *cursors)
{
    pl_link_fini(&cursors->link);
    pl_flush_fini(&cursors->flush);
    pl_marks_fini(&cursors->marks);
    pl_mailbox_fini(&cursors->mailbox);
    pl_wake_fini(&cursors->wake);
}

enum pl_status pl_cursors_start(struct pl_cursors *cursors, int64_t deadline_us, const char **ret_error)
{
    enum pl_status status = pl_link_open(&cursors->link, deadline_us, ret_error);
    if (status == PL_OK)
        pl_assert(pl_thread_start(&cursors->thread, "cursors", run, cursors));
    return status;
}

void pl_cursors_join(struct pl_cursors *cursors)
{
    pl_wake_ring(&cursors->wake);
    pl_assert(pthread_join(cursors->thread, NULL) == 0);
}

static enum pl_status admit(struct pl_cursors *cursors)
{
    if (atomic_load(&cursors->context->stopping))
        return PL_DRAINING;
    if (pl_circuit_is_open(&cursors->circuit))
        return PL_DATABASE_UNAVAILABLE;
    if (atomic_fetch_add(&cursors->waiting, 1) < (unsigned)cursors->context->config->query_queue_max)
        return PL_OK;
    atomic_fetch_sub(&cursors->waiting, 1);
    return PL_OVERLOADED;
}

static void submit_unwatched(struct pl_cursors *cursors, struct pl_mark *mark)
{
    if (atomic_fetch_add(&cursors->in_mail, 1) < GATHERED_MAX) {
        pl_mailbox_post(&cursors->mailbox, &mark->task);
        return;
    }
    atomic_fetch_sub(&cursors->in_mail, 1);
    free(mark);
}

void pl_cursors_submit(struct pl_cursors *cursors, struct pl_mark *mark)
{
    mark->ret_delivered_seq = 0;
    mark->ret_read_seq = 0;
    if (mark->done == NULL) {
        submit_unwatched(cursors, mark);
        return;
    }
    mark->task.run = finish_task;
    mark->status = admit(cursors);
    pl_mailbox_post(mark->status == PL_OK ? &cursors->mailbox : mark->home, &mark->task);
}

void pl_cursors_flush_all(struct pl_cursors *cursors)
{
    atomic_store(&cursors->flush_all, true);
    pl_wake_ring(&cursors->wake);
}
