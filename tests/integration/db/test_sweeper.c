/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What becomes of messages whose time is over: all in the end, batch by batch, by one node, and nothing by halves. */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

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

/* How long it is over, as SWEEP_EXPIRED says: five minutes, and what has gone by since. */
static void assert_lag(const char *text, int64_t expired_us)
{
    int64_t since_s = (pl_clock_now_us() - expired_us) / 1000000 + 1;
    assert_in_range(atoll(text), 300, 300 + since_s);
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
    int64_t expired_us = pl_clock_now_us();
    let_expire();
    const char *batch = "7";
    PGconn *dying = PQconnectdb(database.conninfo);
    PQclear(PQexec(dying, "begin"));
    PGresult *result =
        PQexecParams(dying, pl_statement_texts[PL_STATEMENT_SWEEP_EXPIRED].sql, 1, NULL, &batch, NULL, NULL, 0);
    assert_string_equal(PQgetvalue(result, 0, 0), ONE_BATCH);
    assert_lag(PQgetvalue(result, 0, 1), expired_us);
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

/* ---- what leaves the logs ---- */

static void wait_for_number(const char *sql, int64_t number)
{
    int64_t end_us = pl_clock_now_us() + INT64_C(60000000);
    while (database_number(&database, "%s", sql) != number)
        assert_true(pl_clock_now_us() < end_us);
}

static void add_app(const char *retention)
{
    database_execute(&database, "insert into apps (app_id, name) values ('%s', 'x')", uuid_text(&pair.app_id.uuid));
    database_execute(&database, "update apps set %s", retention);
}

/* An individual chat of an app, with 30 messages of which the 3rd and 25th were changes of its settings. */
static void open_with_log(const char *retention)
{
    harness_open(&harness);
    pair = pair_create(&database, true);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(append_run(&harness, append_new(&harness, &pair, "hi")), PL_OK);
    database_execute(&database, "update messages set entry_kind = 3 where seq in (3, 25)");
    add_app(retention);
}

static void what_an_app_keeps_no_longer_leaves_from_the_beginning_on(void **state)
{
    (void)state;
    open_with_log("retention_days = 1");
    database_execute(&database, "insert into hidden_messages select m.chat_id, p.user_id, m.message_id from messages m,"
                                " participants p where m.seq in (5, 22)");
    database_execute(&database, "update messages set created_at = created_at - interval '2 days' where seq <= 20");
    wait_for_number("select first_seq from chats", 21);
    assert_int_equal(database_number(&database, "select count(*) from hidden_messages"), 2);
    assert_int_equal(database_number(&database, "select min(seq) from messages"), 21);
    assert_int_equal(database_number(&database, "select count(*) from messages where content is not null"), 10);
    assert_int_equal(database_number(&database, "select seq from chat_controls where content is not null"), 3);
    assert_int_equal(database_number(&database, "select count(*) from chat_controls"), 1);
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "more")), PL_OK);
    assert_int_equal(database_number(&database, "select max(seq) from messages"), MESSAGES + 1);
}

static void what_all_devices_have_is_emptied_and_leaves_when_nobody_sends_it_again(void **state)
{
    (void)state;
    open_with_log("retention_until_delivered = true");
    database_execute(&database, "insert into devices (user_id, device_id, name) select user_id, gen_random_uuid(), ''"
                                " from participants, generate_series(1, 2)");
    database_execute(&database, "insert into device_cursors select p.chat_id, d.user_id, d.device_id, 12"
                                " from participants p join devices d on d.user_id = p.user_id");
    database_execute(&database, "update device_cursors set seq = 20 where user_id = '%s'", uuid_text(&pair.low.uuid));
    wait_for_number("select swept_seq from chats", 12);
    assert_int_equal(database_number(&database, "select count(*) from messages where content is null and seq <= 12"),
                     11);
    assert_int_equal(full_rows(), MESSAGES - 11);
    assert_int_equal(database_number(&database, "select first_seq from chats"), 1);
    database_execute(&database, "update messages set created_at = created_at - interval '2 days'");
    wait_for_number("select first_seq from chats", 13);
    assert_int_equal(full_rows(), MESSAGES - 12);
    /* A revoked device is nobody's, and a new user's phone has all of the chat still to come. */
    database_execute(&database, "update devices set revoked_at = now() where user_id = '%s'",
                     uuid_text(&pair.high.uuid));
    database_execute(&database, "insert into watermarks (chat_id, user_id, delivered_seq) select chat_id, user_id, 18"
                                " from participants");
    wait_for_number("select first_seq from chats", 19);
}

