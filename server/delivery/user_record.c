/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A user's record: the sessions of the user on this node. It is where a newer stream of a device ends the older, as a
 * newer call of Sync does with an older one, and where a user's new chat finds the sessions that must take it up.
 */
#include <stdlib.h>
#include <uthash.h>

#include "base/clock.h"
#include "delivery/presence.h"
#include "delivery/session.h"
#include "delivery/shard.h"
#include "delivery/watch.h"
#include "server.h"

#define RECONNECT_SPREAD_MS 5000

struct user_record {
    UT_hash_handle hh;
    struct pl_user_id user_id;
    TAILQ_HEAD(, pl_session) sessions;
    unsigned present; /* sessions that were heard of lately */
    int64_t seen_us;  /* when the last of them went, as far as the table may not say so; else 0 */
    TAILQ_HEAD(, pl_watch) watches;
};

enum notice_kind { NOTICE_JOINED, NOTICE_AUDIENCE_CHANGED, NOTICE_END };

struct notice {
    struct pl_task task;
    enum notice_kind kind;
    struct pl_session *session;
    struct pl_chat_id chat_id; /* JOINED */
    enum pl_status status;     /* END */
    int reconnect_after_ms;
};

static void run_notice(struct pl_task *task)
{
    struct notice *notice = pl_container_of(task, struct notice, task);
    switch (notice->kind) {
    case NOTICE_JOINED:
        pl_session_joined(notice->session, &notice->chat_id);
        break;
    case NOTICE_AUDIENCE_CHANGED:
        pl_session_check_watches(notice->session, NULL);
        break;
    case NOTICE_END:
        pl_session_end(notice->session, notice->status, notice->reconnect_after_ms);
        break;
    }
    free(notice);
}

static void post_notice(const struct notice *content)
{
    struct notice *notice = malloc(sizeof(*notice));
    pl_assert(notice != NULL);
    *notice = *content;
    notice->task.run = run_notice;
    pl_mailbox_post(&notice->session->loop->mailbox, &notice->task);
}

/* Spread over the whole range by the session's own id, so that a drained node's devices do not come back at once. */
static void send_away(struct pl_session *session)
{
    int delay_ms = 1 + (int)(pl_uuid_hash(&session->session_id) % RECONNECT_SPREAD_MS);
    post_notice(&(struct notice){
        .kind = NOTICE_END, .session = session, .status = PL_DRAINING, .reconnect_after_ms = delay_ms});
}

static struct user_record *find(struct pl_shard *shard, const struct pl_user_id *user)
{
    struct user_record *record;
    HASH_FIND(hh, shard->users, user, sizeof(*user), record);
    return record;
}

static struct user_record *find_or_add(struct pl_shard *shard, const struct pl_user_id *user)
{
    struct user_record *record = find(shard, user);
    if (record != NULL)
        return record;
    record = calloc(1, sizeof(*record));
    pl_assert(record != NULL);
    record->user_id = *user;
    record->seen_us = pl_shard_unsaved_us(shard, user);
    TAILQ_INIT(&record->sessions);
    TAILQ_INIT(&record->watches);
    HASH_ADD(hh, shard->users, user_id, sizeof(record->user_id), record);
    return record;
}

static void end_older(struct user_record *record, const struct pl_session *newer)
{
    struct pl_session *session;
    TAILQ_FOREACH (session, &record->sessions, of_user) {
        bool is_of_kind = (session->poll != NULL) == (newer->poll != NULL);
        if (!is_of_kind || !pl_uuid_equal(&session->principal.device_id.uuid, &newer->principal.device_id.uuid))
            continue;
        if (newer->poll == NULL)
            pl_metrics_add(&newer->hub->server->metrics, PL_METRIC_sessions_replaced_total, 1);
        post_notice(&(struct notice){.kind = NOTICE_END, .session = session, .status = PL_SESSION_REPLACED});
    }
}

static void drop_unneeded(struct pl_shard *shard, struct user_record *record)
{
    if (!TAILQ_EMPTY(&record->sessions) || !TAILQ_EMPTY(&record->watches))
        return;
    HASH_DEL(shard->users, record);
    free(record);
}

/* ---- who is there ---- */

static void check_watches(struct pl_shard *shard, struct user_record *record)
{
    struct pl_watch *watch;
    TAILQ_FOREACH (watch, &record->watches, of_record)
        pl_watch_make_due(shard, watch);
}

