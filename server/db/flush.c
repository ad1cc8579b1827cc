/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/flush.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX ((size_t)1 << 30)

void pl_flush_init(struct pl_flush *flush)
{
    memset(flush, 0, sizeof(*flush));
    pl_arena_init(&flush->arena, ARENA_BYTES_MAX);
}

void pl_flush_fini(struct pl_flush *flush)
{
    pl_arena_fini(&flush->arena);
}

static int by_user(const void *a, const void *b)
{
    const struct pl_mark_user *left = a;
    const struct pl_mark_user *right = b;
    int chats = memcmp(&left->chat_id, &right->chat_id, sizeof(left->chat_id));
    return chats != 0 ? chats : memcmp(&left->user_id, &right->user_id, sizeof(left->user_id));
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Delivered is the furthest of the user's devices, and what was read was delivered. */
static void add_row(struct pl_mark_user *user, const struct pl_mark_row *row)
{
    user->row_count++;
    user->read_seq = greater(user->read_seq, row->read_seq);
    user->delivered_seq = greater(user->delivered_seq, greater(row->cursor_seq, row->read_seq));
}

void pl_flush_begin(struct pl_flush *flush, struct pl_mark_row *rows, unsigned count, bool is_awaited)
{
    flush->is_awaited = is_awaited;
    flush->users = pl_arena_array(&flush->arena, struct pl_mark_user, count);
    flush->user_count = 0;
    flush->uncertain = false;
    for (unsigned i = 0; i < count; i++) {
        struct pl_mark_user next = {.chat_id = rows[i].key.chat_id, .user_id = rows[i].key.user_id, .rows = &rows[i]};
        if (flush->user_count == 0 || by_user(&flush->users[flush->user_count - 1], &next) != 0)
            flush->users[flush->user_count++] = next;
        add_row(&flush->users[flush->user_count - 1], &rows[i]);
    }
}

/* Users first to first + count of a flush, and where the transaction runs. */
struct range {
    struct pl_flush *flush;
    struct pl_conn *conn;
    struct pl_mark_user *users;
    unsigned count;
};

static bool has_cursor(const struct pl_mark_row *row)
{
    return !pl_uuid_is_nil(&row->key.device_id.uuid) && row->cursor_seq > 0;
}

static unsigned count_cursors(const struct range *range)
{
    unsigned count = 0;
    for (unsigned i = 0; i < range->count; i++)
        for (unsigned k = 0; k < range->users[i].row_count; k++)
            count += has_cursor(&range->users[i].rows[k]);
    return count;
}

static void put_cursor_column(struct pl_array *array, const struct pl_mark_row *row, int column)
{
    if (column == 0)
        pl_array_uuid(array, &row->key.chat_id.uuid);
    else if (column == 1)
        pl_array_uuid(array, &row->key.user_id.uuid);
    else if (column == 2)
        pl_array_uuid(array, &row->key.device_id.uuid);
    else
        pl_array_int64(array, row->cursor_seq);
}

static void put_cursors(const struct range *range, struct pl_params *params, unsigned count, int column)
{
    struct pl_array array;
    pl_array_begin(&array, params, column == 3 ? PL_ELEMENT_INT64 : PL_ELEMENT_UUID, count);
    for (unsigned i = 0; i < range->count; i++) {
        const struct pl_mark_user *user = &range->users[i];
        for (unsigned k = 0; k < user->row_count; k++)
            if (has_cursor(&user->rows[k]))
                put_cursor_column(&array, &user->rows[k], column);
    }
    pl_array_end(&array);
}

static bool send_cursors(const struct range *range, struct pl_arena *arena)
{
    struct pl_params params;
    unsigned count = count_cursors(range);
    pl_params_init(&params, arena);
    for (int column = 0; column < 4; column++)
        put_cursors(range, &params, count, column);
    return pl_conn_send(range->conn, PL_STATEMENT_CURSORS_RAISE, &params);
}

static void put_ids(const struct range *range, struct pl_params *params)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, range->count);
    for (unsigned i = 0; i < range->count; i++)
        pl_array_uuid(&array, &range->users[i].chat_id.uuid);
    pl_array_end(&array);
    pl_array_begin(&array, params, PL_ELEMENT_UUID, range->count);
    for (unsigned i = 0; i < range->count; i++)
        pl_array_uuid(&array, &range->users[i].user_id.uuid);
    pl_array_end(&array);
}

