/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lost connections, a server that is killed or hangs: whatever happens converges, and nothing is lost or there twice.
 */
#include <libpq-fe.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "integration/db/harness.h"
#include "integration/db/proxy.h"

static struct database database;
static struct harness harness;
static struct proxy *proxy;
static struct pair pair;

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    return 0;
}

static int set_up_proxy(void **state)
{
    set_up(state);
    proxy = proxy_start(&database);
    harness.config.database = proxy_conninfo(proxy);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    if (proxy != NULL)
        proxy_stop(proxy);
    proxy = NULL;
    database_drop(&database);
    return 0;
}

static void open_with_chat(void)
{
    harness_open(&harness);
    pair = pair_create(&database, true);
}

/* Looks when something came home, or a little later, for a minute. */
static void wait_until(bool (*holds)(void))
{
    int64_t deadline_us = pl_clock_now_us() + INT64_C(60000000);
    while (!holds()) {
        if (pl_clock_now_us() > deadline_us)
            fail_msg("what is waited for did not come for a minute");
        pl_wake_wait(&harness.wake, pl_clock_now_us() + 5000);
        pl_mailbox_run(&harness.home);
    }
}

static bool is_ready(void)
{
    return pl_db_ready(harness.db);
}

static bool is_away(void)
{
    return !is_ready();
}

/* It follows what it counts. */
static bool circuit_is_counted_open(void)
{
    return pl_metrics_get(&harness.metrics, PL_METRIC_database_circuit_open) == 1;
}

static bool circuit_is_counted_closed(void)
{
    return pl_metrics_get(&harness.metrics, PL_METRIC_database_circuit_open) == 0;
}

/* Sends what is not acknowledged, as clients would, until all is. */
static void insist(struct pl_append **appends, unsigned count)
{
    for (unsigned open = count; open > 0;) {
        unsigned done = harness.done;
        open = 0;
        for (unsigned i = 0; i < count; i++) {
            if (appends[i]->status == PL_OK)
                continue;
            assert_true(appends[i]->status == PL_OUTCOME_UNKNOWN || appends[i]->status == PL_DATABASE_UNAVAILABLE);
            appends[i] = append_again(&harness, appends[i]);
            append_submit(&harness, appends[i]);
            open++;
        }
        harness_wait(&harness, done + open);
    }
}

/* On a slow machine it may be told after three seconds that its fate is unknown. */
static void assert_not_settled(const struct pl_append *append)
{
    assert_true(harness.done == 0 || append->status == PL_OUTCOME_UNKNOWN);
}

static void lost_reply_of_a_commit_converges(void **state)
{
    (void)state;
    open_with_chat();
    append_run(&harness, append_new(&harness, &pair, "before"));
    proxy_arm(proxy, PROXY_CUT_REPLY);
    struct pl_append *append = append_new(&harness, &pair, "cut");
    append_run(&harness, append);
    insist(&append, 1);
    assert_int_equal(append->message.seq, 2);
    harness_wait_heard(&harness, HEARD_ADVANCED, pair.chat_id, 2);
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "after")), PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 3);
    assert_log_sound(&database);
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_append_retries_total), 1);
}

static void lost_commit_is_run_again(void **state)
{
    (void)state;
    open_with_chat();
    proxy_arm(proxy, PROXY_CUT_COMMIT);
    struct pl_append *append = append_new(&harness, &pair, "cut");
    append_run(&harness, append);
    insist(&append, 1);
    assert_int_equal(append->message.seq, 1);
    assert_false(append->resend);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    assert_log_sound(&database);
}

