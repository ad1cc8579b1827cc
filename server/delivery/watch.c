/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "delivery/presence.h"
#include "parley/v1/presence_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"

#define CHECK_MAX 1000
#define CHECK_AGAIN_US 1000000

struct pl_watches {
    TAILQ_HEAD(, pl_watch) all;
    unsigned count;
    unsigned telling_count;
};

/* ---- the session's half ---- */

static void run_gone(struct pl_task *task)
{
    struct pl_watch *watch = pl_container_of(task, struct pl_watch, task);
    struct pl_session *session = watch->session;
    struct pl_watches *watches = session->watches;
    TAILQ_REMOVE(&watches->all, watch, of_session);
    watches->count--;
    watches->telling_count -= watch->is_telling;
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_presence_watches, -1);
    free(watch);
    if (watches->count > 0)
        return;
    free(watches);
    session->watches = NULL;
    pl_session_returned(session);
}

static void run_attach(struct pl_task *task)
{
    struct pl_watch *watch = pl_container_of(task, struct pl_watch, task);
    pl_user_record_attach(watch);
}

static void detach(struct pl_watch *watch)
{
    pl_user_record_detach(watch);
    watch->is_gone = true;
    if (watch->is_asked)
        return;
    watch->task.run = run_gone;
    pl_mailbox_post(&watch->session->loop->mailbox, &watch->task);
}

/* To the record, behind what was posted before: attaching may still be on its way in the watch's own task. */
struct order {
    struct pl_task task;
    struct pl_watch *watch;
};

static void post_order(struct pl_watch *watch, void (*run)(struct pl_task *task))
{
    struct order *order = malloc(sizeof(*order));
    pl_assert(order != NULL);
    *order = (struct order){{.run = run}, watch};
    pl_mailbox_post(&pl_hub_user_shard(watch->session->hub, &watch->user_id)->loop->mailbox, &order->task);
}

static void run_leave(struct pl_task *task)
{
    struct order *order = pl_container_of(task, struct order, task);
    detach(order->watch);
    free(order);
}

static void leave(struct pl_watch *watch)
{
    if (watch->is_leaving)
        return;
    watch->is_leaving = true;
    watch->session->watches->telling_count -= watch->is_telling;
    watch->is_telling = false;
    post_order(watch, run_leave);
}

static void run_check_again(struct pl_task *task)
{
    struct order *order = pl_container_of(task, struct order, task);
    pl_watch_make_due(pl_hub_user_shard(order->watch->session->hub, &order->watch->user_id), order->watch);
    free(order);
}

static void add(struct pl_session *session, const struct pl_user_id *user)
{
    struct pl_watch *watch = calloc(1, sizeof(*watch));
    pl_assert(watch != NULL);
    watch->session = session;
    watch->user_id = *user;
    watch->task.run = run_attach;
    TAILQ_INSERT_TAIL(&session->watches->all, watch, of_session);
    session->watches->count++;
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_presence_watches, 1);
    pl_mailbox_post(&pl_hub_user_shard(session->hub, user)->loop->mailbox, &watch->task);
}

static bool is_among(const struct pl_user_id *user, const struct pl_user_id *users, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pl_uuid_equal(&user->uuid, &users[i].uuid))
            return true;
    return false;
}

static bool is_watched(const struct pl_session *session, const struct pl_user_id *user)
{
    const struct pl_watch *watch;
    TAILQ_FOREACH (watch, &session->watches->all, of_session)
        if (!watch->is_leaving && pl_uuid_equal(&watch->user_id.uuid, &user->uuid))
            return true;
    return false;
}

static void set_watches(struct pl_session *session, const struct pl_user_id *users, size_t count)
{
    if (session->watches == NULL && count == 0)
        return;
    if (session->watches == NULL) {
        session->watches = calloc(1, sizeof(*session->watches));
        pl_assert(session->watches != NULL);
        TAILQ_INIT(&session->watches->all);
    }
    struct pl_watch *watch;
    TAILQ_FOREACH (watch, &session->watches->all, of_session)
        if (!is_among(&watch->user_id, users, count))
            leave(watch);
    for (size_t i = 0; i < count; i++)
        if (!is_watched(session, &users[i]))
            add(session, &users[i]);
}

