/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Putting the threads together. */
#include "db/db.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/cursors.h"
#include "db/migrate.h"
#include "db/reader.h"
#include "db/sampler.h"
#include "db/sweeper.h"
#include "db/writer.h"

#define FIRST_CONNECTION_US INT64_C(10000000)
#define ATTEMPT_US INT64_C(3000000)
#define RETRY_US INT64_C(100000)
#define PAGE_TOKEN_KEY_BYTES 32

struct pl_db {
    struct pl_db_context context;
    struct pl_uuid epoch;
    uint8_t page_token_key[PAGE_TOKEN_KEY_BYTES];
    struct pl_readers readers;
    struct pl_cursors cursors;
    struct pl_sampler sampler;
    struct pl_sweeper sweeper;
    atomic_uint appends_queued;
    unsigned writer_count;
    struct pl_writer *writers;
};

/* ---- opening ---- */

/*
 * libpq's own words about a conninfo that it cannot read repeat it, password and all. A text that is neither a URI nor
 * has a '=' is the name of a database.
 */
static bool is_conninfo(const char *text)
{
    if (strchr(text, '=') == NULL && strstr(text, "://") == NULL)
        return true;
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

/* Waits for a database that is still starting. */
static enum pl_status connect_plain(const struct pl_config *config, struct pl_conn *conn, char *error,
                                    unsigned error_bytes)
{
    int64_t end_us = pl_clock_now_us() + FIRST_CONNECTION_US;
    struct pl_wake pause;
    if (!is_conninfo(config->database)) {
        snprintf(error, error_bytes, "database is neither a conninfo nor a URI that libpq can read");
        return PL_FAILED_PRECONDITION;
    }
    pl_wake_init(&pause);
    enum pl_status status;
    for (;;) {
        int64_t now_us = pl_clock_now_us();
        status = pl_conn_open(conn, config, PL_CONN_PLAIN, now_us + ATTEMPT_US < end_us ? now_us + ATTEMPT_US : end_us);
        if (status == PL_OK || pl_clock_now_us() + RETRY_US >= end_us)
            break;
        pl_wake_wait(&pause, pl_clock_now_us() + RETRY_US);
    }
    if (status != PL_OK)
        snprintf(error, error_bytes, "cannot connect to the database: %s", conn->error);
    pl_wake_fini(&pause);
    return status;
}

/* Hexadecimal text of exactly bytes bytes, behind PostgreSQL's \x; our own migration wrote it. */
static void parse_hex(const char *text, uint8_t *ret_data, size_t bytes)
{
    pl_assert(strlen(text) == 2 + 2 * bytes);
    for (size_t i = 0; i < bytes; i++) {
        char digits[3] = {text[2 + 2 * i], text[3 + 2 * i], '\0'};
        ret_data[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

static enum pl_status load_installation(struct pl_db *db, struct pl_conn *conn, char *error, unsigned error_bytes)
{
    struct pl_rows rows = {0};
    enum pl_failure failure =
        pl_conn_execute(conn, "set bytea_output = hex; select epoch, page_token_key from installation",
                        pl_clock_now_us() + ATTEMPT_US, &rows);
    if (failure != PL_FAILURE_NONE || pl_rows_count(&rows) != 1) {
        snprintf(error, error_bytes, "the installation row cannot be read");
        pl_rows_clear(&rows);
        return PL_FAILED_PRECONDITION;
    }
    pl_assert(pl_uuid_parse(pl_rows_text(&rows, 0, 0), &db->epoch) == PL_OK);
    parse_hex(pl_rows_text(&rows, 0, 1), db->page_token_key, sizeof(db->page_token_key));
    pl_rows_clear(&rows);
    return PL_OK;
}

static enum pl_status prepare_database(struct pl_db *db, char *error, unsigned error_bytes)
{
    struct pl_conn conn;
    enum pl_status status = connect_plain(db->context.config, &conn, error, error_bytes);
    if (status != PL_OK)
        return status;
    status = pl_migrate(&conn, pl_migrations, db->context.config, error, error_bytes);
    if (status == PL_OK)
        status = load_installation(db, &conn, error, error_bytes);
    pl_conn_close(&conn);
    return status;
}

static void init_parts(struct pl_db *db)
{
    db->writer_count = (unsigned)db->context.config->writers;
    db->writers = calloc(db->writer_count, sizeof(*db->writers));
    pl_assert(db->writers != NULL);
    for (unsigned i = 0; i < db->writer_count; i++)
        pl_writer_init(&db->writers[i], &db->context, &db->appends_queued);
    pl_readers_init(&db->readers, &db->context);
    pl_cursors_init(&db->cursors, &db->context);
    pl_sampler_init(&db->sampler, &db->context);
    pl_sweeper_init(&db->sweeper, &db->context);
}

static void fini_parts(struct pl_db *db)
{
    for (unsigned i = 0; i < db->writer_count; i++)
        pl_writer_fini(&db->writers[i]);
    pl_readers_fini(&db->readers);
    pl_cursors_fini(&db->cursors);
    pl_sampler_fini(&db->sampler);
    pl_sweeper_fini(&db->sweeper);
    free(db->writers);
    free(db);
}

/* How many of the kinds of threads run, in the order in which they are started. */
struct started {
    bool readers;
    bool cursors;
    unsigned writers;
};

static void ring_writers(struct pl_db *db, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        pl_wake_ring(&db->writers[i].wake);
}

static void stop(struct pl_db *db, const struct started *started)
{
    atomic_store(&db->context.stopping, true);
    ring_writers(db, started->writers);
    for (unsigned i = 0; i < started->writers; i++)
        pl_writer_join(&db->writers[i]);
    if (started->readers)
        pl_readers_join(&db->readers);
    if (started->cursors)
        pl_cursors_join(&db->cursors);
}

static enum pl_status start(struct pl_db *db, struct started *started, const char **ret_error)
{
    int64_t deadline_us = pl_clock_now_us() + FIRST_CONNECTION_US;
    enum pl_status status = pl_readers_start(&db->readers, deadline_us, ret_error);
    started->readers = status == PL_OK;
    if (status == PL_OK) {
        status = pl_cursors_start(&db->cursors, deadline_us, ret_error);
        started->cursors = status == PL_OK;
    }
    for (unsigned i = 0; status == PL_OK && i < db->writer_count; i++) {
        status = pl_writer_start(&db->writers[i], deadline_us, ret_error);
        started->writers += status == PL_OK;
    }
    return status;
}

enum pl_status pl_db_open(const struct pl_config *config, struct pl_metrics *metrics,
                          const struct pl_db_listener *listener, struct pl_db **ret_db, char *error,
                          unsigned error_bytes)
{
    struct pl_db *db = calloc(1, sizeof(*db));
    struct started started = {0};
    const char *reason = "";
    pl_assert(db != NULL);
    db->context.config = config;
    atomic_init(&db->context.until_us, INT64_MAX);
    db->context.metrics = metrics;
    db->context.circuits.metrics = metrics;
    db->context.circuits.turned = listener->turned;
    db->context.circuits.context = listener->context;
    db->context.listener = *listener;
    enum pl_status status = prepare_database(db, error, error_bytes);
    if (status != PL_OK) {
        free(db);
        return status;
    }
    init_parts(db);
    status = start(db, &started, &reason);
    if (status == PL_OK) {
        pl_sampler_start(&db->sampler);
        pl_sweeper_start(&db->sweeper);
        *ret_db = db;
        return PL_OK;
    }
    snprintf(error, error_bytes, "cannot connect to the database: %s", reason);
    stop(db, &started);
    fini_parts(db);
    return status;
}

void pl_db_end_by(struct pl_db *db, int64_t until_us)
{
    atomic_store(&db->context.until_us, until_us);
    ring_writers(db, db->writer_count);
    pl_readers_ring(&db->readers);
    pl_wake_ring(&db->cursors.wake);
}

void pl_db_close(struct pl_db *db)
{
    struct started all = {.readers = true, .cursors = true, .writers = db->writer_count};
    pl_sampler_stop(&db->sampler);
    pl_sweeper_stop(&db->sweeper);
    stop(db, &all);
    pl_sampler_join(&db->sampler);
    pl_sweeper_join(&db->sweeper);
    fini_parts(db);
}

enum pl_status pl_db_migrate(const struct pl_config *config, char *error, unsigned error_bytes)
{
    struct pl_conn conn;
    struct pl_config told = *config;
    told.migrate = 1;
    enum pl_status status = connect_plain(&told, &conn, error, error_bytes);
    if (status != PL_OK)
        return status;
    status = pl_migrate(&conn, pl_migrations, &told, error, error_bytes);
    pl_conn_close(&conn);
    return status;
}

/* ---- in use ---- */

void pl_db_query(struct pl_db *db, struct pl_query *query)
{
    pl_readers_submit(&db->readers, query);
}

void pl_db_append(struct pl_db *db, struct pl_append *append)
{
    uint64_t hash = pl_uuid_hash(&append->message.chat_id.uuid);
    pl_writer_submit(&db->writers[hash % db->writer_count], append);
}

void pl_db_mark(struct pl_db *db, struct pl_mark *mark)
{
    pl_cursors_submit(&db->cursors, mark);
}

void pl_db_flush_marks(struct pl_db *db)
{
    pl_cursors_flush_all(&db->cursors);
}

bool pl_db_ready(const struct pl_db *db)
{
    return atomic_load(&db->context.circuits.open) == 0;
}

struct pl_uuid pl_db_epoch(const struct pl_db *db)
{
    return db->epoch;
}

const uint8_t *pl_db_page_token_key(const struct pl_db *db)
{
    return db->page_token_key;
}
