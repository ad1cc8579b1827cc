/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What sessions read of their chats before they read pages: which there are, and then, when they are attached, each
 * one's head. One statement reads for many sessions, because after a restart all devices of a node come back at once,
 * and a statement costs more than a row of it.
 *
 * Nothing waits to be more: what the sessions of a loop ask for in one turn is one statement, and what they ask for
 * while it is under way is the next. Of each of the two kinds a loop has one under way, or two when it is the only one
 * with records. A session alone is a gather of one.
 *
 * When a statement fails, each session in it ends and its device comes back. A session that ends meanwhile stays until
 * its gather is back, and gets nothing of it.
 */
#include <stdlib.h>

#include "delivery/session.h"
#include "server.h"

#define SESSIONS_MAX 64
#define CHATS_MAX 4096

/* A session of which something is read; it is out until then. */
struct asking {
    struct pl_session *session;
    unsigned count; /* of its chats in the gather's; behind those of the sessions before it */
};

struct gather {
    struct pl_arena arena;
    struct pl_shard *shard;
    struct pl_query *query;
    unsigned asking_count;
    struct asking asking[SESSIONS_MAX];
    unsigned chat_count;
    struct pl_subscription *chats[]; /* of heads; theirs who have not ended */
};

static void start(struct pl_task *task);

/* ---- asking ---- */

/* One reader works on one statement at a time: a loop that may have nobody beside it keeps two of them at work. */
static unsigned reads_max(const struct pl_shard *shard)
{
    bool is_alone = shard->hub->shard_count == 1;
    return is_alone ? 2 : 1;
}

static bool may_list(const struct pl_shard *shard)
{
    return shard->lists_under_way < reads_max(shard) && !TAILQ_EMPTY(&shard->wanting_list);
}

static bool may_read_heads(const struct pl_shard *shard)
{
    return shard->heads_under_way < reads_max(shard) && !TAILQ_EMPTY(&shard->wanting_heads);
}

static void start_later(struct pl_shard *shard)
{
    if (shard->hello_deferred || (!may_list(shard) && !may_read_heads(shard)))
        return;
    shard->hello_deferred = true;
    shard->hello_task.run = start;
    pl_loop_defer(shard->loop, &shard->hello_task);
}

void pl_session_list_chats(struct pl_session *session)
{
    struct pl_shard *shard = pl_session_shard(session);
    session->out_count++;
    TAILQ_INSERT_TAIL(&shard->wanting_list, session, listing);
    start_later(shard);
}

void pl_session_read_heads(struct pl_session *session)
{
    struct pl_shard *shard = pl_session_shard(session);
    if (session->wants_heads)
        return;
    session->wants_heads = true;
    session->out_count++;
    TAILQ_INSERT_TAIL(&shard->wanting_heads, session, heading);
    start_later(shard);
}

/* ---- gathering ---- */

static struct gather *gather_new(struct pl_shard *shard, unsigned chats_max,
                                 void (*done)(struct pl_query *query, void *context))
{
    struct gather *gather = malloc(sizeof(*gather) + chats_max * sizeof(struct pl_subscription *));
    pl_assert(gather != NULL);
    pl_arena_init(&gather->arena, 0);
    gather->shard = shard;
    gather->query = pl_query_new(&gather->arena, &shard->loop->mailbox, done, gather);
    gather->asking_count = 0;
    gather->chat_count = 0;
    return gather;
}

static void gather_free(struct gather *gather)
{
    pl_arena_fini(&gather->arena);
    free(gather);
}

static const struct pl_uuid *user_of(const struct pl_session *session)
{
    return &session->principal.user_id.uuid;
}

static const struct pl_uuid *device_of(const struct pl_session *session)
{
    return &session->principal.device_id.uuid;
}

/* One for each session, or for each of its chats. */
static void put_column(const struct gather *gather, struct pl_params *params, bool is_by_chat,
                       const struct pl_uuid *(*column)(const struct pl_session *session))
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, is_by_chat ? gather->chat_count : gather->asking_count);
    for (unsigned i = 0; i < gather->asking_count; i++)
        for (unsigned n = 0; n < (is_by_chat ? gather->asking[i].count : 1); n++)
            pl_array_uuid(&array, column(gather->asking[i].session));
    pl_array_end(&array);
}

static void put_chats(const struct gather *gather, struct pl_params *params)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, gather->chat_count);
    for (unsigned i = 0; i < gather->chat_count; i++)
        pl_array_uuid(&array, &gather->chats[i]->chat_id.uuid);
    pl_array_end(&array);
}

/* The number of the row's session or chat, which begins with 1 there. */
static unsigned number_in(const struct pl_rows *rows, int row, unsigned count)
{
    int64_t number = pl_rows_int(rows, row, 0);
    pl_assert(number >= 1 && number <= count);
    return (unsigned)number - 1;
}

/* ---- the lists ---- */

static void on_lists(struct pl_query *query, void *context);

