/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Migrations: applied once, in order, and never against a database of another shape. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "db/migrate.h"
#include "integration/db/harness.h"

static struct database database;
static struct harness harness;
static char error[512];

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    error[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

static enum pl_status try_open(void)
{
    struct pl_db_listener listener = {0};
    struct pl_db *db = NULL;
    enum pl_status status = pl_db_open(&harness.config, &harness.metrics, &listener, &db, error, sizeof(error));
    if (status == PL_OK)
        pl_db_close(db);
    return status;
}

static void migrating_twice_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(pl_db_migrate(&harness.config, error, sizeof(error)), PL_OK);
    database_execute(&database, "create table seen as select * from schema_migrations");
    assert_int_equal(pl_db_migrate(&harness.config, error, sizeof(error)), PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from schema_migrations full join seen using (version,"
                                                " name, checksum, applied_at) where seen is null or"
                                                " schema_migrations is null"),
                     0);
}

static void *migrate(void *ret_status)
{
    char own_error[256];
    *(enum pl_status *)ret_status = pl_db_migrate(&harness.config, own_error, sizeof(own_error));
    return NULL;
}

static void migrating_at_once_applies_once(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    enum pl_status statuses[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate, &statuses[i]), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(statuses[i], PL_OK);
    assert_int_equal(database_number(&database, "select count(*) from installation"), 1);
}

static void empty_database_is_refused_unless_told_to_migrate(void **state)
{
    (void)state;
    harness.config.migrate = 0;
    assert_int_equal(try_open(), PL_FAILED_PRECONDITION);
    assert_non_null(strstr(error, "parleyd migrate"));
    harness.config.migrate = 1;
    assert_int_equal(try_open(), PL_OK);
    harness.config.migrate = 0;
    assert_int_equal(try_open(), PL_OK);
}

static void newer_database_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_open(), PL_OK);
    database_execute(&database, "insert into schema_migrations (version, name, checksum) values (9999, 'later', '')");
    assert_int_equal(try_open(), PL_FAILED_PRECONDITION);
    assert_non_null(strstr(error, "9999"));
}

static void changed_migration_is_refused(void **state)
{
    (void)state;
    assert_int_equal(try_open(), PL_OK);
    database_execute(&database, "update schema_migrations set checksum = 'other'");
    assert_int_equal(try_open(), PL_FAILED_PRECONDITION);
    assert_non_null(strstr(error, "changed"));
}

static enum pl_status migrate_to(const struct pl_migration *migrations)
{
    struct pl_conn conn;
    assert_int_equal(pl_conn_open(&conn, &harness.config, PL_CONN_PLAIN, INT64_MAX), PL_OK);
    enum pl_status status = pl_migrate(&conn, migrations, &harness.config, error, sizeof(error));
    pl_conn_close(&conn);
    return status;
}

static void missing_migrations_are_applied_in_order(void **state)
{
    (void)state;
    const struct pl_migration migrations[] = {
        {1, "first", "create table first (x int)"},
        {2, "second", "alter table first add column y int"},
        {3, "third", "insert into first (y) values (3)"},
        {.sql = NULL},
    };
    const struct pl_migration only_first[] = {migrations[0], {.sql = NULL}};
    assert_int_equal(migrate_to(only_first), PL_OK);
    harness.config.migrate = 0;
    assert_int_equal(migrate_to(migrations), PL_FAILED_PRECONDITION);
    assert_string_equal(error, "the database lacks migration 2 (second); run parleyd migrate");
    harness.config.migrate = 1;
    assert_int_equal(migrate_to(migrations), PL_OK);
    assert_int_equal(database_number(&database, "select y from first"), 3);
    assert_int_equal(database_number(&database, "select count(*) from schema_migrations"), 3);
}

