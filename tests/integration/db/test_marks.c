/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Cursors and watermarks: they only grow, and only those of participants do. And what is swept. */
#include <stdlib.h>

#include "base/clock.h"
#include "db/sweep.h"
#include "integration/db/harness.h"

static struct database database;
static struct harness harness;
static struct pair pair;

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    harness_open(&harness);
    pair = pair_create(&database, true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

static void on_done(struct pl_mark *mark)
{
    (void)mark;
    harness.done++;
}

static void submit(struct pl_mark *mark)
{
    mark->home = &harness.home;
    mark->done = on_done;
    mark->chat_id = pair.chat_id;
    pl_db_mark(harness.db, mark);
}

static void run(struct pl_mark *mark)
{
    unsigned done = harness.done;
    submit(mark);
    harness_wait(&harness, done + 1);
}

static void assert_watermarks(const struct pl_mark *mark, int64_t delivered_seq, int64_t read_seq)
{
    assert_int_equal(mark->status, PL_OK);
    assert_int_equal(mark->ret_delivered_seq, delivered_seq);
    assert_int_equal(mark->ret_read_seq, read_seq);
}

static void read_raises_delivered(void **state)
{
    (void)state;
    struct pl_mark mark = {.user_id = pair.low, .read_seq = 12};
    run(&mark);
    assert_watermarks(&mark, 12, 12);
    assert_int_equal(harness_heard(&harness, HEARD_MARKED), 1);
    assert_int_equal(harness.heard[0].seq, 12);
    assert_int_equal(harness.heard[0].read_seq, 12);
    assert_true(pl_uuid_equal(&harness.heard[0].user_id.uuid, &pair.low.uuid));
}

static void delivered_is_the_furthest_device(void **state)
{
    (void)state;
    struct pl_mark phone = {.user_id = pair.low, .device_id = {pl_uuid_v7()}, .cursor_seq = 9};
    struct pl_mark tablet = {.user_id = pair.low, .device_id = {pl_uuid_v7()}, .cursor_seq = 4};
    run(&phone);
    run(&tablet);
    assert_watermarks(&tablet, 9, 0);
    assert_int_equal(harness_heard(&harness, HEARD_MARKED), 1);
    assert_int_equal(database_number(&database, "select seq from device_cursors where device_id = '%s'",
                                     uuid_text(&tablet.device_id.uuid)),
                     4);
}

static void marks_never_go_back(void **state)
{
    (void)state;
    struct pl_device_id device_id = {pl_uuid_v7()};
    struct pl_mark high = {.user_id = pair.low, .device_id = device_id, .cursor_seq = 9, .read_seq = 7};
    struct pl_mark low = {.user_id = pair.low, .device_id = device_id, .cursor_seq = 3, .read_seq = 2};
    run(&high);
    run(&low);
    assert_watermarks(&low, 9, 7);
    assert_int_equal(database_number(&database, "select seq from device_cursors"), 9);
    assert_int_equal(harness_heard(&harness, HEARD_MARKED), 1);
}

static void mark_of_a_stranger_changes_nothing(void **state)
{
    (void)state;
    struct pl_mark mark = {.user_id = {pl_uuid_v7()}, .device_id = {pl_uuid_v7()}, .cursor_seq = 9, .read_seq = 9};
    run(&mark);
    assert_int_equal(mark.status, PL_NOT_A_MEMBER);
    assert_int_equal(database_number(&database, "select (select count(*) from device_cursors)"
                                                " + (select count(*) from watermarks)"),
                     0);
    assert_int_equal(harness_heard(&harness, HEARD_MARKED), 0);
}

static void device_of_another_user_is_not_moved(void **state)
{
    (void)state;
    struct pl_device_id device_id = {pl_uuid_v7()};
    struct pl_mark owner = {.user_id = pair.low, .device_id = device_id, .cursor_seq = 1};
    struct pl_mark other = {.user_id = pair.high, .device_id = device_id, .cursor_seq = 9};
    run(&owner);
    run(&other);
    assert_int_equal(database_number(&database, "select seq from device_cursors"), 1);
}

static void marks_in_one_burst_merge(void **state)
{
    (void)state;
    enum { MARKS = 300 };
    static struct pl_mark marks[MARKS];
    struct pl_device_id device_id = {pl_uuid_v7()};
    for (unsigned i = 0; i < MARKS; i++) {
        marks[i] = (struct pl_mark){.user_id = i % 2 == 0 ? pair.low : pair.high};
        if (i % 2 == 0)
            marks[i].device_id = device_id;
        marks[i].cursor_seq = i % 2 == 0 ? i + 1 : 0;
        marks[i].read_seq = i % 2 == 0 ? 0 : i + 1;
        submit(&marks[i]);
    }
    harness_wait(&harness, MARKS);
    assert_watermarks(&marks[MARKS - 2], MARKS - 1, 0);
    assert_watermarks(&marks[MARKS - 1], MARKS, MARKS);
    assert_true(pl_metrics_get(&harness.metrics, PL_METRIC_cursor_flushes_total) < MARKS);
}

static void unwatched_mark_is_flushed_in_time_and_on_demand(void **state)
{
    (void)state;
    struct pl_mark *mark = calloc(1, sizeof(*mark));
    *mark = (struct pl_mark){.chat_id = pair.chat_id, .user_id = pair.low, .read_seq = 3};
    pl_db_mark(harness.db, mark);
    harness_wait_heard(&harness, HEARD_MARKED, pair.chat_id, 3);
    mark = calloc(1, sizeof(*mark));
    /* By itself this one would wait for an hour. */
    *mark = (struct pl_mark){.chat_id = pair.chat_id, .user_id = pair.low, .read_seq = 4, .members = 900000};
    pl_db_mark(harness.db, mark);
    pl_db_flush_marks(harness.db);
    harness_wait_heard(&harness, HEARD_MARKED, pair.chat_id, 4);
}

static void close_flushes_what_gathered(void **state)
{
    (void)state;
    struct pl_mark *mark = calloc(1, sizeof(*mark));
    *mark = (struct pl_mark){.chat_id = pair.chat_id, .user_id = pair.low, .read_seq = 3, .members = 900000};
    pl_db_mark(harness.db, mark);
    harness_close(&harness);
    assert_int_equal(database_number(&database, "select read_seq from watermarks"), 3);
}

static void close_gives_up_on_a_database_that_takes_nothing(void **state)
{
    (void)state;
    struct pl_mark watched = {.user_id = pair.low, .read_seq = 3};
    harness_close(&harness);
    harness.config.lock_timeout_ms = 10;
    harness_open(&harness);
    struct database_holder *holder = database_hold(&database, "lock table watermarks in share mode");
    submit(&watched);
    harness_close(&harness);
    assert_int_equal(watched.status, PL_DATABASE_UNAVAILABLE);
    database_let_go(holder);
}

static void bad_row_fails_alone(void **state)
{
    (void)state;
    enum { MARKS = 50 };
    static struct pl_mark marks[MARKS];
    static struct pair pairs[MARKS];
    database_execute(&database, "alter table watermarks add constraint no_poison check (read_seq <> 666)");
    for (unsigned i = 0; i < MARKS; i++)
        pairs[i] = pair_create(&database, true);
    for (unsigned i = 0; i < MARKS; i++) {
        marks[i] = (struct pl_mark){.user_id = pairs[i].low, .read_seq = i == 20 ? 666 : 5};
        pair = pairs[i];
        submit(&marks[i]);
    }
    harness_wait(&harness, MARKS);
    for (unsigned i = 0; i < MARKS; i++)
        assert_int_equal(marks[i].status, i == 20 ? PL_INVALID_ARGUMENT : PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from watermarks"), MARKS - 1);
}

/* How many moves of this kind there are with these ends. */
static int64_t moves(int kind, int after_seq, int up_to_seq)
{
    return database_number(&database,
                           "select count(*) from receipt_moves where kind = %d and after_seq = %d and up_to_seq = %d"
                           " and at between now() - interval '1 minute' and now()",
                           kind, after_seq, up_to_seq);
}

enum { DELIVERED = 1, READ, BOTH };

static void each_move_of_a_watermark_is_kept(void **state)
{
    (void)state;
    struct pl_device_id device_id = {pl_uuid_v7()};
    struct pl_mark delivered = {.user_id = pair.low, .device_id = device_id, .cursor_seq = 3};
    struct pl_mark read = {.user_id = pair.low, .device_id = device_id, .read_seq = 2};
    struct pl_mark both = {.user_id = pair.low, .read_seq = 9};
    run(&delivered);
    run(&read);
    run(&both);
    assert_int_equal(moves(DELIVERED, 0, 3), 1);
    assert_int_equal(moves(READ, 0, 2), 1);
    assert_int_equal(moves(DELIVERED, 3, 9), 1);
    assert_int_equal(moves(READ, 2, 9), 1);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 4);
}

static void watermarks_that_move_together_are_one_move(void **state)
{
    (void)state;
    struct pl_mark first = {.user_id = pair.low, .read_seq = 4};
    struct pl_mark second = {.user_id = pair.low, .device_id = {pl_uuid_v7()}, .cursor_seq = 6, .read_seq = 6};
    run(&first);
    run(&second);
    assert_int_equal(moves(BOTH, 0, 4), 1);
    assert_int_equal(moves(BOTH, 4, 6), 1);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 2);
}

