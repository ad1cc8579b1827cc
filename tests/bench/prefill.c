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

static const char *const life_sql[] = {
    "update chats set last_seq = 1, last_message_at = statement_timestamp() where app_id = $1::uuid",
    "insert into messages (chat_id, seq, message_id, sender_id, message_type, body_kind, content, created_at)"
    " select chat_id, 1, gen_random_uuid(), user_low, 1, 1, 'hello', statement_timestamp() from chats"
    " where app_id = $1::uuid",
    "insert into device_cursors (chat_id, user_id, device_id, seq) select c.chat_id, u.user_id, d.device_id, 1"
    " from chats c join user_chats u using (chat_id) join devices d using (user_id) where c.app_id = $1::uuid",
    "insert into watermarks (chat_id, user_id, delivered_seq) select c.chat_id, u.user_id, 1"
    " from chats c join user_chats u using (chat_id) where c.app_id = $1::uuid",
};

void bench_prefill_life(const struct bench_options *options, const struct bench_app *app)
{
    PGconn *database = bench_database_open(options->database);
    char app_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&app->app_id.uuid, app_id);
    const char *parameters[] = {app_id};
    bench_database_run(database, "set synchronous_commit = off");
    for (size_t i = 0; i < sizeof(life_sql) / sizeof(life_sql[0]); i++)
        bench_database_run_with(database, life_sql[i], 1, parameters);
    bench_database_run(database, "vacuum analyze");
    bench_database_run(database, "checkpoint");
    PQfinish(database);
}