static bool send_watermarks(const struct range *range, struct pl_arena *arena)
{
    struct pl_params params;
    struct pl_array array;
    pl_params_init(&params, arena);
    put_ids(range, &params);
    pl_array_begin(&array, &params, PL_ELEMENT_INT64, range->count);
    for (unsigned i = 0; i < range->count; i++)
        pl_array_int64(&array, range->users[i].delivered_seq);
    pl_array_end(&array);
    pl_array_begin(&array, &params, PL_ELEMENT_INT64, range->count);
    for (unsigned i = 0; i < range->count; i++)
        pl_array_int64(&array, range->users[i].read_seq);
    pl_array_end(&array);
    return pl_conn_send(range->conn, PL_STATEMENT_WATERMARKS_RAISE, &params);
}

static bool send_get(const struct range *range, struct pl_arena *arena)
{
    struct pl_params params;
    pl_params_init(&params, arena);
    put_ids(range, &params);
    return pl_conn_send(range->conn, PL_STATEMENT_WATERMARKS_GET, &params);
}

/* How all of them stand is for those who wait; and to be told, when an attempt that may have committed told nobody. */
static bool reads_stand(const struct range *range)
{
    return range->flush->is_awaited || range->flush->uncertain;
}

static bool send_all(const struct range *range)
{
    struct pl_arena arena;
    pl_arena_init(&arena, ARENA_BYTES_MAX);
    bool sent = send_cursors(range, &arena) && send_watermarks(range, &arena) &&
                (!reads_stand(range) || send_get(range, &arena)) && pl_conn_sync(range->conn);
    pl_arena_fini(&arena);
    return sent;
}

/* On success the rows that moved, and how all of them stand if that is read. */
static enum pl_failure transact(const struct range *range, struct pl_rows *moved, struct pl_rows *stand)
{
    struct pl_rows none = {0};
    range->conn->warned = false;
    if (!send_all(range))
        return PL_FAILURE_LOST;
    enum pl_failure failure = pl_conn_rows(range->conn, &none); /* cursors */
    pl_rows_clear(&none);
    if (failure == PL_FAILURE_NONE)
        failure = pl_conn_rows(range->conn, moved);
    if (failure == PL_FAILURE_NONE && reads_stand(range))
        failure = pl_conn_rows(range->conn, stand);
    if (failure == PL_FAILURE_LOST)
        return failure;
    enum pl_failure ended = pl_conn_finish(range->conn);
    return ended == PL_FAILURE_LOST || failure == PL_FAILURE_NONE ? ended : failure;
}

static void tell_moved(const struct pl_rows *rows, const struct pl_db_listener *listener)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        if (pl_rows_bool(rows, row, 7))
            continue; /* the user blocks the only one there is to tell */
        struct pl_moved moved = {
            .chat_id = {pl_rows_uuid(rows, row, 0)},
            .user_id = {pl_rows_uuid(rows, row, 1)},
            .delivered_seq = pl_rows_int(rows, row, 2),
            .read_seq = pl_rows_int(rows, row, 3),
            .at_us = pl_rows_time(rows, row, 4),
            .read_is_shown = pl_rows_bool(rows, row, 5),
            .delivered_moved = pl_rows_bool(rows, row, 6),
        };
        listener->marked(listener->context, &moved);
    }
}

/* One who stands there, and may have moved; nobody is told of who blocks the other. */
static void tell_stand(const struct pl_mark_user *user, const struct pl_rows *stand, int row,
                       const struct pl_db_listener *listener)
{
    struct pl_moved moved = {
        .chat_id = user->chat_id,
        .user_id = user->user_id,
        .delivered_seq = user->delivered_seq,
        .read_seq = user->read_seq,
        .at_us = pl_rows_time(stand, row, 3),
        .read_is_shown = pl_rows_bool(stand, row, 4),
        .delivered_moved = true,
    };
    listener->marked(listener->context, &moved);
}