void pl_session_watch_presence(struct pl_session *session, const Parley__V1__WatchPresence *said)
{
    struct pl_user_id users[PL_PRESENCE_USERS_MAX];
    if (said->n_user_ids > PL_PRESENCE_USERS_MAX) {
        pl_session_fail(session, PL_INVALID_ARGUMENT, "watch.user_ids must be at most 256");
        return;
    }
    for (size_t i = 0; i < said->n_user_ids; i++)
        if (pl_uuid_parse(said->user_ids[i], &users[i].uuid) != PL_OK) {
            pl_session_fail(session, PL_INVALID_ID, "one of watch.user_ids is not a UUID of 36 characters");
            return;
        }
    /* Those that are leaving are soon gone, unless the device changes its mind faster than that. */
    if (session->watches != NULL && session->watches->count > 4 * PL_PRESENCE_USERS_MAX) {
        pl_session_fail(session, PL_OVERLOADED, "watch came too often on this stream");
        return;
    }
    set_watches(session, users, said->n_user_ids);
}

void pl_session_end_watches(struct pl_session *session)
{
    struct pl_watch *watch;
    if (session->watches == NULL)
        return;
    TAILQ_FOREACH (watch, &session->watches->all, of_session)
        leave(watch);
}

static bool concerns(const struct pl_entry *entry, const struct pl_user_id *user)
{
    return pl_entry_adds(entry, user) || pl_entry_removes(entry, user);
}

void pl_session_check_watches(struct pl_session *session, const struct pl_entry *entry)
{
    if (session->watches == NULL || (entry != NULL && entry->users == NULL))
        return;
    bool is_own = entry == NULL || concerns(entry, &session->principal.user_id);
    struct pl_watch *watch;
    TAILQ_FOREACH (watch, &session->watches->all, of_session)
        if (!watch->is_leaving && (is_own || concerns(entry, &watch->user_id)))
            post_order(watch, run_check_again);
}

static void put(const struct pl_watch *watch, struct pl_buf *frame, struct pl_arena *arena)
{
    Parley__V1__Presence presence = PARLEY__V1__PRESENCE__INIT;
    presence.user_id = pl_field_uuid(&watch->user_id.uuid, arena);
    presence.online = watch->is_online;
    presence.last_seen = pl_field_time(watch->last_seen_us, arena);
    pl_session_put_element(frame, PL_SERVER_FRAME_PRESENCES, &presence.base);
}

void pl_session_put_presences(struct pl_session *session, struct pl_buf *frame)
{
    struct pl_watches *watches = session->watches;
    if (watches == NULL || watches->telling_count == 0)
        return;
    struct pl_arena arena;
    struct pl_watch *watch;
    pl_arena_init(&arena, 0);
    TAILQ_FOREACH (watch, &watches->all, of_session) {
        if (watch->is_telling)
            put(watch, frame, &arena);
        watch->is_telling = false;
    }
    watches->telling_count = 0;
    pl_arena_fini(&arena);
}

struct telling {
    struct pl_task task;
    struct pl_watch *watch;
    bool is_online;
    int64_t last_seen_us;
};

static void run_telling(struct pl_task *task)
{
    struct telling *telling = pl_container_of(task, struct telling, task);
    struct pl_watch *watch = telling->watch;
    watch->is_online = telling->is_online;
    watch->last_seen_us = telling->last_seen_us;
    free(telling);
    if (watch->is_leaving || !pl_session_is_open(watch->session))
        return;
    watch->session->watches->telling_count += !watch->is_telling;
    watch->is_telling = true;
    pl_session_flush_later(watch->session);
}

/* ---- the record's half ---- */

static void tell(struct pl_watch *watch, bool is_online, int64_t last_seen_us)
{
    if (watch->was_told && watch->told_online == is_online && watch->told_last_seen_us == last_seen_us)
        return;
    watch->was_told = true;
    watch->told_online = is_online;
    watch->told_last_seen_us = last_seen_us;
    struct telling *telling = malloc(sizeof(*telling));
    pl_assert(telling != NULL);
    *telling = (struct telling){{.run = run_telling}, watch, is_online, last_seen_us};
    pl_mailbox_post(&watch->session->loop->mailbox, &telling->task);
}

struct check {
    struct pl_arena arena;
    struct pl_shard *shard;
    unsigned count;
    struct pl_watch *watches[CHECK_MAX];
};

static void check_later(struct pl_shard *shard)
{
    if (shard->check_deferred || shard->is_checking || shard->check_timer.index != 0 || TAILQ_EMPTY(&shard->due))
        return;
    shard->check_deferred = true;
    pl_loop_defer(shard->loop, &shard->check_task);
}

