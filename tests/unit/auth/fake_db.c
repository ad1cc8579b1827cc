/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The statements of server/auth, answered from a few arrays. */
#include "unit/auth/fake_db.h"

#include <endian.h>
#include <libpq-fe.h>
#include <string.h>

#include "unit/auth/fake_call.h"

#define COLUMNS_MAX 8

/* ---- results in PostgreSQL's binary format ---- */

static struct pg_result *result_new(int columns)
{
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    static char name[] = "column";
    PGresAttDesc names[COLUMNS_MAX];

    memset(names, 0, sizeof(names));
    for (int i = 0; i < columns; i++)
        names[i] = (PGresAttDesc){.name = name, .format = 1};
    pl_assert(result != NULL && PQsetResultAttrs(result, columns, names));
    return result;
}

static void put(struct pg_result *result, int column, const void *value, int bytes)
{
    pl_assert(PQsetvalue(result, 0, column, (char *)value, bytes));
}

static bool is_param(const struct pl_params *params, int index, const void *value, int bytes)
{
    return params->lengths[index] == bytes && memcmp(params->values[index], value, (size_t)bytes) == 0;
}

static void put_limits(const int32_t *limits, struct pg_result *result, int column)
{
    for (int i = 0; i < PL_QUOTA_LOOKUPS; i++) {
        uint32_t value = htobe32((uint32_t)limits[i]);
        put(result, column + i, &value, sizeof(value));
    }
}

struct pl_rows fake_limits(const int32_t limits[PL_QUOTA_LOOKUPS])
{
    struct pl_rows rows = {.result = result_new(PL_QUOTA_LOOKUPS)};
    put_limits(limits, rows.result, 0);
    return rows;
}

/* ---- one statement each ---- */

static struct pg_result *select_api_key(const struct pl_db *db, const struct pl_params *params)
{
    struct pg_result *result = result_new(1 + PL_QUOTA_LOOKUPS);

    for (unsigned i = 0; i < db->api_key_count; i++) {
        uint8_t hash[PL_API_KEY_HASH_BYTES];

        pl_api_key_hash(db->api_keys[i].secret, hash);
        if (!is_param(params, 0, hash, sizeof(hash)))
            continue;
        put(result, 0, &db->api_keys[i].app_id, sizeof(struct pl_uuid));
        put_limits(db->limits, result, 1);
    }
    return result;
}

static struct pg_result *select_user(const struct pl_db *db, const struct pl_params *params)
{
    struct pg_result *result = result_new(3);

    for (unsigned i = 0; i < db->user_count; i++) {
        if (!is_param(params, 0, &db->users[i].user_id, sizeof(struct pl_uuid)))
            continue;
        put(result, 0, &db->users[i].user_id, sizeof(struct pl_uuid));
        put(result, 1, &db->users[i].app_id, sizeof(struct pl_uuid));
        put(result, 2, db->users[i].is_deactivated ? "\1" : "\0", 1);
    }
    return result;
}

static struct pg_result *select_signing_key(const struct pl_db *db, const struct pl_params *params)
{
    struct pg_result *result = result_new(3);

    for (unsigned i = 0; i < db->signing_key_count; i++) {
        const struct fake_signing_key *key = &db->signing_keys[i];

        if (!is_param(params, 0, &key->kid, sizeof(struct pl_uuid)))
            continue;
        put(result, 0, &key->app_id, sizeof(struct pl_uuid));
        put(result, 1, key->algorithm, (int)strlen(key->algorithm));
        put(result, 2, key->secret, key->secret_bytes);
    }
    return result;
}

static struct pg_result *select_device(const struct pl_db *db, const struct pl_params *params)
{
    struct pg_result *result = result_new(2 + PL_QUOTA_LOOKUPS);

    for (unsigned i = 0; i < db->device_count; i++) {
        const struct fake_device *device = &db->devices[i];

        if (!is_param(params, 0, &device->user_id, sizeof(struct pl_uuid)) ||
            !is_param(params, 1, &device->device_id, sizeof(struct pl_uuid)))
            continue;
        for (unsigned j = 0; j < db->user_count; j++) {
            if (!pl_uuid_equal(&db->users[j].user_id.uuid, &device->user_id.uuid))
                continue;
            put(result, 0, &db->users[j].app_id, sizeof(struct pl_uuid));
            put(result, 1, db->users[j].is_deactivated ? "\1" : "\0", 1);
            put_limits(db->limits, result, 2);
        }
    }
    return result;
}

static struct pg_result *run_statement(const struct pl_db *db, const struct pl_query_step *step)
{
    switch (step->statement) {
    case PL_STATEMENT_AUTH_API_KEY:
        return select_api_key(db, &step->params);
    case PL_STATEMENT_AUTH_USER:
        return select_user(db, &step->params);
    case PL_STATEMENT_AUTH_SIGNING_KEY:
        return select_signing_key(db, &step->params);
    case PL_STATEMENT_AUTH_DEVICE:
        return select_device(db, &step->params);
    default:
        pl_assert(!"a statement of authentication");
        return NULL;
    }
}

/* ---- the interface of server/db ---- */

static void come_home(struct pl_task *task)
{
    struct pl_query *query = pl_container_of(task, struct pl_query, task);

    query->done(query, query->context);
}

static void clear_rows(void *object)
{
    struct pl_query *query = object;

    pl_rows_clear(&query->steps[0].rows);
}

struct pl_query *pl_query_new(struct pl_arena *arena, struct pl_mailbox *home,
                              void (*done)(struct pl_query *query, void *context), void *context)
{
    struct pl_query *query = pl_arena_new(arena, struct pl_query);

    query->task.run = come_home;
    query->home = home;
    query->done = done;
    query->context = context;
    pl_params_init(&query->steps[0].params, arena);
    pl_arena_defer(arena, clear_rows, query);
    return query;
}

struct pl_params *pl_query_add(struct pl_query *query, enum pl_statement statement)
{
    pl_assert(query->count == 0);
    query->count = 1;
    query->steps[0].statement = statement;
    return &query->steps[0].params;
}

void pl_db_query(struct pl_db *db, struct pl_query *query)
{
    pl_assert(query->deadline_us == FAKE_DEADLINE_US);
    db->asked++;
    query->status = db->status;
    if (db->status == PL_OK)
        query->steps[0].rows.result = run_statement(db, &query->steps[0]);
    pl_mailbox_post(query->home, &query->task);
}