static void settle(const struct range *range, enum pl_status status)
{
    for (unsigned i = 0; i < range->count; i++) {
        range->users[i].settled = true;
        range->users[i].status = status;
    }
}

static void take_stand(const struct range *range, const struct pl_rows *stand, const struct pl_db_listener *listener)
{
    settle(range, PL_NOT_A_MEMBER);
    for (int row = 0; row < pl_rows_count(stand); row++) {
        int64_t ord = pl_rows_int(stand, row, 0);
        pl_assert(ord >= 1 && ord <= range->count);
        struct pl_mark_user *user = &range->users[ord - 1];
        user->status = PL_OK;
        user->delivered_seq = pl_rows_int(stand, row, 1);
        user->read_seq = pl_rows_int(stand, row, 2);
        if (range->flush->uncertain && !pl_rows_bool(stand, row, 5))
            tell_stand(user, stand, row, listener);
    }
}

static enum pl_failure run_range(const struct range *range, const struct pl_db_listener *listener);

static enum pl_failure run_halves(const struct range *range, const struct pl_db_listener *listener)
{
    struct range half = *range;
    half.count = range->count / 2;
    enum pl_failure failure = run_range(&half, listener);
    if (failure != PL_FAILURE_NONE)
        return failure;
    half.users += half.count;
    half.count = range->count - half.count;
    return run_range(&half, listener);
}

static enum pl_failure run_range(const struct range *range, const struct pl_db_listener *listener)
{
    struct pl_rows moved = {0};
    struct pl_rows stand = {0};
    enum pl_failure failure = transact(range, &moved, &stand);
    if (failure == PL_FAILURE_NONE) {
        if (!range->flush->uncertain)
            tell_moved(&moved, listener);
        if (reads_stand(range))
            take_stand(range, &stand, listener);
        else
            settle(range, PL_OK);
    }
    pl_rows_clear(&moved);
    pl_rows_clear(&stand);
    if (failure == PL_FAILURE_ROW && range->count > 1)
        return run_halves(range, listener);
    if (failure == PL_FAILURE_ROW || failure == PL_FAILURE_BUG) {
        settle(range, failure == PL_FAILURE_ROW ? PL_INVALID_ARGUMENT : PL_INTERNAL);
        return PL_FAILURE_NONE;
    }
    if (failure == PL_FAILURE_LOST || failure == PL_FAILURE_UNKNOWN)
        range->flush->uncertain = true;
    return failure;
}

enum pl_failure pl_flush_run(struct pl_flush *flush, struct pl_conn *conn, const struct pl_db_listener *listener)
{
    unsigned settled = 0; /* halves run in order, so what is settled comes first */
    while (settled < flush->user_count && flush->users[settled].settled)
        settled++;
    struct range left = {
        .flush = flush, .conn = conn, .users = flush->users + settled, .count = flush->user_count - settled};
    return left.count == 0 ? PL_FAILURE_NONE : run_range(&left, listener);
}

void pl_flush_look_up(const struct pl_flush *flush, struct pl_mark *mark)
{
    pl_assert(flush->is_awaited);
    struct pl_mark_user wanted = {.chat_id = mark->chat_id, .user_id = mark->user_id};
    const struct pl_mark_user *user = bsearch(&wanted, flush->users, flush->user_count, sizeof(*flush->users), by_user);
    pl_assert(user != NULL && user->settled);
    mark->status = user->status;
    mark->ret_delivered_seq = user->status == PL_OK ? user->delivered_seq : 0;
    mark->ret_read_seq = user->status == PL_OK ? user->read_seq : 0;
}

void pl_flush_end(struct pl_flush *flush)
{
    flush->user_count = 0;
    pl_arena_reset(&flush->arena);
}