static void set_present(struct user_record *record, struct pl_session *session, bool is_present)
{
    struct pl_shard *shard = pl_hub_user_shard(session->hub, &record->user_id);
    if (session->is_present == is_present)
        return;
    session->is_present = is_present;
    record->present += is_present ? 1U : -1U;
    if (record->present != (is_present ? 1 : 0))
        return;
    pl_shard_count_online(shard, is_present ? 1 : -1);
    check_watches(shard, record);
    if (is_present)
        return;
    record->seen_us = pl_clock_wall_us();
    pl_shard_saw(shard, &record->user_id, record->seen_us);
}

void pl_user_record_set_present(struct pl_session *session, bool is_present)
{
    struct pl_shard *shard = pl_hub_user_shard(session->hub, &session->principal.user_id);
    set_present(find(shard, &session->principal.user_id), session, is_present);
}

bool pl_user_record_is_online(struct pl_shard *shard, const struct pl_user_id *user)
{
    const struct user_record *record = find(shard, user);
    return record != NULL && record->present > 0;
}

int64_t pl_user_record_last_seen_us(struct pl_shard *shard, const struct pl_user_id *user, int64_t since_us)
{
    const struct user_record *record = find(shard, user);
    return record != NULL && record->seen_us > since_us ? record->seen_us : since_us;
}

void pl_user_record_attach(struct pl_watch *watch)
{
    struct pl_shard *shard = pl_hub_user_shard(watch->session->hub, &watch->user_id);
    struct user_record *record = find_or_add(shard, &watch->user_id);
    TAILQ_INSERT_TAIL(&record->watches, watch, of_record);
    pl_watch_make_due(shard, watch);
}

void pl_user_record_detach(struct pl_watch *watch)
{
    struct pl_shard *shard = pl_hub_user_shard(watch->session->hub, &watch->user_id);
    struct user_record *record = find(shard, &watch->user_id);
    TAILQ_REMOVE(&record->watches, watch, of_record);
    pl_watch_forget_due(shard, watch);
    drop_unneeded(shard, record);
}

void pl_user_record_check_watches(struct pl_shard *shard, const struct pl_user_id *user)
{
    struct user_record *record = find(shard, user);
    if (record == NULL)
        return;
    check_watches(shard, record);
    struct pl_session *session;
    TAILQ_FOREACH (session, &record->sessions, of_user)
        post_notice(&(struct notice){.kind = NOTICE_AUDIENCE_CHANGED, .session = session});
}

void pl_user_records_saw(struct pl_shard *shard)
{
    struct user_record *record, *next;
    HASH_ITER (hh, shard->users, record, next)
        if (record->present > 0)
            pl_shard_saw(shard, &record->user_id, pl_clock_wall_us());
}

void pl_user_record_register(struct pl_task *task)
{
    struct pl_session *session = pl_container_of(task, struct pl_session, user_task);
    struct pl_shard *shard = pl_hub_user_shard(session->hub, &session->principal.user_id);
    struct user_record *record = find_or_add(shard, &session->principal.user_id);
    end_older(record, session);
    TAILQ_INSERT_TAIL(&record->sessions, session, of_user);
    set_present(record, session, session->poll == NULL);
    if (shard->draining)
        send_away(session);
    session->user_task.run = pl_session_registered;
    pl_mailbox_post(&session->loop->mailbox, &session->user_task);
}

void pl_user_record_unregister(struct pl_task *task)
{
    struct pl_session *session = pl_container_of(task, struct pl_session, user_task);
    struct pl_shard *shard = pl_hub_user_shard(session->hub, &session->principal.user_id);
    struct user_record *record = find(shard, &session->principal.user_id);
    set_present(record, session, false);
    TAILQ_REMOVE(&record->sessions, session, of_user);
    drop_unneeded(shard, record);
    session->user_task.run = pl_session_unregistered;
    pl_mailbox_post(&session->loop->mailbox, &session->user_task);
}

void pl_user_record_joined(struct pl_shard *shard, const struct pl_user_id *user, const struct pl_chat_id *chat)
{
    struct user_record *record = find(shard, user);
    if (record == NULL)
        return;
    struct pl_session *session;
    TAILQ_FOREACH (session, &record->sessions, of_user)
        post_notice(&(struct notice){.kind = NOTICE_JOINED, .session = session, .chat_id = *chat});
}

void pl_user_records_drain(struct pl_shard *shard)
{
    struct user_record *record, *next;
    HASH_ITER (hh, shard->users, record, next) {
        struct pl_session *session;
        TAILQ_FOREACH (session, &record->sessions, of_user)
            send_away(session);
    }
}
