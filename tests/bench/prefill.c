/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * SQL, because the API would take hours. Ids are MD5 sums of what they number, so that nothing has to be looked up, and
 * random enough to touch every page of an index.
 */
#include "bench/prefill.h"

#include <stdio.h>

#include "bench/database.h"
#include "bench/fail.h"

#define MESSAGES_OF_A_CHAT 10
#define APP "'00000000-0000-8000-8000-00000000be9c'"
#define STEP_CHATS 20000 /* of one transaction */

static const char *const fill_sql[] = {
    "insert into chats (chat_id, app_id, chat_type, user_low, user_high, last_seq, last_message_id, last_message_at)"
    " select md5('c' || c)::uuid, " APP ", 1, md5('u' || c)::uuid, md5('v' || c)::uuid, 10,"
    " md5('m' || c || '/10')::uuid, statement_timestamp() from generate_series($1::bigint, $2::bigint) c",
    "insert into participants (chat_id, user_id, joined_seq, visible_from, role)"
    " select md5('c' || c)::uuid, md5(k || c)::uuid, 1, 1, 3"
    " from generate_series($1::bigint, $2::bigint) c, unnest(array['u', 'v']) k",
    "insert into user_chats (user_id, chat_id, joined_seq, visible_from)"
    " select md5(k || c)::uuid, md5('c' || c)::uuid, 1, 1"
    " from generate_series($1::bigint, $2::bigint) c, unnest(array['u', 'v']) k",
    "insert into messages (chat_id, seq, message_id, prev_message_id, sender_id, message_type, body_kind, content,"
    " created_at)"
    " select md5('c' || c)::uuid, s, md5('m' || c || '/' || s)::uuid,"
    " case when s > 1 then md5('m' || c || '/' || s - 1)::uuid end, md5('u' || c)::uuid, 1, 2,"
    " decode(repeat(md5(c || '/' || s), 6), 'hex'), statement_timestamp()"
    " from generate_series($1::bigint, $2::bigint) c, generate_series(1, 10) s",
};

static void fill_step(PGconn *database, int64_t first, int64_t last)
{
    char from[24];
    char to[24];
    snprintf(from, sizeof(from), "%lld", (long long)first);
    snprintf(to, sizeof(to), "%lld", (long long)last);
    const char *parameters[] = {from, to};
    bench_database_run(database, "begin");
    for (size_t i = 0; i < sizeof(fill_sql) / sizeof(fill_sql[0]); i++)
        bench_database_run_with(database, fill_sql[i], 2, parameters);
    bench_database_run(database, "commit");
}

void bench_prefill(const struct bench_options *options)
{
    PGconn *database = bench_database_open(options->database);
    int64_t chats = (options->rows + MESSAGES_OF_A_CHAT - 1) / MESSAGES_OF_A_CHAT;
    int64_t have = bench_database_run(database, "select count(*) from chats where app_id = " APP);
    if (have < chats) {
        fprintf(stderr, "parley-bench: filling the database with %d messages\n", options->rows);
        bench_database_run(database, "set synchronous_commit = off");
        for (int64_t first = have + 1; first <= chats; first += STEP_CHATS)
            fill_step(database, first, first + STEP_CHATS - 1 < chats ? first + STEP_CHATS - 1 : chats);
        bench_database_run(database, "vacuum analyze");
        bench_database_run(database, "checkpoint");
    }
    PQfinish(database);
}

/* Users in the order of their ids, each with those 1, 2, ... places after it, around the ring. */
static const char *const chats_sql[] = {
    "create temporary table bench_pairs as"
    " with u as (select user_id, row_number() over (order by user_id) - 1 n, count(*) over () total from users"
    "            where app_id = $1::uuid)"
    " select gen_random_uuid() chat_id, least(a.user_id, b.user_id) low, greatest(a.user_id, b.user_id) high"
    " from u a, generate_series(1, $2::bigint) d, u b where b.n = (a.n + d) % a.total",
    "insert into chats (chat_id, app_id, chat_type, user_low, user_high)"
    " select chat_id, $1::uuid, 1, low, high from bench_pairs where $2::bigint > 0",
    "insert into participants (chat_id, user_id, joined_seq, visible_from, role)"
    " select chat_id, unnest(array[low, high]), 1, 1, 3 from bench_pairs where $1 <> '' and $2::bigint > 0",
    "insert into user_chats (user_id, chat_id, joined_seq, visible_from)"
    " select unnest(array[low, high]), chat_id, 1, 1 from bench_pairs where $1 <> '' and $2::bigint > 0",
};

