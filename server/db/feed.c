/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/feed.h"

#define ARENA_BYTES_MAX ((size_t)1 << 20)

void pl_feed_init(struct pl_feed *feed)
{
    feed->writer = pl_uuid_v7();
    feed->n = 0;
    pl_sweep_init(&feed->sweep, PL_STATEMENT_FEED_PURGE);
    feed->unsettled_count = 0;
}

static bool send_recovery(const struct pl_feed *feed, struct pl_conn *conn, struct pl_arena *arena)
{
    struct pl_params lock;
    struct pl_params last;
    struct pl_array chats;
    pl_params_init(&lock, arena);
    pl_array_begin(&chats, &lock, PL_ELEMENT_UUID, feed->unsettled_count);
    for (unsigned i = 0; i < feed->unsettled_count; i++)
        pl_array_uuid(&chats, &feed->unsettled[i].uuid);
    pl_array_end(&chats);
    pl_params_init(&last, arena);
    pl_params_uuid(&last, &feed->writer);
    /* The second statement has its own snapshot: it sees what committed while the first one waited. */
    return pl_conn_send(conn, PL_STATEMENT_APPEND_LOCK, &lock) && pl_conn_send(conn, PL_STATEMENT_FEED_LAST, &last) &&
           pl_conn_sync(conn);
}

static void tell_advanced(const struct pl_rows *rows, const struct pl_db_listener *listener)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_chat_id chat_id = {pl_rows_uuid(rows, row, 0)};
        listener->advanced(listener->context, chat_id, pl_rows_int(rows, row, 3));
    }
}

static enum pl_failure recover(struct pl_feed *feed, struct pl_conn *conn, struct pl_rows *chats, struct pl_rows *last)
{
    enum pl_failure failure = pl_conn_rows(conn, chats);
    if (failure == PL_FAILURE_NONE)
        failure = pl_conn_rows(conn, last);
    if (failure == PL_FAILURE_LOST)
        return failure;
    enum pl_failure ended = pl_conn_finish(conn);
    if (failure == PL_FAILURE_NONE)
        failure = ended;
    if (failure != PL_FAILURE_NONE)
        return failure;
    int64_t n = pl_rows_int(last, 0, 0);
    if (n > feed->n)
        feed->n = n;
    feed->unsettled_count = 0;
    return PL_FAILURE_NONE;
}

enum pl_failure pl_feed_recover(struct pl_feed *feed, struct pl_conn *conn, const struct pl_db_listener *listener)
{
    struct pl_arena arena;
    struct pl_rows chats = {0};
    struct pl_rows last = {0};
    pl_arena_init(&arena, ARENA_BYTES_MAX);
    conn->warned = false;
    enum pl_failure failure = send_recovery(feed, conn, &arena) ? recover(feed, conn, &chats, &last) : PL_FAILURE_LOST;
    if (failure == PL_FAILURE_NONE)
        tell_advanced(&chats, listener);
    pl_rows_clear(&chats);
    pl_rows_clear(&last);
    pl_arena_fini(&arena);
    return failure;
}
