/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Queries: pipelined, each a transaction of its own, refused in time. */
#include <stdio.h>

#include "base/clock.h"
#include "integration/db/harness.h"

static struct database database;
static struct harness harness;

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

static void on_done(struct pl_query *query, void *context)
{
    (void)query;
    ((struct harness *)context)->done++;
}

static void on_pair_done(struct pl_query *query, void *context)
{
    (void)context;
    on_done(query, &harness);
}

static struct pl_query *query_new(void)
{
    return pl_query_new(&harness.arena, &harness.home, on_done, &harness);
}

static enum pl_status run(struct pl_query *query)
{
    unsigned done = harness.done;
    pl_db_query(harness.db, query);
    harness_wait(&harness, done + 1);
    return query->status;
}

static struct pl_query *member_query(const struct pair *pair, struct pl_user_id user_id)
{
    struct pl_query *query = query_new();
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_MEMBER_GET);
    pl_params_uuid(params, &pair->chat_id.uuid);
    pl_params_uuid(params, &user_id.uuid);
    return query;
}

static struct pl_query *username_query(const struct pair *pair, const char *username)
{
    struct pl_query *query = query_new();
    add_app_insert(query, "an app");
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERNAME_INSERT);
    pl_params_uuid(params, &pair->app_id.uuid);
    pl_params_text(params, username);
    pl_params_uuid(params, &pair->low.uuid);
    return query;
}

static void many_queries_answer_their_own_rows(void **state)
{
    (void)state;
    enum { QUERIES = 400 };
    struct pl_query *queries[QUERIES];
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    for (unsigned i = 0; i < QUERIES; i++)
        queries[i] = member_query(&pair, i % 2 == 0 ? pair.low : (struct pl_user_id){pl_uuid_v7()});
    for (unsigned i = 0; i < QUERIES; i++)
        pl_db_query(harness.db, queries[i]);
    harness_wait(&harness, QUERIES);
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_int_equal(queries[i]->status, PL_OK);
        assert_int_equal(pl_rows_count(&queries[i]->steps[0].rows), i % 2 == 0);
    }
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_queries_total), QUERIES);
    assert_int_equal(pl_metrics_get(&harness.metrics, PL_METRIC_query_queue), 0);
}

static void steps_are_one_transaction_and_name_the_constraint(void **state)
{
    (void)state;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    assert_int_equal(run(username_query(&pair, "alice")), PL_OK);
    struct pl_query *again = username_query(&pair, "alice");
    assert_int_equal(run(again), PL_ALREADY_EXISTS);
    assert_string_equal(again->constraint, "usernames_pkey");
    assert_int_equal(pl_rows_count(&again->steps[0].rows), 0);
    assert_int_equal(database_number(&database, "select count(*) from apps"), 1);
}

static void failed_query_leaves_its_neighbours_alone(void **state)
{
    (void)state;
    enum { QUERIES = 100 };
    struct pl_query *queries[QUERIES];
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    for (unsigned i = 0; i < QUERIES; i++)
        queries[i] = i % 2 == 0 ? member_query(&pair, pair.low) : username_query(&pair, "alice");
    for (unsigned i = 0; i < QUERIES; i++)
        pl_db_query(harness.db, queries[i]);
    harness_wait(&harness, QUERIES);
    unsigned taken = 0;
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_true(queries[i]->status == PL_OK || (i % 2 == 1 && queries[i]->status == PL_ALREADY_EXISTS));
        taken += i % 2 == 1 && queries[i]->status == PL_OK;
    }
    assert_int_equal(taken, 1);
}

static unsigned composed;

/* What the transaction has written so far counts the apps, and a further app is written in it. */
static void compose_app(struct pl_query *query, void *context)
{
    (void)context;
    composed++;
    assert_int_equal(pl_rows_count(&query->steps[0].rows), 1);
    add_app_insert(query, "composed");
}

static struct pl_query *composed_query(const struct pair *pair, const char *username)
{
    struct pl_query *query = username_query(pair, username);
    query->compose = compose_app;
    return query;
}

static void composed_steps_are_in_the_same_transaction(void **state)
{
    (void)state;
    composed = 0;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    struct pl_query *query = composed_query(&pair, "alice");
    assert_int_equal(run(query), PL_OK);
    assert_int_equal(query->count, 3);
    assert_int_equal(pl_rows_count(&query->steps[2].rows), 1);
    assert_int_equal(composed, 1);
    assert_int_equal(
        database_number(&database, "select count(distinct xmin::text) from apps where name in ('an app', 'composed')"),
        1);
}