static bool somebody_waits_for_a_lock(void)
{
    return database_number(&database, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'") > 0;
}

static void transaction_that_outlives_its_client_is_waited_for(void **state)
{
    (void)state;
    open_with_chat();
    proxy_arm(proxy, PROXY_CUT_SURVIVOR);
    struct pl_append *append = append_new(&harness, &pair, "cut");
    append_submit(&harness, append);
    wait_until(somebody_waits_for_a_lock);
    assert_not_settled(append);
    proxy_release(proxy);
    harness_wait(&harness, 1);
    insist(&append, 1);
    assert_true(append->resend);
    assert_int_equal(append->message.seq, 1);
    harness_wait_heard(&harness, HEARD_ADVANCED, pair.chat_id, 1);
    assert_log_sound(&database);
}

static void transaction_that_stays_unknown_is_said_to_be(void **state)
{
    (void)state;
    harness.config.lock_timeout_ms = 200;
    open_with_chat();
    proxy_arm(proxy, PROXY_CUT_SURVIVOR);
    struct pl_append *append = append_new(&harness, &pair, "cut");
    assert_int_equal(append_run(&harness, append), PL_OUTCOME_UNKNOWN);
    proxy_release(proxy);
    harness_wait_heard(&harness, HEARD_ADVANCED, pair.chat_id, 1);
    struct pl_append *again = append_again(&harness, append);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_true(again->resend);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    assert_log_sound(&database);
}

/* Commits that wait for a standby are told to wait no longer: they end with a WARNING. Whether there was one. */
static bool cancel_waits(void)
{
    return database_number(&database, "select count(pg_cancel_backend(pid)) from pg_stat_activity"
                                      " where datname = current_database() and wait_event = 'SyncRep'") > 0;
}

/* Tried with a commit that leaves no rows. */
static bool commits_wait(void)
{
    bool waited = false;
    PGconn *connection = PQconnectdb(database.conninfo);
    assert_int_equal(PQsendQuery(connection, "select pg_logical_emit_message(true, '', '')"), 1);
    while (PQconsumeInput(connection) == 1 && PQisBusy(connection))
        waited = cancel_waits() || waited;
    PQfinish(connection);
    return waited;
}

/*
 * Commits wait for a standby that there is not; what the test itself sends writes nothing. It is the checkpointer that
 * makes them wait, when it has heard of the new configuration, which may be long after it was told to load it.
 */
static void demand_standby(void)
{
    database_execute(&database, "alter system set synchronous_standby_names = 'missing'");
    database_execute(&database, "select pg_reload_conf()");
    wait_until(commits_wait);
}

static void forget_standby(void)
{
    database_execute(&database, "alter system reset synchronous_standby_names");
    database_execute(&database, "select pg_reload_conf()");
}

/* Also after a test that failed, for the next one has the same server. */
static int tear_down_standby(void **state)
{
    forget_standby();
    return tear_down(state);
}

static bool is_answered_when_no_commit_waits(void)
{
    cancel_waits();
    return harness.done > 0;
}

static void commit_that_no_standby_has_is_unknown(void **state)
{
    (void)state;
    open_with_chat();
    demand_standby();
    struct pl_append *append = append_new(&harness, &pair, "here only");
    append_submit(&harness, append);
    wait_until(is_answered_when_no_commit_waits);
    forget_standby();
    assert_int_equal(append->status, PL_OUTCOME_UNKNOWN);
    struct pl_append *again = append_again(&harness, append);
    assert_int_equal(append_run(&harness, again), PL_OK);
    assert_true(again->resend);
    assert_int_equal(again->message.seq, 1);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    assert_log_sound(&database);
}

static bool is_tried_again(void)
{
    return pl_metrics_get(&harness.metrics, PL_METRIC_append_retries_total) > 0;
}

static void commit_that_a_standby_gets_after_all_is_stored_once(void **state)
{
    (void)state;
    open_with_chat();
    demand_standby();
    struct pl_append *append = append_new(&harness, &pair, "text");
    append_submit(&harness, append);
    wait_until(cancel_waits);
    wait_until(is_tried_again);
    assert_not_settled(append);
    forget_standby();
    harness_wait(&harness, 1);
    insist(&append, 1);
    assert_int_equal(append->message.seq, 1);
    harness_wait_heard(&harness, HEARD_ADVANCED, pair.chat_id, 1);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
    assert_log_sound(&database);
}

static void on_query_done(struct pl_query *query, void *context)
{
    (void)query;
    ((struct harness *)context)->done++;
}

static void query_that_no_standby_has_is_unknown(void **state)
{
    (void)state;
    harness_open(&harness);
    demand_standby();
    struct pl_query *query = pl_query_new(&harness.arena, &harness.home, on_query_done, &harness);
    add_app_insert(query, "an app");
    pl_db_query(harness.db, query);
    wait_until(is_answered_when_no_commit_waits);
    forget_standby();
    assert_int_equal(query->status, PL_OUTCOME_UNKNOWN);
    assert_int_equal(database_number(&database, "select count(*) from apps"), 1);
}

static void terminated_sessions_lose_nothing(void **state)
{
    (void)state;
    enum { MESSAGES = 3000 };
    static struct pl_append *appends[MESSAGES];
    int64_t last_seq = 0;
    open_with_chat();
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    for (unsigned part = 1; part < 4; part++) {
        harness_wait(&harness, MESSAGES / 4 * part);
        database_execute(&database, "select pg_terminate_backend(pid) from pg_stat_activity"
                                    " where application_name = 'parleyd' and datname = current_database()");
    }
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (appends[i]->status != PL_OK)
            continue;
        assert_true(appends[i]->message.seq > last_seq);
        last_seq = appends[i]->message.seq;
    }
    insist(appends, MESSAGES);
    assert_int_equal(database_number(&database, "select count(*) from messages"), MESSAGES);
    assert_log_sound(&database);
}