/* More than are looked at at a time, each with more than a batch. */
static void the_logs_of_many_chats_are_swept(void **state)
{
    (void)state;
    enum { CHATS = 230, LOG = BATCH + 3 };
    PGconn *other = open_without_turn();
    add_app("retention_days = 1");
    database_execute(&database,
                     "insert into chats (chat_id, app_id, chat_type, last_seq) select gen_random_uuid(), '%s', 2, %d"
                     " from generate_series(1, %d)",
                     uuid_text(&pair.app_id.uuid), LOG, CHATS);
    database_execute(&database,
                     "insert into messages (chat_id, seq, message_id, sender_id, message_type, body_kind, content,"
                     " created_at) select chat_id, s, gen_random_uuid(), chat_id, 1, 1, 'hi', now() - interval '2 days'"
                     " from chats, generate_series(1, %d) s where chat_type = 2",
                     LOG);
    PQfinish(other);
    wait_for_number("select count(*) from chats where first_seq = last_seq + 1 and chat_type = 2", CHATS);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 0);
}

/* A group that its last member left, say. */
static void what_nobody_is_to_get_any_more_is_emptied(void **state)
{
    (void)state;
    open_with_log("retention_until_delivered = true");
    database_execute(&database, "update participants set left_seq = 30");
    wait_for_rows(2);
    assert_int_equal(database_number(&database, "select swept_seq from chats"), MESSAGES);
}

static void expired_messages_leave_when_all_before_them_is_over(void **state)
{
    (void)state;
    harness_open(&harness);
    pair = pair_create(&database, true);
    add_app("retention_days = 0");
    say(MESSAGES);
    database_execute(&database, "update messages set created_at = created_at - interval '2 days'");
    let_expire();
    wait_for_rows(1);
    assert_int_equal(database_number(&database, "select first_seq from chats"), 1);
    database_execute(&database, "update messages set deleted_at = now(), content = null where seq = 1");
    wait_for_number("select first_seq from chats", MESSAGES + 2);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 0);
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "on")), PL_OK);
    assert_int_equal(database_number(&database, "select seq from messages"), MESSAGES + 2);
}

static void a_removal_that_is_cut_off_leaves_everything(void **state)
{
    (void)state;
    PGconn *other = open_without_turn();
    say(MESSAGES);
    database_execute(&database, "update messages set content = null; update chats set swept_seq = 10");
    const char *arguments[] = {uuid_text(&pair.chat_id.uuid), "9"};
    PGconn *dying = PQconnectdb(database.conninfo);
    PQclear(PQexec(dying, "begin"));
    PGresult *result =
        PQexecParams(dying, pl_statement_texts[PL_STATEMENT_SWEEP_REMOVE].sql, 2, NULL, arguments, NULL, NULL, 0);
    assert_string_equal(PQgetvalue(result, 0, 0), "9");
    PQclear(result);
    /* Meanwhile another passes over the chat. */
    PGconn *next = PQconnectdb(database.conninfo);
    result = PQexecParams(next, pl_statement_texts[PL_STATEMENT_SWEEP_REMOVE].sql, 2, NULL, arguments, NULL, NULL, 0);
    assert_string_equal(PQgetvalue(result, 0, 0), "0");
    PQclear(result);
    PQfinish(next);
    PQfinish(dying);
    assert_int_equal(database_number(&database, "select first_seq from chats"), 1);
    assert_int_equal(database_number(&database, "select count(*) from messages"), MESSAGES + 1);
    PQfinish(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_gets_its_time_where_it_gets_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_that_is_expired_is_emptied_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_two_nodes_one_sweeps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_is_cut_off_leaves_nothing_half_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_an_app_keeps_no_longer_leaves_from_the_beginning_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_all_devices_have_is_emptied_and_leaves_when_nobody_sends_it_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_logs_of_many_chats_are_swept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_is_to_get_any_more_is_emptied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expired_messages_leave_when_all_before_them_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_removal_that_is_cut_off_leaves_everything, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
