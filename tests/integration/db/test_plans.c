/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How PostgreSQL runs every statement when its plan is cached, with the server's settings: through an
 * index on the tables that grow, and not from one end of it to the other, on an empty database (whose
 * plans stay in the caches of a server that grows up with it) and on a loaded one.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/statements.h"
#include "integration/db/harness.h"

static struct database database;
static struct harness harness;
static bool is_loaded;

/* Tables that no statement may read from end to end; of partitioned ones, their partitions too. */
static const char *const tables[] = {
    "messages",         "participants",  "chats",     "user_chats",  "device_cursors", "blocks",  "hidden_messages",
    "chat_controls",    "watermarks",    "users",     "usernames",   "phone_numbers",  "devices", "api_keys",
    "idempotency_keys", "receipt_moves", "last_seen", "append_feed", "signing_keys"};

static int set_up(void **state)
{
    (void)state;
    database_create(&database);
    harness_init(&harness, &database);
    is_loaded = false;
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

static bool names_table(const char *after_on, const char *table)
{
    size_t bytes = strlen(table);
    return strncmp(after_on, table, bytes) == 0 && (after_on[bytes] == ' ' || after_on[bytes] == '_');
}

/* A node that reads one of the tables; of partitioned ones, one of their partitions. */
static bool is_scan_of_table(const char *line)
{
    const char *on = strstr(line, " on ");
    if (on == NULL || strstr(line, "Scan") == NULL)
        return false;
    for (unsigned i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        if (names_table(on + strlen(" on "), tables[i]))
            return true;
    return false;
}

static size_t indent(const char *line)
{
    return strspn(line, " ");
}

/* Its details are deeper than the node, and begin with no arrow. */
static bool has_index_condition(const PGresult *plan, int row)
{
    size_t depth = indent(PQgetvalue(plan, row, 0));
    for (row++; row < PQntuples(plan); row++) {
        const char *line = PQgetvalue(plan, row, 0);
        const char *detail = line + indent(line);
        if (indent(line) <= depth || strncmp(detail, "->", 2) == 0)
            return false;
        if (strncmp(detail, "Index Cond:", strlen("Index Cond:")) == 0)
            return true;
    }
    return false;
}

/*
 * Of an index only when it is loaded: while there is nothing one index is as good as the other, and statistics, when
 * there are, make plans anew.
 */
static bool reads_all(const PGresult *plan, int row)
{
    const char *line = PQgetvalue(plan, row, 0);
    if (!is_scan_of_table(line) || strstr(line, "Bitmap Heap Scan") != NULL)
        return false;
    return strstr(line, "Seq Scan") != NULL || (is_loaded && !has_index_condition(plan, row));
}

static unsigned count_whole_scans(const PGresult *plan, const char *name)
{
    unsigned count = 0;
    for (int row = 0; row < PQntuples(plan); row++) {
        if (!reads_all(plan, row))
            continue;
        print_error("%s: %s\n", name, PQgetvalue(plan, row, 0));
        count++;
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
    unsigned count = count_whole_scans(result, text->name);
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
        "insert into users select md5('u' || i)::uuid, md5('a' || i %% 100)::uuid, i, '', '', '', '' from "
        "generate_series(1, 2000) "
        "i;"
        "insert into chats (chat_id, app_id, chat_type, user_low, user_high, last_seq)"
        " select md5('c' || i)::uuid, md5('a' || i %% 100)::uuid, 1, md5('u' || i %% 2000)::uuid, md5('u' || (i + 7) "
        "%% "
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
        "update messages set entry_kind = 7, target_message_id = gen_random_uuid() where seq = 3;"
        "update messages set expires_at = now() where seq = 4;"
        "insert into hidden_messages select chat_id, sender_id, message_id from messages where seq = 5;"
        "insert into blocks select distinct user_low, user_high from chats;"
        "insert into last_seen select user_id, now() from users;"
        "insert into append_feed select md5('w')::uuid, row_number() over (), chat_id, array[chat_id], array[5]"
        " from chats;"
        "insert into api_keys (key_id, app_id, name, secret_hash) select user_id, user_id, '', uuid_send(user_id)"
        " from users;"
        "insert into signing_keys (key_id, app_id, algorithm, secret) select user_id, user_id, 'HS256', ''"
        " from users;"
        "insert into idempotency_keys select md5('a')::uuid, user_id, '', '', '', now() from users;"
        "analyze");
    is_loaded = true;
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
