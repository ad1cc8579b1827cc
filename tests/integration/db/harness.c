/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "integration/db/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"

#define PATIENCE_US INT64_C(60000000)

static void hear(struct harness *harness, struct heard heard)
{
    pthread_mutex_lock(&harness->lock);
    assert_true(harness->heard_count < HEARD_MAX);
    harness->heard[harness->heard_count++] = heard;
    pthread_mutex_unlock(&harness->lock);
    pl_wake_ring(&harness->wake);
}

static void committed(void *context, struct pl_append *const *appends, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        hear(context, (struct heard){.what = HEARD_COMMITTED,
                                     .chat_id = appends[i]->message.chat_id,
                                     .message_id = appends[i]->message.message_id,
                                     .seq = appends[i]->message.seq});
}

static void advanced(void *context, struct pl_chat_id chat_id, int64_t last_seq)
{
    hear(context, (struct heard){.what = HEARD_ADVANCED, .chat_id = chat_id, .seq = last_seq});
}

static void joined(void *context, struct pl_user_id user_id, struct pl_chat_id chat_id)
{
    hear(context, (struct heard){.what = HEARD_JOINED, .chat_id = chat_id, .user_id = user_id});
}

static void marked(void *context, const struct pl_moved *moved)
{
    hear(context, (struct heard){.what = HEARD_MARKED,
                                 .chat_id = moved->chat_id,
                                 .user_id = moved->user_id,
                                 .seq = moved->delivered_seq,
                                 .read_seq = moved->read_seq});
}

void harness_init(struct harness *harness, const struct database *database)
{
    char *arguments[] = {"test", NULL};
    char error[256];
    struct pl_settings_source source = {.argc = 1, .argv = arguments, .error = error, .error_bytes = sizeof(error)};
    int rest;
    memset(harness, 0, sizeof(*harness));
    assert_int_equal(pl_settings_load(&pl_config_settings, &source, &harness->config, &rest), PL_OK);
    harness->config.database = database->conninfo;
    harness->config.migrate = 1;
    harness->config.readers = 2;
    harness->config.writers = 2;
    pl_wake_init(&harness->wake);
    pl_mailbox_init(&harness->home, pl_wake_ring, &harness->wake);
    pl_arena_init(&harness->arena, SIZE_MAX);
    pthread_mutex_init(&harness->lock, NULL);
    harness->heard = calloc(HEARD_MAX, sizeof(*harness->heard));
}

void harness_open(struct harness *harness)
{
    struct pl_db_listener listener = {
        .context = harness, .committed = committed, .advanced = advanced, .joined = joined, .marked = marked};
    char error[512] = "";
    enum pl_status status =
        pl_db_open(&harness->config, &harness->metrics, &listener, &harness->db, error, sizeof(error));
    if (status != PL_OK)
        fail_msg("pl_db_open: %s: %s", pl_status_reason(status), error);
}

void harness_close(struct harness *harness)
{
    pl_db_close(harness->db);
    harness->db = NULL;
    pl_mailbox_run(&harness->home);
}

void harness_fini(struct harness *harness)
{
    if (harness->db != NULL)
        harness_close(harness);
    pl_arena_fini(&harness->arena);
    pl_mailbox_fini(&harness->home);
    pl_wake_fini(&harness->wake);
    pthread_mutex_destroy(&harness->lock);
    free(harness->heard);
}

static void wait_turn(struct harness *harness, int64_t deadline_us)
{
    if (pl_clock_now_us() > deadline_us)
        fail_msg("nothing came for a minute");
    pl_wake_wait(&harness->wake, deadline_us + 1);
    pl_mailbox_run(&harness->home);
}

void harness_wait(struct harness *harness, unsigned done)
{
    int64_t deadline_us = pl_clock_now_us() + PATIENCE_US;
    pl_mailbox_run(&harness->home);
    while (harness->done < done)
        wait_turn(harness, deadline_us);
}

static bool has_heard(struct harness *harness, int what, struct pl_chat_id chat_id, int64_t seq)
{
    bool found = false;
    pthread_mutex_lock(&harness->lock);
    for (unsigned i = 0; i < harness->heard_count && !found; i++) {
        const struct heard *heard = &harness->heard[i];
        found = (int)heard->what == what && pl_uuid_equal(&heard->chat_id.uuid, &chat_id.uuid) && heard->seq >= seq;
    }
    pthread_mutex_unlock(&harness->lock);
    return found;
}

void harness_wait_heard(struct harness *harness, int what, struct pl_chat_id chat_id, int64_t seq)
{
    int64_t deadline_us = pl_clock_now_us() + PATIENCE_US;
    while (!has_heard(harness, what, chat_id, seq))
        wait_turn(harness, deadline_us);
}

unsigned harness_heard(struct harness *harness, int what)
{
    unsigned count = 0;
    pthread_mutex_lock(&harness->lock);
    for (unsigned i = 0; i < harness->heard_count; i++)
        count += (int)harness->heard[i].what == what;
    pthread_mutex_unlock(&harness->lock);
    return count;
}

