/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What becomes of messages whose time is over: all in the end, batch by batch, by one node, and nothing by halves. */
#include <libpq-fe.h>
#include <stdio.h>

#include "base/clock.h"
#include "db/statements.h"
#include "integration/db/harness.h"

#define BATCH 7
#define MESSAGES 30
#define ONE_BATCH "7"

static struct database database;
static struct harness harness;
static struct pair pair;

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    harness.config.sweep_interval_ms = 10;
    harness.config.sweep_pause_ms = 1;
    harness.config.sweep_batch = BATCH;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

/* Another node has the turn, until the answer is finished. */
static PGconn *open_without_turn(void)
{
    PGconn *other = PQconnectdb(database.conninfo);
    PQclear(PQexec(other, "select pg_advisory_lock(7017283404182012)"));
    harness_open(&harness);
    pair = pair_create(&database, true);
    return other;
}

/* A chat whose messages last an hour, and what was said before and in it. */
static void say(unsigned count)
{
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "before")), PL_OK);
    database_execute(&database, "update chats set message_ttl = 3600");
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(append_run(&harness, append_new(&harness, &pair, "for a while")), PL_OK);
}

static void let_expire(void)
{
    database_execute(&database, "update messages set expires_at = now() - interval '5 minutes'"
                                " where expires_at is not null");
}

static int64_t full_rows(void)
{
    return database_number(&database, "select count(*) from messages where content is not null");
}

/* Only what has time waits, and then for what is bound to happen. */
static void wait_for_rows(int64_t rows)
{
    int64_t end_us = pl_clock_now_us() + INT64_C(60000000);
    while (full_rows() != rows)
        assert_true(pl_clock_now_us() < end_us);
}

static void a_message_gets_its_time_where_it_gets_its_place(void **state)
{
    (void)state;
    harness_open(&harness);
    pair = pair_create(&database, true);
    say(1);
    struct pl_append *append = append_new(&harness, &pair, "an hour");
    assert_int_equal(append_run(&harness, append), PL_OK);
    assert_int_equal(append->message.expires_at_us, append->message.created_at_us + INT64_C(3600000000));
    struct pl_append *again = append_again(&harness, append);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_int_equal(again->message.expires_at_us, append->message.expires_at_us);
    assert_int_equal(
        database_number(&database, "select count(*) from messages where expires_at = created_at + interval '1 hour'"),
        2);
}

static void all_that_is_expired_is_emptied_and_nothing_else(void **state)
{
    (void)state;
    harness_open(&harness);
    pair = pair_create(&database, true);
    say(MESSAGES);
    struct pl_append *sent = append_new(&harness, &pair, "once");
    assert_int_equal(append_run(&harness, sent), PL_OK);
    assert_int_equal(full_rows(), MESSAGES + 2);
    let_expire();
    wait_for_rows(1);
    assert_int_equal(database_number(&database, "select count(*) from messages where metadata is null"
                                                " and media_id is null and body_kind = 1"),
                     MESSAGES + 2);
    assert_log_sound(&database);
    struct pl_append *again = append_again(&harness, sent);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_true(again->resend);
    assert_int_equal(again->message.seq, MESSAGES + 2);
    int64_t end_us = pl_clock_now_us() + INT64_C(60000000);
    while (pl_metrics_get(&harness.metrics, PL_METRIC_sweep_emptied_total) != MESSAGES + 1)
        assert_true(pl_clock_now_us() < end_us);
}

static void of_two_nodes_one_sweeps(void **state)
{
    (void)state;
    PGconn *other = open_without_turn();
    say(MESSAGES);
    let_expire();
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(append_run(&harness, append_new(&harness, &pair, "meanwhile")), PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from messages where content is null"), 0);
    PQfinish(other);
    wait_for_rows(1 + 20);
}

/* What a sweeper does when it dies before its commit: the batch is as it was, and free for the next. */
static void a_batch_that_is_cut_off_leaves_nothing_half_done(void **state)
{
    (void)state;
    PGconn *other = open_without_turn();
    say(MESSAGES);
    let_expire();
    const char *batch = "7";
    PGconn *dying = PQconnectdb(database.conninfo);
    PQclear(PQexec(dying, "begin"));
    PGresult *result =
        PQexecParams(dying, pl_statement_texts[PL_STATEMENT_SWEEP_EXPIRED].sql, 1, NULL, &batch, NULL, NULL, 0);
    assert_string_equal(PQgetvalue(result, 0, 0), ONE_BATCH);
    assert_string_equal(PQgetvalue(result, 0, 1), "300");
    PQclear(result);
    /* The next does not wait for what it holds. */
    PGconn *next = PQconnectdb(database.conninfo);
    PQclear(PQexec(next, "set lock_timeout = 1000"));
    result = PQexecParams(next, pl_statement_texts[PL_STATEMENT_SWEEP_EXPIRED].sql, 1, NULL, &batch, NULL, NULL, 0);
    assert_string_equal(PQgetvalue(result, 0, 0), ONE_BATCH);
    PQclear(result);
    PQfinish(next);
    PQfinish(dying);
    assert_int_equal(full_rows(), 1 + MESSAGES - BATCH);
    PQfinish(other);
    wait_for_rows(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_gets_its_time_where_it_gets_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_that_is_expired_is_emptied_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_two_nodes_one_sweeps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_is_cut_off_leaves_nothing_half_done, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