static void killed_server_opens_the_circuit_and_comes_back(void **state)
{
    (void)state;
    enum { MESSAGES = 4000 };
    static struct pl_append *appends[MESSAGES];
    open_with_chat();
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES / 4);
    database_server_kill();
    wait_until(is_away);
    wait_until(circuit_is_counted_open);
    harness_wait(&harness, MESSAGES);
    struct pl_append *refused = append_new(&harness, &pair, "refused");
    while (append_run(&harness, refused) != PL_DATABASE_UNAVAILABLE)
        refused = append_new(&harness, &pair, "refused");
    database_server_restart();
    wait_until(is_ready);
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (appends[i]->status == PL_OK)
            assert_int_equal(database_number(&database,
                                             "select count(*) from messages where message_id = '%s'"
                                             " and seq = %lld",
                                             uuid_text(&appends[i]->message.message_id.uuid),
                                             (long long)appends[i]->message.seq),
                             1);
        if (i % 40 == 0)
            i += 39;
    }
    insist(appends, MESSAGES);
    assert_int_equal(database_number(&database, "select count(*) from messages where content = 'text'"), MESSAGES);
    assert_log_sound(&database);
    wait_until(circuit_is_counted_closed);
}

/* The first count sessions of the harness, in the order of their pids. */
static unsigned find_sessions(pid_t *pids, unsigned count)
{
    unsigned found = 0;
    while (found < count) {
        pids[found] = (pid_t)database_number(&database,
                                             "select coalesce((select pid from pg_stat_activity where application_name"
                                             " = 'parleyd' and datname = current_database() order by pid offset %u"
                                             " limit 1), 0)",
                                             found);
        if (pids[found] == 0)
            break;
        found++;
    }
    return found;
}

static void sessions_that_hang_are_left(void **state)
{
    (void)state;
    pid_t pids[16];
    harness.config.statement_timeout_ms = 200;
    open_with_chat();
    unsigned count = find_sessions(pids, 16);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(kill(pids[i], SIGSTOP), 0);
    struct pl_append *append = append_new(&harness, &pair, "text");
    append_run(&harness, append);
    insist(&append, 1);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(kill(pids[i], SIGCONT), 0);
    assert_log_sound(&database);
}

static void on_mark_done(struct pl_mark *mark)
{
    (void)mark;
    harness.done++;
}