void bench_prefill_chats(const struct bench_options *options, const struct bench_app *app, int chats_of_each)
{
    PGconn *database = bench_database_open(options->database);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    char distance[12];
    pl_uuid_format(&app->app_id.uuid, app_id);
    snprintf(distance, sizeof(distance), "%d", chats_of_each / 2);
    const char *parameters[] = {app_id, distance};
    for (size_t i = 0; i < sizeof(chats_sql) / sizeof(chats_sql[0]); i++)
        bench_database_run_with(database, chats_sql[i], 2, parameters);
    bench_database_run(database, "vacuum analyze");
    PQfinish(database);
}

/* Of the app's chats of two. */
static const char *const life_sql[] = {
    "update chats set last_seq = 1, last_message_at = statement_timestamp() where app_id = $1::uuid and chat_type = 1",
    "insert into messages (chat_id, seq, message_id, sender_id, message_type, body_kind, content, created_at)"
    " select chat_id, 1, gen_random_uuid(), user_low, 1, 1, 'hello', statement_timestamp() from chats"
    " where app_id = $1::uuid and chat_type = 1",
};
static const char *const acknowledge_sql[] = {
    "insert into device_cursors (chat_id, user_id, device_id, seq)"
    " select c.chat_id, u.user_id, d.device_id, c.last_seq from chats c join user_chats u using (chat_id)"
    " join devices d using (user_id) where c.app_id = $1::uuid and c.chat_type = 1",
    "insert into watermarks (chat_id, user_id, delivered_seq) select c.chat_id, u.user_id, c.last_seq"
    " from chats c join user_chats u using (chat_id) where c.app_id = $1::uuid and c.chat_type = 1",
};
/* Entry kind 3: a change of settings. In all chats at the same time, as they lie in a table that was written so. */
static const char history_sql[] =
    "insert into messages (chat_id, seq, message_id, sender_id, message_type, body_kind, content, created_at,"
    " expires_at, entry_kind) select chat_id, s, gen_random_uuid(), user_low, case when is_said then 1 else 6 end,"
    " case when is_said then 2 else 0 end, case when is_said then decode(repeat(md5(s::text), 6), 'hex') end,"
    " at - $4::interval, case when is_said then at - $5::interval end, case when is_said then 1 else 3 end"
    " from generate_series(1, $2::bigint) s, chats, lateral (select s % $3::bigint <> 1 as is_said,"
    " statement_timestamp() - ($2::bigint - s + random()) * interval '10 milliseconds' as at) k"
    " where app_id = $1::uuid and chat_type = 1 order by s";
static const char history_end_sql[] =
    "update chats c set last_seq = m.seq, last_message_id = m.message_id, last_message_at = m.created_at"
    " from messages m where c.app_id = $1::uuid and c.chat_type = 1 and m.chat_id = c.chat_id and m.seq = $2::bigint";

static void run_all(PGconn *database, const char *const *statements, size_t count, const char *app_id)
{
    for (size_t i = 0; i < count; i++)
        bench_database_run_with(database, statements[i], 1, &app_id);
}

static PGconn *open_to_fill(const struct bench_options *options)
{
    PGconn *database = bench_database_open(options->database);
    bench_database_run(database, "set synchronous_commit = off");
    return database;
}

/* Every device has acknowledged what is in its chats by now. */
static void acknowledge(PGconn *database, const char *app_id)
{
    run_all(database, acknowledge_sql, sizeof(acknowledge_sql) / sizeof(acknowledge_sql[0]), app_id);
    bench_database_run(database, "vacuum analyze");
    bench_database_run(database, "checkpoint");
    PQfinish(database);
}

void bench_prefill_life(const struct bench_options *options, const struct bench_app *app)
{
    PGconn *database = open_to_fill(options);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&app->app_id.uuid, app_id);
    run_all(database, life_sql, sizeof(life_sql) / sizeof(life_sql[0]), app_id);
    acknowledge(database, app_id);
}

void bench_prefill_history(const struct bench_options *options, const struct bench_app *app, int64_t entries,
                           bool is_kept_no_longer)
{
    PGconn *database = open_to_fill(options);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    char count[24];
    char every[24];
    snprintf(count, sizeof(count), "%lld", (long long)entries);
    snprintf(every, sizeof(every), "%d", BENCH_HISTORY_SETTINGS_EVERY);
    pl_uuid_format(&app->app_id.uuid, app_id);
    const char *parameters[] = {app_id, count, every, is_kept_no_longer ? "2 days" : "1 hour",
                                is_kept_no_longer ? NULL : "1 minute"};
    bench_database_run_with(database, history_sql, 5, parameters);
    bench_database_run_with(database, history_end_sql, 2, parameters);
    if (is_kept_no_longer)
        bench_database_run_with(database, "update apps set retention_days = 1 where app_id = $1::uuid", 1, parameters);
    acknowledge(database, app_id);
}