static void read_lists(struct pl_shard *shard)
{
    struct gather *gather = gather_new(shard, 0, on_lists);
    struct pl_session *session;
    while ((session = TAILQ_FIRST(&shard->wanting_list)) != NULL && gather->asking_count < SESSIONS_MAX) {
        TAILQ_REMOVE(&shard->wanting_list, session, listing);
        gather->asking[gather->asking_count++] = (struct asking){.session = session};
    }
    shard->lists_under_way++;
    struct pl_params *params = pl_query_add(gather->query, PL_STATEMENT_SESSION_CHATS);
    put_column(gather, params, false, user_of);
    put_column(gather, params, false, device_of);
    pl_db_query(shard->hub->server->db, gather->query);
}

static void take_lists(const struct gather *gather, const struct pl_rows *rows)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_session *session = gather->asking[number_in(rows, row, gather->asking_count)].session;
        struct pl_chat_id chat = {pl_rows_uuid(rows, row, 1)};
        if (pl_session_is_open(session))
            pl_session_take_chat(session, &chat);
    }
}

static void on_lists(struct pl_query *query, void *context)
{
    struct gather *gather = context;
    struct pl_shard *shard = gather->shard;
    shard->lists_under_way--;
    if (query->status == PL_OK)
        take_lists(gather, &query->steps[0].rows);
    for (unsigned i = 0; i < gather->asking_count; i++) {
        struct pl_session *session = gather->asking[i].session;
        if (pl_session_read_succeeded(session, query))
            pl_session_listed(session);
        pl_session_read_returned(session);
    }
    gather_free(gather);
    start_later(shard);
}

/* ---- the heads ---- */

static void on_heads(struct pl_query *query, void *context);

/* As many of its chats as there is room for. */
static void gather_chats(struct gather *gather, struct pl_session *session)
{
    struct asking *asking = &gather->asking[gather->asking_count++];
    *asking = (struct asking){.session = session};
    struct pl_subscription *subscription;
    while (gather->chat_count < CHATS_MAX && (subscription = pl_session_next_wanting_head(session)) != NULL) {
        gather->chats[gather->chat_count++] = subscription;
        asking->count++;
    }
}

static void read_heads(struct pl_shard *shard)
{
    struct gather *gather = gather_new(shard, CHATS_MAX, on_heads);
    struct pl_session *session;
    while ((session = TAILQ_FIRST(&shard->wanting_heads)) != NULL && gather->asking_count < SESSIONS_MAX &&
           gather->chat_count < CHATS_MAX) {
        TAILQ_REMOVE(&shard->wanting_heads, session, heading);
        session->wants_heads = false;
        gather_chats(gather, session);
    }
    shard->heads_under_way++;
    struct pl_params *params = pl_query_add(gather->query, PL_STATEMENT_SESSION_HEADS);
    put_chats(gather, params);
    put_column(gather, params, true, user_of);
    put_column(gather, params, true, device_of);
    pl_db_query(shard->hub->server->db, gather->query);
}

static struct pl_head head_in(const struct pl_rows *rows, int row)
{
    struct pl_head head = {.last_seq = pl_rows_int(rows, row, 1),
                           .was_member = !pl_rows_null(rows, row, 2),
                           .left_seq = pl_rows_int(rows, row, 2),
                           .cursor_seq = pl_rows_int(rows, row, 3)};
    if (!pl_rows_null(rows, row, 4))
        head.peer =
            (struct pl_receipt){{pl_rows_uuid(rows, row, 4)}, pl_rows_int(rows, row, 5), pl_rows_int(rows, row, 6), 0};
    return head;
}

/* Of the chats from first on; a chat without a row is not there, so nobody is in it. */
static void take_heads(const struct gather *gather, const struct asking *asking, unsigned first,
                       const struct pl_head *heads)
{
    for (unsigned i = first; i < first + asking->count && pl_session_is_open(asking->session); i++)
        pl_session_take_head(gather->chats[i], &heads[i]);
}

static struct pl_head *heads_by_number(struct gather *gather, const struct pl_rows *rows)
{
    struct pl_head *heads = pl_arena_array(&gather->arena, struct pl_head, gather->chat_count);
    for (int row = 0; row < pl_rows_count(rows); row++)
        heads[number_in(rows, row, gather->chat_count)] = head_in(rows, row);
    return heads;
}

static void on_heads(struct pl_query *query, void *context)
{
    struct gather *gather = context;
    struct pl_shard *shard = gather->shard;
    const struct pl_head *heads = query->status == PL_OK ? heads_by_number(gather, &query->steps[0].rows) : NULL;
    shard->heads_under_way--;
    for (unsigned i = 0, first = 0; i < gather->asking_count; first += gather->asking[i++].count) {
        struct pl_session *session = gather->asking[i].session;
        if (pl_session_read_succeeded(session, query))
            take_heads(gather, &gather->asking[i], first, heads);
        pl_session_read_returned(session);
    }
    gather_free(gather);
    start_later(shard);
}

/* ---- the end of the turn ---- */

static void start(struct pl_task *task)
{
    struct pl_shard *shard = pl_container_of(task, struct pl_shard, hello_task);
    shard->hello_deferred = false;
    while (may_list(shard))
        read_lists(shard);
    while (may_read_heads(shard))
        read_heads(shard);
}