void pl_watch_make_due(struct pl_shard *shard, struct pl_watch *watch)
{
    if (watch->is_due)
        return;
    watch->is_due = true;
    TAILQ_INSERT_TAIL(&shard->due, watch, due);
    check_later(shard);
}

void pl_watch_forget_due(struct pl_shard *shard, struct pl_watch *watch)
{
    if (!watch->is_due)
        return;
    watch->is_due = false;
    TAILQ_REMOVE(&shard->due, watch, due);
    if (TAILQ_EMPTY(&shard->due))
        pl_timers_disarm(&shard->loop->timers, &shard->check_timer);
}

/* The rows are of those who may know, by number. */
static void tell_checked(const struct check *check, const struct pl_rows *rows)
{
    int row = 0;
    for (unsigned i = 0; i < check->count; i++) {
        struct pl_watch *watch = check->watches[i];
        bool may_know = row < pl_rows_count(rows) && pl_rows_int(rows, row, 0) == i + 1;
        bool is_online = may_know && pl_user_record_is_online(check->shard, &watch->user_id);
        int64_t last_seen_us = may_know && !is_online ? pl_rows_time(rows, row, 1) : 0;
        if (may_know && !is_online)
            last_seen_us = pl_user_record_last_seen_us(check->shard, &watch->user_id, last_seen_us);
        row += may_know;
        /* Who never might know is told nothing; who might is told that it is over. */
        if (!watch->is_gone && (may_know || watch->was_told))
            tell(watch, is_online, last_seen_us);
    }
}

static void on_checked(struct pl_query *query, void *context)
{
    struct check *check = context;
    struct pl_shard *shard = check->shard;
    bool is_answered = query->status == PL_OK;
    shard->is_checking = false;
    if (is_answered)
        tell_checked(check, &query->steps[0].rows);
    else
        pl_timers_arm(&shard->loop->timers, &shard->check_timer, pl_clock_now_us() + CHECK_AGAIN_US);
    for (unsigned i = 0; i < check->count; i++) {
        struct pl_watch *watch = check->watches[i];
        watch->is_asked = false;
        if (watch->is_gone) {
            watch->task.run = run_gone;
            pl_mailbox_post(&watch->session->loop->mailbox, &watch->task);
        } else if (!is_answered) {
            pl_watch_make_due(shard, watch);
        }
    }
    pl_arena_fini(&check->arena);
    free(check);
    if (TAILQ_EMPTY(&shard->due))
        pl_timers_disarm(&shard->loop->timers, &shard->check_timer);
    check_later(shard);
}

static void put_column(const struct check *check, struct pl_params *params, int column)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, check->count);
    for (unsigned i = 0; i < check->count; i++) {
        const struct pl_watch *watch = check->watches[i];
        const struct pl_principal *viewer = &watch->session->principal;
        pl_array_uuid(&array, column == 0 ? &watch->user_id.uuid : &viewer->user_id.uuid);
    }
    pl_array_end(&array);
}

static void run_check(struct pl_task *task)
{
    struct pl_shard *shard = pl_container_of(task, struct pl_shard, check_task);
    shard->check_deferred = false;
    if (TAILQ_EMPTY(&shard->due))
        return;
    struct check *check = malloc(sizeof(*check));
    pl_assert(check != NULL);
    pl_arena_init(&check->arena, 0);
    check->shard = shard;
    check->count = 0;
    struct pl_watch *watch;
    while ((watch = TAILQ_FIRST(&shard->due)) != NULL && check->count < CHECK_MAX) {
        TAILQ_REMOVE(&shard->due, watch, due);
        watch->is_due = false;
        watch->is_asked = true;
        check->watches[check->count++] = watch;
    }
    shard->is_checking = true;
    struct pl_query *query = pl_query_new(&check->arena, &shard->loop->mailbox, on_checked, check);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_PRESENCES_SHOWN);
    put_column(check, params, 0);
    put_column(check, params, 1);
    pl_db_query(shard->hub->server->db, query);
}

static void on_check_again(struct pl_timer *timer)
{
    check_later(pl_container_of(timer, struct pl_shard, check_timer));
}

void pl_shard_init_watches(struct pl_shard *shard)
{
    TAILQ_INIT(&shard->due);
    shard->check_task.run = run_check;
    shard->check_timer.run = on_check_again;
}
