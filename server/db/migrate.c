/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/migrate.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

/* A migration may rewrite large tables; still, it does not wait for ever. */
#define WAIT_US INT64_C(3600000000)
#define LOCK "select pg_advisory_lock(7017283404182011)"
/* Somebody else's whole migration may take that many times what one of its locks may. */
#define MIGRATOR_WAITS 30
#define SQL_BYTES_MAX ((size_t)16 << 20)
#define DIGEST_BYTES 32

struct migrating {
    struct pl_conn *conn;
    const struct pl_migration *migrations;
    const struct pl_config *config;
    char *error;
    unsigned error_bytes;
};

static enum pl_status fail(const struct migrating *migrating, enum pl_failure failure)
{
    snprintf(migrating->error, migrating->error_bytes, "%s",
             migrating->conn->error[0] == '\0' ? "the database does not answer" : migrating->conn->error);
    return failure == PL_FAILURE_LOST || failure == PL_FAILURE_AGAIN ? PL_DATABASE_UNAVAILABLE : PL_FAILED_PRECONDITION;
}

static enum pl_status execute(const struct migrating *migrating, const char *sql)
{
    struct pl_rows rows = {0};
    enum pl_failure failure = pl_conn_execute(migrating->conn, sql, pl_clock_now_us() + WAIT_US, &rows);
    pl_rows_clear(&rows);
    return failure == PL_FAILURE_NONE ? PL_OK : fail(migrating, failure);
}

static void say_who_migrates(const struct migrating *migrating, int64_t waited_ms)
{
    if (migrating->conn->lock_timeout)
        snprintf(migrating->error, migrating->error_bytes,
                 "another parleyd migrates this database and has not ended in %" PRId64 " ms", waited_ms);
}

/* One at a time; until the connection ends. */
static enum pl_status lock_out_others(const struct migrating *migrating)
{
    char sql[256];
    int64_t wait_ms = migrating->config->lock_timeout_ms * MIGRATOR_WAITS;
    snprintf(sql, sizeof(sql), "set lock_timeout = %" PRId64 "; " LOCK "; set lock_timeout = %" PRId64, wait_ms,
             migrating->config->lock_timeout_ms);
    enum pl_status status = execute(migrating, sql);
    if (status != PL_OK)
        say_who_migrates(migrating, wait_ms);
    return status;
}

/* Which transactions had been open for as long as the migration waited: the one that it waited for is among them. */
static void say_what_holds(const struct migrating *migrating, const struct pl_migration *migration)
{
    char sql[512];
    struct pl_rows rows = {0};
    int64_t waited_ms = migrating->config->lock_timeout_ms;
    snprintf(sql, sizeof(sql),
             "rollback; select coalesce(string_agg(trim(pid || ' ' || application_name), ', '), 'none') from"
             " pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
             " and xact_start < clock_timestamp() - %" PRId64 " * interval '1 ms'",
             waited_ms);
    if (pl_conn_execute(migrating->conn, sql, pl_clock_now_us() + WAIT_US, &rows) != PL_FAILURE_NONE)
        return;
    snprintf(migrating->error, migrating->error_bytes,
             "migration %d (%s) waited %" PRId64 " ms for a table that a transaction of somebody else uses, and was not"
             " applied; backends with a transaction that old: %s",
             migration->version, migration->name, waited_ms, pl_rows_text(&rows, 0, 0));
    pl_rows_clear(&rows);
}

static void checksum_of(const char *sql, char ret_hex[2 * DIGEST_BYTES + 1])
{
    uint8_t digest[DIGEST_BYTES];
    pl_assert(EVP_Digest(sql, strlen(sql), digest, NULL, EVP_sha256(), NULL) == 1);
    for (unsigned i = 0; i < DIGEST_BYTES; i++)
        snprintf(ret_hex + (size_t)2 * i, 3, "%02x", digest[i]);
}

static enum pl_status apply_one(const struct migrating *migrating, const struct pl_migration *migration)
{
    char checksum[2 * DIGEST_BYTES + 1];
    struct pl_buf sql;
    checksum_of(migration->sql, checksum);
    pl_buf_init(&sql, SQL_BYTES_MAX);
    pl_buf_printf(&sql, "begin;\n");
    pl_buf_put(&sql, migration->sql, strlen(migration->sql));
    pl_buf_printf(&sql, "\n;insert into schema_migrations (version, name, checksum) values (%d, '%s', '%s');\ncommit",
                  migration->version, migration->name, checksum);
    pl_buf_put_u8(&sql, 0);
    pl_assert(!sql.overflowed);
    enum pl_status status = execute(migrating, (const char *)sql.data);
    pl_buf_fini(&sql);
    if (status == PL_OK)
        pl_log(PL_LOG_INFO, "migration_applied", PL_LOG_NUMBER("version", migration->version),
               PL_LOG_TEXT("name", migration->name));
    else if (migrating->conn->lock_timeout)
        say_what_holds(migrating, migration);
    return status;
}