const char *uuid_text(const struct pl_uuid *uuid)
{
    static char buffers[8][PL_UUID_TEXT_CHARS + 1];
    static unsigned next;
    char *text = buffers[next++ % 8];
    pl_uuid_format(uuid, text);
    return text;
}

static void create_user(const struct database *database, const struct pair *pair, const struct pl_user_id *user_id)
{
    database_execute(database,
                     "insert into users (user_id, app_id, username, phone_number, display_name, about, avatar_url)"
                     " values ('%s', '%s', '', '', '', '', '')",
                     uuid_text(&user_id->uuid), uuid_text(&pair->app_id.uuid));
}

static void join_chat(const struct database *database, const struct pair *pair, const struct pl_user_id *user_id)
{
    database_execute(database,
                     "insert into participants (chat_id, user_id, joined_seq, visible_from, role)"
                     " values ('%s', '%s', 0, 1, 3)",
                     uuid_text(&pair->chat_id.uuid), uuid_text(&user_id->uuid));
}

struct pair pair_create(const struct database *database, bool with_chat)
{
    struct pair pair = {{pl_uuid_v7()}, {pl_uuid_v7()}, {pl_uuid_v7()}, {pl_uuid_v7()}};
    create_user(database, &pair, &pair.low);
    create_user(database, &pair, &pair.high);
    if (!with_chat)
        return pair;
    database_execute(database,
                     "insert into chats (chat_id, app_id, chat_type, user_low, user_high)"
                     " values ('%s', '%s', 1, '%s', '%s')",
                     uuid_text(&pair.chat_id.uuid), uuid_text(&pair.app_id.uuid), uuid_text(&pair.low.uuid),
                     uuid_text(&pair.high.uuid));
    join_chat(database, &pair, &pair.low);
    join_chat(database, &pair, &pair.high);
    return pair;
}

struct home_append {
    struct pl_append append;
    struct harness *harness;
};

static void on_append_done(struct pl_append *append)
{
    struct home_append *home = pl_container_of(append, struct home_append, append);
    home->harness->done++;
}

static struct pl_append *new_append(struct harness *harness)
{
    struct home_append *home = pl_arena_new(&harness->arena, struct home_append);
    home->harness = harness;
    home->append.home = &harness->home;
    home->append.done = on_append_done;
    return &home->append;
}

struct pl_append *append_new(struct harness *harness, const struct pair *pair, const char *text)
{
    struct pl_append *append = new_append(harness);
    append->message.chat_id = pair->chat_id;
    append->message.message_id.uuid = pl_uuid_v7();
    append->message.sender_id = pair->low;
    append->message.message_type = 1;
    append->message.body_kind = PL_BODY_CONTENT;
    append->message.body = pl_arena_copy(&harness->arena, text, strlen(text));
    append->message.body_bytes = strlen(text);
    return append;
}

struct pl_append *append_again(struct harness *harness, const struct pl_append *first)
{
    struct pl_append *append = new_append(harness);
    append->app_id = first->app_id;
    append->message = first->message;
    append->message.seq = 0;
    return append;
}

void append_submit(struct harness *harness, struct pl_append *append)
{
    pl_db_append(harness->db, append);
}

enum pl_status append_run(struct harness *harness, struct pl_append *append)
{
    unsigned done = harness->done;
    append_submit(harness, append);
    harness_wait(harness, done + 1);
    return append->status;
}

void add_app_insert(struct pl_query *query, const char *name)
{
    struct pl_uuid app_id = pl_uuid_v7();
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_APP_INSERT);
    pl_params_uuid(params, &app_id);
    pl_params_text(params, name);
    pl_params_int32(params, 0);
    pl_params_bool(params, false);
    for (int i = 0; i < PL_QUOTA_LOOKUPS; i++)
        pl_params_int32(params, 0);
}

void assert_log_sound(const struct database *database)
{
    assert_int_equal(database_number(database,
                                     "select count(*) from (select prev_message_id, seq, lag(seq, 1, 0::bigint) over w"
                                     " as before, lag(message_id) over w as prev from messages"
                                     " window w as (partition by chat_id order by seq)) x"
                                     " where seq <> before + 1 or prev_message_id is distinct from prev"),
                     0);
    assert_int_equal(database_number(database, "select count(*) from chats c where last_seq <> (select count(*) from"
                                               " messages m where m.chat_id = c.chat_id)"),
                     0);
    assert_int_equal(database_number(database, "select count(*) - count(distinct (chat_id, message_id)) from messages"),
                     0);
    assert_int_equal(database_number(database, "select count(*) from (select created_at < lag(created_at) over"
                                               " (partition by chat_id order by seq) as fell from messages) x"
                                               " where fell"),
                     0);
    assert_int_equal(database_number(database, "select count(*) from (select n, row_number() over (partition by writer"
                                               " order by n) as k from append_feed) x where n <> k"),
                     0);
}