static void migration_does_not_wait_long_for_a_table_and_says_for_whom(void **state)
{
    (void)state;
    const struct pl_migration migrations[] = {
        {1, "first", "create table first (x int)"},
        {2, "second", "alter table first add column y int"},
        {.sql = NULL},
    };
    const struct pl_migration only_first[] = {migrations[0], {.sql = NULL}};
    char holders[128];
    assert_int_equal(migrate_to(only_first), PL_OK);
    struct database_holder *holder = database_hold(&database, "set application_name = reports; select from first");
    snprintf(holders, sizeof(holders), "backends with a transaction that old: %d reports",
             (int)database_number(&database, "select pid from pg_stat_activity where application_name = 'reports'"));
    harness.config.lock_timeout_ms = 50;
    assert_int_equal(migrate_to(migrations), PL_DATABASE_UNAVAILABLE);
    assert_non_null(strstr(error, "migration 2 (second) waited 50 ms"));
    assert_non_null(strstr(error, holders));
    database_let_go(holder);
    assert_int_equal(migrate_to(migrations), PL_OK);
}

static void who_migrates_is_waited_for_but_not_for_ever(void **state)
{
    (void)state;
    struct database_holder *holder = database_hold(&database, "select pg_advisory_xact_lock(7017283404182011)");
    harness.config.lock_timeout_ms = 10;
    assert_int_equal(try_open(), PL_DATABASE_UNAVAILABLE);
    assert_string_equal(error, "another parleyd migrates this database and has not ended in 300 ms");
    database_let_go(holder);
    assert_int_equal(try_open(), PL_OK);
}

static void failing_migration_leaves_nothing_behind(void **state)
{
    (void)state;
    const struct pl_migration migrations[] = {
        {1, "good", "create table good (x int)"},
        {2, "bad", "create table half (x int); select 1 / 0"},
        {.sql = NULL},
    };
    assert_int_equal(migrate_to(migrations), PL_FAILED_PRECONDITION);
    assert_non_null(strstr(error, "division by zero"));
    assert_int_equal(database_number(&database, "select count(*) from pg_class where relname in ('good', 'half')"), 1);
    assert_int_equal(database_number(&database, "select max(version) from schema_migrations"), 1);
}

static void database_that_is_away_is_a_sentence(void **state)
{
    (void)state;
    harness.config.database = "host=/nowhere user=parley dbname=parley";
    struct pl_conn conn;
    assert_int_equal(pl_conn_open(&conn, &harness.config, PL_CONN_PLAIN, INT64_MAX), PL_DATABASE_UNAVAILABLE);
    assert_non_null(strstr(conn.error, "/nowhere"));
}

static void conninfo_that_cannot_be_read_is_not_repeated(void **state)
{
    static const char *const conninfos[] = {"postgres://parley:s3cret@[::1/parley", "host=/nowhere s3cret"};
    (void)state;
    for (unsigned i = 0; i < sizeof(conninfos) / sizeof(conninfos[0]); i++) {
        harness.config.database = conninfos[i];
        assert_int_equal(try_open(), PL_FAILED_PRECONDITION);
        assert_null(strstr(error, "s3cret"));
        assert_int_equal(pl_db_migrate(&harness.config, error, sizeof(error)), PL_FAILED_PRECONDITION);
        assert_null(strstr(error, "s3cret"));
    }
}

static void epoch_and_key_are_the_installations(void **state)
{
    (void)state;
    harness_open(&harness);
    struct pl_uuid epoch = pl_db_epoch(harness.db);
    char key[65];
    for (unsigned i = 0; i < 32; i++)
        snprintf(key + (size_t)2 * i, 3, "%02x", pl_db_page_token_key(harness.db)[i]);
    assert_int_equal(database_number(&database,
                                     "select count(*) from installation where epoch = '%s'"
                                     " and encode(page_token_key, 'hex') = '%s'",
                                     uuid_text(&epoch), key),
                     1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(migrating_twice_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(migrating_at_once_applies_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_database_is_refused_unless_told_to_migrate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(newer_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(changed_migration_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_migrations_are_applied_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(migration_does_not_wait_long_for_a_table_and_says_for_whom, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_migrates_is_waited_for_but_not_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failing_migration_leaves_nothing_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(database_that_is_away_is_a_sentence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(conninfo_that_cannot_be_read_is_not_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(epoch_and_key_are_the_installations, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