/* The row of a version, -1 when there is none. */
static int find_version(const struct pl_rows *applied, int version)
{
    for (int row = 0; row < pl_rows_count(applied); row++)
        if (atoi(pl_rows_text(applied, row, 0)) == version)
            return row;
    return -1;
}

static enum pl_status check_or_apply(const struct migrating *migrating, const struct pl_rows *applied,
                                     const struct pl_migration *migration)
{
    char checksum[2 * DIGEST_BYTES + 1];
    int row = find_version(applied, migration->version);
    if (row < 0 && migrating->config->migrate != 0)
        return apply_one(migrating, migration);
    if (row < 0) {
        snprintf(migrating->error, migrating->error_bytes, "the database lacks migration %d (%s); run parleyd migrate",
                 migration->version, migration->name);
        return PL_FAILED_PRECONDITION;
    }
    checksum_of(migration->sql, checksum);
    if (strcmp(pl_rows_text(applied, row, 1), checksum) == 0)
        return PL_OK;
    snprintf(migrating->error, migrating->error_bytes, "migration %d (%s) was changed after it was applied",
             migration->version, migration->name);
    return PL_FAILED_PRECONDITION;
}

static int newest_known(const struct pl_migration *migrations)
{
    int newest = 0;
    for (; migrations->sql != NULL; migrations++)
        newest = migrations->version;
    return newest;
}

static enum pl_status compare(const struct migrating *migrating, const struct pl_rows *applied)
{
    int known = newest_known(migrating->migrations);
    for (int row = 0; row < pl_rows_count(applied); row++) {
        int version = atoi(pl_rows_text(applied, row, 0));
        if (version <= known)
            continue;
        snprintf(migrating->error, migrating->error_bytes,
                 "the database has migration %d, this binary knows %d: it is too old for this database", version,
                 known);
        return PL_FAILED_PRECONDITION;
    }
    for (const struct pl_migration *each = migrating->migrations; each->sql != NULL; each++) {
        enum pl_status status = check_or_apply(migrating, applied, each);
        if (status != PL_OK)
            return status;
    }
    return PL_OK;
}

static enum pl_status read_and_compare(const struct migrating *migrating)
{
    struct pl_rows applied = {0};
    enum pl_failure failure =
        pl_conn_execute(migrating->conn, "select version, checksum from schema_migrations order by version",
                        pl_clock_now_us() + WAIT_US, &applied);
    if (failure != PL_FAILURE_NONE)
        return fail(migrating, failure);
    enum pl_status status = compare(migrating, &applied);
    pl_rows_clear(&applied);
    return status;
}

static enum pl_status has_table(const struct migrating *migrating, bool *ret_has)
{
    struct pl_rows rows = {0};
    enum pl_failure failure = pl_conn_execute(migrating->conn, "select to_regclass('schema_migrations') is not null",
                                              pl_clock_now_us() + WAIT_US, &rows);
    if (failure != PL_FAILURE_NONE)
        return fail(migrating, failure);
    *ret_has = strcmp(pl_rows_text(&rows, 0, 0), "t") == 0;
    pl_rows_clear(&rows);
    return PL_OK;
}

static enum pl_status check_only(const struct migrating *migrating)
{
    bool has = false;
    enum pl_status status = has_table(migrating, &has);
    if (status != PL_OK || has)
        return status == PL_OK ? read_and_compare(migrating) : status;
    snprintf(migrating->error, migrating->error_bytes, "the database is empty; run parleyd migrate");
    return PL_FAILED_PRECONDITION;
}

enum pl_status pl_migrate(struct pl_conn *conn, const struct pl_migration *migrations, const struct pl_config *config,
                          char *error, unsigned error_bytes)
{
    struct migrating migrating = {
        .conn = conn, .migrations = migrations, .config = config, .error = error, .error_bytes = error_bytes};
    if (config->migrate == 0)
        return check_only(&migrating);
    enum pl_status status = lock_out_others(&migrating);
    if (status == PL_OK)
        status = execute(&migrating, "set client_min_messages = warning;"
                                     "create table if not exists schema_migrations (version integer primary key,"
                                     " name text not null, checksum text not null,"
                                     " applied_at timestamptz not null default statement_timestamp())");
    return status == PL_OK ? read_and_compare(&migrating) : status;
}
