/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The statement that turns times into places of a chat's log: what it finds, and how little it reads for it. */
#include <libpq-fe.h>
#include <stdlib.h>

#include "db/statements.h"
#include "integration/db/harness.h"

#define CHAT "c0000000-0000-7000-8000-000000000001"
#define USER "a0000000-0000-7000-8000-000000000001"
#define ENTRIES 50000
/* Two bounds, log2(ENTRIES) steps each, and a few more for what is not there. */
#define READS_MAX 48

enum { COLUMN_SINCE = 2, COLUMN_UNTIL = 3 };

static struct database database;
static PGconn *connection;

static PGresult *run_sql(const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    return result;
}

static int set_up(void **state)
{
    (void)state;
    struct harness harness;
    char error[256];
    database_create(&database);
    harness_init(&harness, &database);
    assert_int_equal(pl_db_migrate(&harness.config, error, sizeof(error)), PL_OK);
    harness_fini(&harness);
    connection = PQconnectdb(database.conninfo);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PQclear(run_sql("set enable_seqscan = off; set timezone = 'UTC'"));
    const struct pl_statement_text *text = &pl_statement_texts[PL_STATEMENT_MESSAGES_BOUNDS];
    PQclear(PQprepare(connection, "bounds", text->sql, 0, NULL));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    PQfinish(connection);
    database_drop(&database);
    return 0;
}

/* Entries first to last, three in each second from 2026 on. */
static void fill(int first, int last)
{
    database_execute(&database,
                     "insert into chats (chat_id, app_id, chat_type, first_seq, last_seq)"
                     " values ('" CHAT "', '" CHAT "', 2, %d, %d)",
                     first, last);
    database_execute(&database,
                     "insert into messages (chat_id, seq, message_id, sender_id, message_type, body_kind, created_at)"
                     " select '" CHAT "', s, gen_random_uuid(), '" USER "', 1, 0,"
                     " timestamptz '2026-01-01T00:00:00Z' + (s / 3) * interval '1 second'"
                     " from generate_series(%d, %d) s; analyze",
                     first, last);
}

static PGresult *bounds(const char *since, const char *until)
{
    const char *const values[] = {CHAT, USER, NULL, NULL, since, until};
    PGresult *result = PQexecPrepared(connection, "bounds", 6, values, NULL, NULL, 0);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_int_equal(PQntuples(result), 1);
    return result;
}

static void assert_found(const char *time, const char *seq)
{
    PGresult *result = bounds(time, time);
    assert_string_equal(PQgetvalue(result, 0, COLUMN_SINCE), seq);
    assert_string_equal(PQgetvalue(result, 0, COLUMN_UNTIL), seq);
    PQclear(result);
}

static void first_entry_since_a_time_is_found(void **state)
{
    (void)state;
    fill(1, 1000);
    assert_found("2025-12-31T00:00:00Z", "1");
    assert_found("2026-01-01T00:00:00Z", "1");
    assert_found("2026-01-01T00:00:00.000001Z", "3");
    assert_found("2026-01-01T00:00:01Z", "3");
    assert_found("2026-01-01T00:01:40Z", "300");
    assert_found("2026-01-01T00:01:39.999999Z", "300");
    assert_found("2026-01-01T00:05:33Z", "999");
    assert_found("2026-01-01T00:05:33.000001Z", "1001");
    assert_found("9999-12-31T23:59:59Z", "1001");
}

static void entries_that_are_gone_do_not_matter(void **state)
{
    (void)state;
    fill(101, 1000);
    database_execute(&database, "delete from messages where seq between 300 and 600 or seq between 990 and 1000");
    assert_found("2025-12-31T00:00:00Z", "101");
    /* Any place from the gap's first to the entry behind it is as good as another. */
    PGresult *result = bounds("2026-01-01T00:02:00Z", NULL);
    assert_in_range(atoi(PQgetvalue(result, 0, COLUMN_SINCE)), 300, 601);
    PQclear(result);
    assert_found("2026-01-01T00:03:24Z", "612");
    result = bounds("2026-01-01T00:05:40Z", NULL);
    assert_in_range(atoi(PQgetvalue(result, 0, COLUMN_SINCE)), 990, 1001);
    PQclear(result);
}

static void empty_chat_has_no_entry_since(void **state)
{
    (void)state;
    fill(1, 0);
    assert_found("2026-01-01T00:00:00Z", "1");
}

static void no_time_is_no_place(void **state)
{
    (void)state;
    fill(1, 10);
    PGresult *result = bounds(NULL, NULL);
    assert_true(PQgetisnull(result, 0, COLUMN_SINCE));
    assert_true(PQgetisnull(result, 0, COLUMN_UNTIL));
    PQclear(result);
}

/* Rows that scans of messages fetched in this transaction. */
static long rows_read(void)
{
    PGresult *result = run_sql("select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::bigint"
                               " from pg_stat_xact_user_tables where relname like 'messages%'");
    long rows = atol(PQgetvalue(result, 0, 0));
    PQclear(result);
    return rows;
}

static void few_entries_are_read_of_a_long_chat(void **state)
{
    (void)state;
    fill(1, ENTRIES);
    PQclear(run_sql("begin"));
    assert_found("2026-01-01T01:00:00Z", "10800");
    long rows = rows_read();
    assert_in_range(rows, 2, READS_MAX);
    PQclear(run_sql("commit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_entry_since_a_time_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_that_are_gone_do_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_chat_has_no_entry_since, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_time_is_no_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_entries_are_read_of_a_long_chat, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
