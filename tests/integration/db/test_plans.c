/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How PostgreSQL runs every statement when its plan is cached, with the server's settings: through an
 * index on the tables that grow, on an empty database (whose plans stay in the caches of a server
 * that grows up with it) and on a loaded one.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/statements.h"
#include "integration/db/harness.h"

static struct database database;
static struct harness harness;

/* Tables that no statement may read from end to end; of partitioned ones, their partitions too. */
static const char *const tables[] = {
    "messages",         "participants", "chats", "user_chats", "device_cursors", "blocks",  "hidden_messages",
    "chat_controls",    "watermarks",   "users", "usernames",  "phone_numbers",  "devices", "api_keys",
    "idempotency_keys", "receipt_moves"};

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    char error[256];
    assert_int_equal(pl_db_migrate(&harness.config, error, sizeof(error)), PL_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    harness_fini(&harness);
    database_drop(&database);
    return 0;
}

static PGresult *run_sql(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    return result;
}

static PGconn *connect_as_server(void)
{
    PGconn *connection = PQconnectdb(database.conninfo);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PQclear(run_sql(connection, "set plan_cache_mode = force_generic_plan"));
    PQclear(run_sql(connection, "set enable_seqscan = off"));
    return connection;
}

static bool is_seq_scan_of(const char *line, const char *table)
{
    char wanted[64];
    const char *found = strstr(line, "Seq Scan on ");
    if (found == NULL)
        return false;
    found += strlen("Seq Scan on ");
    snprintf(wanted, sizeof(wanted), "%s", table);
    size_t bytes = strlen(wanted);
    return strncmp(found, wanted, bytes) == 0 && (found[bytes] == ' ' || found[bytes] == '_');
}

static unsigned count_seq_scans(const PGresult *plan, const char *name)
{
    unsigned count = 0;
    for (int row = 0; row < PQntuples(plan); row++) {
        for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
            if (!is_seq_scan_of(PQgetvalue(plan, row, 0), tables[i]))
                continue;
            print_error("%s: %s\n", name, PQgetvalue(plan, row, 0));
            count++;
        }
    }
    return count;
}

/* A generic plan does not depend on the values, so nulls of the right number will do. */
static unsigned explain(PGconn *connection, const struct pl_statement_text *text)
{
    PGresult *result = PQprepare(connection, text->name, text->sql, 0, NULL);
    assert_int_equal(PQresultStatus(result), PGRES_COMMAND_OK);
    PQclear(result);
    result = PQdescribePrepared(connection, text->name);
    char sql[512];
    int used = snprintf(sql, sizeof(sql), "explain execute \"%s\"", text->name);
    for (int i = 0; i < PQnparams(result); i++)
        used += snprintf(sql + used, sizeof(sql) - (size_t)used, "%snull", i == 0 ? "(" : ", ");
    snprintf(sql + used, sizeof(sql) - (size_t)used, "%s", PQnparams(result) == 0 ? "" : ")");
    PQclear(result);
    result = run_sql(connection, sql);
    unsigned count = count_seq_scans(result, text->name);
    PQclear(result);
    return count;
}

static void assert_plans_use_indexes(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < PL_STATEMENT_COUNT; i++) {
        PGconn *connection = connect_as_server();
        count += explain(connection, &pl_statement_texts[i]);
        PQfinish(connection);
    }
    assert_int_equal(count, 0);
}

static void empty_database_is_read_through_indexes(void **state)
{
    (void)state;
    assert_plans_use_indexes();
}

static void loaded_database_is_read_through_indexes(void **state)
{
    (void)state;
    database_execute(
        &database,
        "insert into users select md5('u' || i)::uuid, md5('a')::uuid, i, '', '', '', '' from generate_series(1, 2000) "
        "i;"
        "insert into chats (chat_id, app_id, chat_type, user_low, user_high, last_seq)"
        " select md5('c' || i)::uuid, md5('a')::uuid, 1, md5('u' || i %% 2000)::uuid, md5('u' || (i + 7) %% "
        "2000)::uuid, 5"
        " from generate_series(1, 20000) i;"
        "insert into participants select chat_id, u, 0, null, 1, 3 from chats, lateral (values (user_low), "
        "(user_high)) v(u);"
        "insert into user_chats select user_id, chat_id, 0, null, 1 from participants;"
        "insert into messages (chat_id, seq, message_id, sender_id, message_type, body_kind, content, created_at)"
        " select chat_id, s, gen_random_uuid(), user_low, 1, 1, 'text', now() from chats, generate_series(1, 5) s;"
        "insert into device_cursors select chat_id, user_id, md5(user_id || 'd')::uuid, 3 from participants;"
        "insert into watermarks select chat_id, user_id, 3, 2 from participants;"
        "insert into receipt_moves select chat_id, user_id, 1, 3, 0, now() from participants;"
        "analyze");
    assert_plans_use_indexes();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(empty_database_is_read_through_indexes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loaded_database_is_read_through_indexes, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