static void devices_of_a_user_make_one_move(void **state)
{
    (void)state;
    enum { DEVICES = 5 };
    for (int i = 0; i < DEVICES; i++) {
        struct pl_mark *mark = calloc(1, sizeof(*mark));
        *mark = (struct pl_mark){
            .chat_id = pair.chat_id, .user_id = pair.low, .device_id = {pl_uuid_v7()}, .cursor_seq = 3 + i};
        mark->members = 900000; /* by itself it would wait for an hour */
        pl_db_mark(harness.db, mark);
    }
    pl_db_flush_marks(harness.db);
    harness_wait_heard(&harness, HEARD_MARKED, pair.chat_id, 3 + DEVICES - 1);
    assert_int_equal(moves(DELIVERED, 0, 3 + DEVICES - 1), 1);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 1);
}

static void what_does_not_move_is_not_kept(void **state)
{
    (void)state;
    struct pl_mark high = {.user_id = pair.low, .read_seq = 9};
    struct pl_mark again = {.user_id = pair.low, .read_seq = 9};
    struct pl_mark lower = {.user_id = pair.low, .device_id = {pl_uuid_v7()}, .cursor_seq = 5, .read_seq = 4};
    struct pl_mark stranger = {.user_id = {pl_uuid_v7()}, .device_id = {pl_uuid_v7()}, .cursor_seq = 9, .read_seq = 9};
    run(&high);
    run(&again);
    run(&lower);
    run(&stranger);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 1);
}

