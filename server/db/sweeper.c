/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The connection is opened when there is none; after any failure there is none, and with it the turn is gone. */
#include "db/sweeper.h"

#include "base/thread.h"

#define ATTEMPT_US INT64_C(1000000)
#define US_PER_MS 1000
#define CHATS_MAX 100 /* looked at in one statement */

enum { COLUMN_CHAT, COLUMN_OVER, COLUMN_OLD };

static void forget_page(struct pl_sweeper *sweeper)
{
    pl_rows_clear(&sweeper->page);
    sweeper->page_row = 0;
    sweeper->page_was_busy = false;
}

static bool connect_again(struct pl_sweeper *sweeper)
{
    if (sweeper->conn.pg != NULL)
        return true;
    sweeper->has_turn = false;
    forget_page(sweeper); /* another node may have had the turn for long */
    int64_t due_us = pl_clock_now_us() + ATTEMPT_US;
    bool worked = pl_conn_open(&sweeper->conn, sweeper->context->config, PL_CONN_SWEEPER, due_us) == PL_OK;
    sweeper->conn.until_us = &sweeper->until_us;
    return worked;
}

/* One statement as one transaction. False: it failed, and the connection is closed. */
static bool run_statement(struct pl_sweeper *sweeper, enum pl_statement statement, const struct pl_params *params,
                          struct pl_rows *ret_rows)
{
    struct pl_conn *conn = &sweeper->conn;
    if (pl_conn_send(conn, statement, params) && pl_conn_sync(conn) &&
        pl_conn_rows(conn, ret_rows) == PL_FAILURE_NONE && pl_conn_finish(conn) == PL_FAILURE_NONE)
        return true;
    pl_conn_close(conn);
    return false;
}

/* Somebody else may have it for as long as they live. */
static bool take_turn(struct pl_sweeper *sweeper)
{
    struct pl_params none;
    struct pl_rows rows = {0};
    pl_params_init(&none, NULL);
    if (!sweeper->has_turn && run_statement(sweeper, PL_STATEMENT_SWEEP_TURN, &none, &rows))
        sweeper->has_turn = pl_rows_bool(&rows, 0, 0);
    pl_rows_clear(&rows);
    return sweeper->has_turn;
}

/* True: there may be more. */
static bool empty_expired(struct pl_sweeper *sweeper)
{
    struct pl_metrics *metrics = sweeper->context->metrics;
    int64_t batch = sweeper->context->config->sweep_batch;
    struct pl_params params;
    struct pl_rows rows = {0};
    bool is_full = false;
    pl_params_init(&params, sweeper->arena);
    pl_params_int32(&params, (int32_t)batch);
    if (run_statement(sweeper, PL_STATEMENT_SWEEP_EXPIRED, &params, &rows)) {
        is_full = pl_rows_int(&rows, 0, 0) == batch;
        pl_metrics_add(metrics, PL_METRIC_sweep_emptied_total, pl_rows_int(&rows, 0, 0));
        pl_metrics_set(metrics, PL_METRIC_sweep_lag_seconds, pl_rows_int(&rows, 0, 1));
    }
    pl_rows_clear(&rows);
    return is_full;
}

/* ---- what leaves the logs ---- */

static void run_on_chat(struct pl_sweeper *sweeper, enum pl_statement statement, const struct pl_chat_id *chat,
                        int64_t seq, enum pl_metric metric)
{
    struct pl_params params;
    struct pl_rows rows = {0};
    pl_params_init(&params, sweeper->arena);
    pl_params_uuid(&params, &chat->uuid);
    pl_params_int64(&params, seq);
    if (run_statement(sweeper, statement, &params, &rows))
        pl_metrics_add(sweeper->context->metrics, metric, pl_rows_int(&rows, 0, 0));
    pl_rows_clear(&rows);
}

/* True: there was something to do, and there may be more. */
static bool sweep_chat(struct pl_sweeper *sweeper, int row)
{
    const struct pl_rows *rows = &sweeper->page;
    const struct pl_chat_id chat = {pl_rows_uuid(rows, row, COLUMN_CHAT)};
    bool is_over = !pl_rows_null(rows, row, COLUMN_OVER);
    bool is_old = !pl_rows_null(rows, row, COLUMN_OLD);
    if (is_over)
        run_on_chat(sweeper, PL_STATEMENT_SWEEP_EMPTY, &chat, pl_rows_int(rows, row, COLUMN_OVER),
                    PL_METRIC_sweep_emptied_total);
    if (is_old && sweeper->conn.pg != NULL)
        run_on_chat(sweeper, PL_STATEMENT_SWEEP_REMOVE, &chat, pl_rows_int(rows, row, COLUMN_OLD),
                    PL_METRIC_sweep_removed_total);
    return is_over || is_old;
}