static void marks_survive_terminated_sessions(void **state)
{
    (void)state;
    enum { ROUNDS = 30 };
    open_with_chat();
    for (int i = 1; i <= ROUNDS; i++) {
        struct pl_mark mark = {
            .home = &harness.home, .done = on_mark_done, .chat_id = pair.chat_id, .user_id = pair.low, .read_seq = i};
        unsigned done = harness.done;
        if (i % 5 == 0)
            database_execute(&database, "select pg_terminate_backend(pid) from pg_stat_activity"
                                        " where application_name = 'parleyd' and datname = current_database()");
        pl_db_mark(harness.db, &mark);
        harness_wait(&harness, done + 1);
        assert_true(mark.status == PL_OK || mark.status == PL_DATABASE_UNAVAILABLE ||
                    mark.status == PL_OUTCOME_UNKNOWN);
    }
    harness_close(&harness);
    assert_int_equal(database_number(&database, "select read_seq from watermarks"), ROUNDS);
}

static void assert_told_of_cut_flush(enum proxy_cut how)
{
    open_with_chat();
    struct pl_mark *mark = calloc(1, sizeof(*mark));
    assert_non_null(mark);
    *mark = (struct pl_mark){.chat_id = pair.chat_id, .user_id = pair.low, .read_seq = 1, .members = 2};
    proxy_arm(proxy, how);
    pl_db_mark(harness.db, mark);
    harness_wait_heard(&harness, HEARD_MARKED, pair.chat_id, 1);
    assert_int_equal(database_number(&database, "select count(*) from receipt_moves"), 1);
}

/* The second attempt finds that nothing moves; the others are told all the same. */
static void lost_reply_of_a_flush_is_told(void **state)
{
    (void)state;
    assert_told_of_cut_flush(PROXY_CUT_REPLY);
}

static void lost_commit_of_a_flush_is_run_again(void **state)
{
    (void)state;
    assert_told_of_cut_flush(PROXY_CUT_COMMIT);
}

static void queue_past_its_bound_is_refused(void **state)
{
    (void)state;
    enum { MESSAGES = 300 };
    struct pl_append *appends[MESSAGES];
    harness.config.append_queue_max = 200;
    harness.config.lock_timeout_ms = 60000;
    harness.config.statement_timeout_ms = 60000;
    open_with_chat();
    struct database_holder *holder = database_hold(&database, "select 1 from chats for update");
    for (unsigned i = 0; i < MESSAGES; i++)
        appends[i] = append_new(&harness, &pair, "text");
    for (unsigned i = 0; i < MESSAGES; i++)
        append_submit(&harness, appends[i]);
    harness_wait(&harness, MESSAGES - 200);
    database_let_go(holder);
    harness_wait(&harness, MESSAGES);
    for (unsigned i = 0; i < MESSAGES; i++)
        assert_int_equal(appends[i]->status, i < 200 ? PL_OK : PL_OVERLOADED);
    assert_int_equal(append_run(&harness, append_new(&harness, &pair, "text")), PL_OK);
}

static void chat_that_stays_locked_is_unavailable(void **state)
{
    (void)state;
    harness.config.lock_timeout_ms = 100;
    open_with_chat();
    struct database_holder *holder = database_hold(&database, "select 1 from chats for update");
    struct pl_append *append = append_new(&harness, &pair, "text");
    assert_int_equal(append_run(&harness, append), PL_DATABASE_UNAVAILABLE);
    database_let_go(holder);
    assert_int_equal(append_run(&harness, append_again(&harness, append)), PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from messages"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lost_reply_of_a_commit_converges, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(lost_commit_is_run_again, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(transaction_that_outlives_its_client_is_waited_for, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(transaction_that_stays_unknown_is_said_to_be, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(commit_that_no_standby_has_is_unknown, set_up, tear_down_standby),
        cmocka_unit_test_setup_teardown(commit_that_a_standby_gets_after_all_is_stored_once, set_up, tear_down_standby),
        cmocka_unit_test_setup_teardown(query_that_no_standby_has_is_unknown, set_up, tear_down_standby),
        cmocka_unit_test_setup_teardown(terminated_sessions_lose_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_server_opens_the_circuit_and_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sessions_that_hang_are_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_survive_terminated_sessions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_reply_of_a_flush_is_told, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(lost_commit_of_a_flush_is_run_again, set_up_proxy, tear_down),
        cmocka_unit_test_setup_teardown(queue_past_its_bound_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(chat_that_stays_locked_is_unavailable, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