/* A watermark from before moves were kept: its next move says nothing of what came before. */
static void first_move_begins_at_the_watermark(void **state)
{
    (void)state;
    database_execute(&database, "insert into watermarks values ('%s', '%s', 7, 5)", uuid_text(&pair.chat_id.uuid),
                     uuid_text(&pair.low.uuid));
    struct pl_mark mark = {.user_id = pair.low, .read_seq = 6};
    run(&mark);
    assert_watermarks(&mark, 7, 6);
    assert_int_equal(moves(READ, 5, 6), 1);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 1);
}

static void old_moves_are_swept_in_batches(void **state)
{
    (void)state;
    database_execute(&database, "insert into receipt_moves select gen_random_uuid(), gen_random_uuid(), 1, 9, 0,"
                                " now() - interval '30 days 1 minute' from generate_series(1, 1500)");
    database_execute(&database, "insert into receipt_moves select gen_random_uuid(), gen_random_uuid(), 1, 9, 0,"
                                " now() - interval '29 days' from generate_series(1, 10)");
    struct pl_conn conn;
    struct pl_sweep sweep = {.statement = PL_STATEMENT_RECEIPT_MOVES_PURGE};
    assert_int_equal(pl_conn_open(&conn, &harness.config, PL_CONN_CURSORS, INT64_MAX), PL_OK);
    assert_int_equal(pl_sweep_run(&sweep, &conn), PL_FAILURE_NONE);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 510);
    assert_true(sweep.due_us <= pl_clock_now_us() + 1000000);
    sweep.due_us = 0;
    assert_int_equal(pl_sweep_run(&sweep, &conn), PL_FAILURE_NONE);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 10);
    assert_true(sweep.due_us > pl_clock_now_us() + 1000000);
    assert_int_equal(pl_sweep_run(&sweep, &conn), PL_FAILURE_NONE);
    pl_conn_close(&conn);
}

static void only_old_rows_of_the_feed_are_swept(void **state)
{
    (void)state;
    database_execute(&database, "insert into append_feed select gen_random_uuid(), n, gen_random_uuid(), '{}', '{}',"
                                " now() - n * interval '1 minute' from generate_series(1, 30) n");
    struct pl_conn conn;
    struct pl_sweep sweep = {.statement = PL_STATEMENT_FEED_PURGE};
    assert_int_equal(pl_conn_open(&conn, &harness.config, PL_CONN_WRITER, INT64_MAX), PL_OK);
    assert_int_equal(pl_sweep_run(&sweep, &conn), PL_FAILURE_NONE);
    pl_conn_close(&conn);
    assert_int_equal(database_number(&database, "select count(*) from append_feed"), 9);
    assert_int_equal(database_number(&database, "select max(n) from append_feed"), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(read_raises_delivered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(delivered_is_the_furthest_device, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_never_go_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mark_of_a_stranger_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(device_of_another_user_is_not_moved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_in_one_burst_merge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unwatched_mark_is_flushed_in_time_and_on_demand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(close_flushes_what_gathered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(close_gives_up_on_a_database_that_takes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_row_fails_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_move_of_a_watermark_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(watermarks_that_move_together_are_one_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(devices_of_a_user_make_one_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_move_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(first_move_begins_at_the_watermark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_moves_are_swept_in_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_old_rows_of_the_feed_are_swept, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