static void failed_step_is_not_composed(void **state)
{
    (void)state;
    composed = 0;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    assert_int_equal(run(username_query(&pair, "alice")), PL_OK);
    assert_int_equal(run(composed_query(&pair, "alice")), PL_ALREADY_EXISTS);
    assert_int_equal(composed, 0);
    assert_int_equal(run(member_query(&pair, pair.low)), PL_OK);
}

static void compose_name_twice(struct pl_query *query, void *context)
{
    const struct pair *pair = context;
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERNAME_INSERT);
    pl_params_uuid(params, &pair->app_id.uuid);
    pl_params_text(params, "alice");
    pl_params_uuid(params, &pair->low.uuid);
}

static void failed_composed_step_undoes_the_rest(void **state)
{
    (void)state;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    struct pl_query *query = pl_query_new(&harness.arena, &harness.home, on_pair_done, &pair);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERNAME_INSERT);
    pl_params_uuid(params, &pair.app_id.uuid);
    pl_params_text(params, "alice");
    pl_params_uuid(params, &pair.low.uuid);
    query->compose = compose_name_twice;
    assert_int_equal(run(query), PL_ALREADY_EXISTS);
    assert_int_equal(database_number(&database, "select count(*) from usernames"), 0);
}

/* Of a table, until the test lets it go. */
static struct database_holder *lock_for_long(const char *sql)
{
    harness.config.lock_timeout_ms = 60000;
    harness.config.statement_timeout_ms = 60000;
    harness_open(&harness);
    return database_hold(&database, sql);
}

static void connection_lost_before_composing_did_nothing(void **state)
{
    (void)state;
    composed = 0;
    harness.config.readers = 1;
    struct database_holder *holder = lock_for_long("lock table usernames");
    struct pair pair = pair_create(&database, true);
    struct pl_query *query = composed_query(&pair, "alice");
    struct pl_query *behind = member_query(&pair, pair.low);
    pl_db_query(harness.db, query);
    pl_db_query(harness.db, behind);
    while (database_number(&database, "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                                      " where datname = current_database() and wait_event_type = 'Lock'") == 0)
        continue;
    harness_wait(&harness, 2);
    database_let_go(holder);
    assert_int_equal(query->status, PL_DATABASE_UNAVAILABLE);
    assert_int_equal(composed, 0);
    assert_int_equal(database_number(&database, "select count(*) from apps"), 0);
    assert_true(behind->status == PL_DATABASE_UNAVAILABLE || behind->status == PL_OK);
}

static void queries_around_a_composed_one_answer_their_own_rows(void **state)
{
    (void)state;
    enum { QUERIES = 300 };
    struct pl_query *queries[QUERIES];
    char username[16];
    composed = 0;
    harness.config.readers = 1;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    for (unsigned i = 0; i < QUERIES; i++) {
        snprintf(username, sizeof(username), "user%u", i / 6); /* each name twice: half of them fail */
        queries[i] = i % 3 == 0 ? composed_query(&pair, username) : member_query(&pair, pair.low);
    }
    for (unsigned i = 0; i < QUERIES; i++)
        pl_db_query(harness.db, queries[i]);
    harness_wait(&harness, QUERIES);
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_int_equal(queries[i]->status, i % 6 == 3 ? PL_ALREADY_EXISTS : PL_OK);
        assert_int_equal(pl_rows_count(&queries[i]->steps[0].rows), i % 6 != 3);
    }
    assert_int_equal(composed, QUERIES / 6);
    assert_int_equal(database_number(&database, "select count(*) from apps where name = 'composed'"), QUERIES / 6);
}

static int64_t count_waiting(void)
{
    return database_number(&database, "select count(*) from pg_stat_activity where datname = current_database()"
                                      " and wait_event_type = 'Lock'");
}

static void await_waiting(int count)
{
    while (count_waiting() < count)
        continue;
}

/* More of them than there are readers, and each waits for a lock. */
static void composed_queries_that_wait_hold_up_no_others(void **state)
{
    (void)state;
    enum { COMPOSED = 3, QUERIES = 100 };
    struct pl_query *creates[COMPOSED];
    char username[16];
    struct pair pair = {{pl_uuid_v7()}, {pl_uuid_v7()}, {pl_uuid_v7()}, {pl_uuid_v7()}};
    struct database_holder *holder = lock_for_long("lock table usernames");
    for (unsigned i = 0; i < COMPOSED; i++) {
        snprintf(username, sizeof(username), "user%u", i);
        creates[i] = composed_query(&pair, username);
        pl_db_query(harness.db, creates[i]);
        for (unsigned k = 0; k < QUERIES; k++)
            pl_db_query(harness.db, member_query(&pair, pair.low));
    }
    harness_wait(&harness, COMPOSED * QUERIES);
    await_waiting(1);
    database_let_go(holder);
    harness_wait(&harness, COMPOSED * QUERIES + COMPOSED);
    for (unsigned i = 0; i < COMPOSED; i++)
        assert_int_equal(creates[i]->status, PL_OK);
}

static void compose_username(struct pl_query *query, void *context)
{
    struct pair *pair = context;
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERNAME_INSERT);
    pl_params_uuid(params, &pair->app_id.uuid);
    pl_params_text(params, "alice");
    pl_params_uuid(params, &pair->low.uuid);
}