static bool look_at_chats(struct pl_sweeper *sweeper)
{
    const struct pl_config *config = sweeper->context->config;
    struct pl_params params;
    pl_params_init(&params, sweeper->arena);
    pl_params_bytes(&params, sweeper->behind.uuid.bytes, sizeof(sweeper->behind.uuid.bytes));
    pl_params_int32(&params, CHATS_MAX);
    pl_params_int32(&params, (int32_t)config->sweep_batch);
    pl_params_int32(&params, (int32_t)config->tombstone_s);
    return run_statement(sweeper, PL_STATEMENT_SWEEP_CHATS, &params, &sweeper->page);
}

/* In a chat of the page there may be more: all are looked at again. False: the round ends. */
static bool end_page(struct pl_sweeper *sweeper)
{
    int count = pl_rows_count(&sweeper->page);
    bool more = sweeper->page_was_busy || count == CHATS_MAX;
    if (!more)
        sweeper->behind = (struct pl_chat_id){{{0}}};
    else if (!sweeper->page_was_busy)
        sweeper->behind.uuid = pl_rows_uuid(&sweeper->page, count - 1, COLUMN_CHAT);
    forget_page(sweeper);
    return more;
}

/*
 * As far as the next chat with something to do: a batch is a chat's. To look at them costs more than a batch does, so
 * all that were looked at have their turn first; what was over then is so still. False: the round ends.
 */
static bool sweep_chats(struct pl_sweeper *sweeper)
{
    bool is_busy = false;
    if (sweeper->page_row == 0 && !look_at_chats(sweeper))
        return false;
    int count = pl_rows_count(&sweeper->page);
    while (sweeper->page_row < count && !is_busy && sweeper->conn.pg != NULL)
        is_busy = sweep_chat(sweeper, sweeper->page_row++);
    sweeper->page_was_busy = sweeper->page_was_busy || is_busy;
    if (sweeper->conn.pg == NULL)
        return false;
    return sweeper->page_row < count || end_page(sweeper);
}

/* One batch; how long to rest behind it. */
static int64_t sweep(struct pl_sweeper *sweeper)
{
    const struct pl_config *config = sweeper->context->config;
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    sweeper->arena = &arena;
    bool more = connect_again(sweeper) && take_turn(sweeper) && (empty_expired(sweeper) || sweep_chats(sweeper));
    pl_arena_fini(&arena);
    return (more ? config->sweep_pause_ms : config->sweep_interval_ms) * US_PER_MS;
}

static void *run(void *argument)
{
    struct pl_sweeper *sweeper = argument;
    int64_t due_us = 0;
    for (int64_t now_us; (now_us = pl_clock_now_us()) < atomic_load(&sweeper->until_us);)
        if (now_us < due_us)
            pl_wake_wait(&sweeper->wake, due_us);
        else
            due_us = sweep(sweeper) + pl_clock_now_us();
    return NULL;
}

void pl_sweeper_init(struct pl_sweeper *sweeper, struct pl_db_context *context)
{
    *sweeper = (struct pl_sweeper){.context = context};
    atomic_init(&sweeper->until_us, INT64_MAX);
    pl_wake_init(&sweeper->wake);
}

void pl_sweeper_fini(struct pl_sweeper *sweeper)
{
    pl_rows_clear(&sweeper->page);
    pl_conn_close(&sweeper->conn);
    pl_wake_fini(&sweeper->wake);
}

void pl_sweeper_start(struct pl_sweeper *sweeper)
{
    pl_assert(pl_thread_start(&sweeper->thread, "sweeper", run, sweeper));
}

void pl_sweeper_stop(struct pl_sweeper *sweeper)
{
    atomic_store(&sweeper->until_us, pl_clock_now_us());
    pl_wake_ring(&sweeper->wake);
}

void pl_sweeper_join(struct pl_sweeper *sweeper)
{
    pl_assert(pthread_join(sweeper->thread, NULL) == 0);
}