static void composed_step_that_waits_holds_up_no_others(void **state)
{
    (void)state;
    enum { QUERIES = 100 };
    struct pair pair = {{pl_uuid_v7()}, {pl_uuid_v7()}, {pl_uuid_v7()}, {pl_uuid_v7()}};
    struct database_holder *holder = lock_for_long("lock table usernames");
    struct pl_query *query = pl_query_new(&harness.arena, &harness.home, on_pair_done, &pair);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_APP_GET), &pair.app_id.uuid);
    query->compose = compose_username;
    pl_db_query(harness.db, query);
    await_waiting(1);
    for (unsigned i = 0; i < QUERIES; i++)
        pl_db_query(harness.db, member_query(&pair, pair.low));
    harness_wait(&harness, QUERIES);
    await_waiting(1);
    database_let_go(holder);
    harness_wait(&harness, QUERIES + 1);
    assert_int_equal(query->status, PL_OK);
}

static void failure_names_its_step(void **state)
{
    (void)state;
    harness.config.lock_timeout_ms = 50;
    harness_open(&harness);
    struct pair pair = pair_create(&database, false);
    struct database_holder *holder = database_hold(&database, "lock table usernames");
    struct pl_query *query = composed_query(&pair, "alice");
    assert_int_equal(run(query), PL_DATABASE_UNAVAILABLE);
    assert_true(query->lock_timeout);
    assert_int_equal(query->steps[query->failed_step].statement, PL_STATEMENT_USERNAME_INSERT);
    database_let_go(holder);
}

static void deadline_that_passed_is_not_begun(void **state)
{
    (void)state;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    struct pl_query *query = username_query(&pair, "alice");
    query->deadline_us = pl_clock_now_us() - 1;
    assert_int_equal(run(query), PL_DEADLINE_EXCEEDED);
    assert_int_equal(database_number(&database, "select count(*) from apps"), 0);
}

/* A table lock of the test holds up every connection; what does not fit is refused, the rest runs when it is gone. */
static void queue_past_its_bound_is_refused(void **state)
{
    (void)state;
    enum { QUERIES = 2 * 16 + 8 + 10 };
    struct pl_query *queries[QUERIES];
    unsigned refused = 0;
    harness.config.query_queue_max = 8;
    harness.config.lock_timeout_ms = 60000;
    harness.config.statement_timeout_ms = 60000;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    struct database_holder *holder = database_hold(&database, "lock table participants");
    for (unsigned i = 0; i < QUERIES; i++)
        queries[i] = member_query(&pair, pair.low);
    for (unsigned i = 0; i < QUERIES; i++)
        pl_db_query(harness.db, queries[i]);
    harness_wait(&harness, 10);
    database_let_go(holder);
    harness_wait(&harness, QUERIES);
    for (unsigned i = 0; i < QUERIES; i++) {
        assert_true(queries[i]->status == PL_OK || queries[i]->status == PL_OVERLOADED);
        refused += queries[i]->status == PL_OVERLOADED;
    }
    assert_in_range(refused, 10, QUERIES - 8);
}

static void lock_that_does_not_come_is_unavailable(void **state)
{
    (void)state;
    harness.config.lock_timeout_ms = 50;
    harness_open(&harness);
    struct pair pair = pair_create(&database, true);
    struct database_holder *holder = database_hold(&database, "lock table participants");
    struct pl_query *query = member_query(&pair, pair.low);
    assert_int_equal(run(query), PL_DATABASE_UNAVAILABLE);
    assert_true(query->lock_timeout);
    database_let_go(holder);
    assert_int_equal(run(member_query(&pair, pair.low)), PL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_queries_answer_their_own_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(steps_are_one_transaction_and_name_the_constraint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_query_leaves_its_neighbours_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composed_steps_are_in_the_same_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_step_is_not_composed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failed_composed_step_undoes_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connection_lost_before_composing_did_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queries_around_a_composed_one_answer_their_own_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composed_queries_that_wait_hold_up_no_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(composed_step_that_waits_holds_up_no_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failure_names_its_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deadline_that_passed_is_not_begun, set_up, tear_down),
        cmocka_unit_test_setup_teardown(queue_past_its_bound_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lock_that_does_not_come_is_unavailable, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
