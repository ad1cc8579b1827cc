/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/presence.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/clock.h"
#include "server.h"

#define SEEN_EVERY_US INT64_C(300000000)
#define SAVE_AGAIN_US 1000000
#define SAVE_MAX 1000
#define SEEN_MAX 65536

/* ---- who was heard of ---- */

static int64_t silent_after_us(const struct pl_hub *hub)
{
    return INT64_C(2000) * hub->server->config.heartbeat_interval_ms;
}

struct note {
    struct pl_task task;
    struct pl_session *session;
    bool is_present;
};

static void run_note(struct pl_task *task)
{
    struct note *note = pl_container_of(task, struct note, task);
    pl_user_record_set_present(note->session, note->is_present);
    free(note);
}

/* The session stays until its record has answered that it is unregistered, which it is asked for behind this. */
static void tell_record(struct pl_session *session, bool is_present)
{
    struct note *note = malloc(sizeof(*note));
    pl_assert(note != NULL);
    *note = (struct note){{.run = run_note}, session, is_present};
    pl_mailbox_post(&pl_hub_user_shard(session->hub, &session->principal.user_id)->loop->mailbox, &note->task);
}

static void arm_silence(struct pl_shard *shard)
{
    const struct pl_session *first = TAILQ_FIRST(&shard->heard);
    if (first != NULL && shard->silence_timer.index == 0)
        pl_timers_arm(&shard->loop->timers, &shard->silence_timer, first->heard_us + silent_after_us(shard->hub));
}

void pl_session_heard(struct pl_session *session)
{
    struct pl_shard *shard = pl_session_shard(session);
    if (session->is_heard)
        TAILQ_REMOVE(&shard->heard, session, heard);
    else if (session->is_silent)
        tell_record(session, true);
    session->is_heard = true;
    session->is_silent = false;
    session->heard_us = pl_clock_now_us();
    TAILQ_INSERT_TAIL(&shard->heard, session, heard);
    arm_silence(shard);
}

void pl_session_forget_heard(struct pl_session *session)
{
    struct pl_shard *shard = pl_session_shard(session);
    if (!session->is_heard)
        return;
    session->is_heard = false;
    TAILQ_REMOVE(&shard->heard, session, heard);
    if (TAILQ_EMPTY(&shard->heard))
        pl_timers_disarm(&shard->loop->timers, &shard->silence_timer);
}

static void on_silence(struct pl_timer *timer)
{
    struct pl_shard *shard = pl_container_of(timer, struct pl_shard, silence_timer);
    int64_t before_us = pl_clock_now_us() - silent_after_us(shard->hub);
    struct pl_session *session;
    while ((session = TAILQ_FIRST(&shard->heard)) != NULL && session->heard_us <= before_us) {
        pl_session_forget_heard(session);
        session->is_silent = true;
        tell_record(session, false);
    }
    arm_silence(shard);
}

/* ---- when users were last seen ---- */

struct pl_seen {
    struct pl_user_id user_id;
    int64_t at_us;
};

struct pl_saving {
    struct pl_arena arena;
    struct pl_shard *shard;
    unsigned count;
    struct pl_seen seen[];
};

static void save(struct pl_shard *shard);

static void save_later(struct pl_shard *shard)
{
    if (shard->save_deferred || shard->saving != NULL || shard->save_timer.index != 0 || shard->seen_count == 0)
        return;
    shard->save_deferred = true;
    pl_loop_defer(shard->loop, &shard->save_task);
}

/* A database that is away for long costs the times of those who went last, not the memory. */
static void put_seen(struct pl_shard *shard, const struct pl_seen *seen)
{
    if (shard->seen_count == SEEN_MAX)
        return;
    if (shard->seen_count == shard->seen_places) {
        shard->seen_places = MAX(16, 2 * shard->seen_places);
        shard->seen = realloc(shard->seen, shard->seen_places * sizeof(*seen));
        pl_assert(shard->seen != NULL);
    }
    shard->seen[shard->seen_count++] = *seen;
}

void pl_shard_saw(struct pl_shard *shard, const struct pl_user_id *user, int64_t at_us)
{
    if (shard->seen_count == 0 && shard->saving == NULL)
        pl_hub_count_session(shard->hub, 1);
    put_seen(shard, &(struct pl_seen){*user, at_us});
    save_later(shard);
}

static int64_t latest_us(const struct pl_seen *seen, unsigned count, const struct pl_user_id *user)
{
    int64_t at_us = 0;
    for (unsigned i = 0; i < count; i++)
        if (seen[i].at_us > at_us && pl_uuid_equal(&seen[i].user_id.uuid, &user->uuid))
            at_us = seen[i].at_us;
    return at_us;
}

int64_t pl_shard_unsaved_us(const struct pl_shard *shard, const struct pl_user_id *user)
{
    const struct pl_saving *saving = shard->saving;
    int64_t waiting_us = latest_us(shard->seen, shard->seen_count, user);
    int64_t saving_us = saving != NULL ? latest_us(saving->seen, saving->count, user) : 0;
    return MAX(waiting_us, saving_us);
}

static void drop_seen(struct pl_shard *shard)
{
    free(shard->seen);
    shard->seen = NULL;
    shard->seen_count = shard->seen_places = 0;
}

static void on_saved(struct pl_query *query, void *context)
{
    struct pl_saving *saving = context;
    struct pl_shard *shard = saving->shard;
    bool is_saved = query->status == PL_OK;
    shard->saving = NULL;
    for (unsigned i = 0; i < saving->count && !is_saved; i++)
        put_seen(shard, &saving->seen[i]);
    pl_arena_fini(&saving->arena);
    free(saving);
    if (!is_saved && shard->draining)
        drop_seen(shard);
    if (shard->seen_count == 0) {
        drop_seen(shard);
        pl_hub_count_session(shard->hub, -1);
    } else if (is_saved) {
        save_later(shard);
    } else {
        pl_timers_arm(&shard->loop->timers, &shard->save_timer, pl_clock_now_us() + SAVE_AGAIN_US);
    }
}

static void put_users(const struct pl_saving *saving, struct pl_params *params)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, saving->count);
    for (unsigned i = 0; i < saving->count; i++)
        pl_array_uuid(&array, &saving->seen[i].user_id.uuid);
    pl_array_end(&array);
    pl_array_begin(&array, params, PL_ELEMENT_TIME, saving->count);
    for (unsigned i = 0; i < saving->count; i++)
        pl_array_time(&array, saving->seen[i].at_us);
    pl_array_end(&array);
}

/* The latest first: what is left is as good later. */
static void save(struct pl_shard *shard)
{
    unsigned count = MIN(shard->seen_count, SAVE_MAX);
    struct pl_saving *saving = malloc(sizeof(*saving) + count * sizeof(saving->seen[0]));
    pl_assert(saving != NULL);
    pl_arena_init(&saving->arena, 0);
    saving->shard = shard;
    saving->count = count;
    shard->seen_count -= count;
    memcpy(saving->seen, shard->seen + shard->seen_count, count * sizeof(saving->seen[0]));
    shard->saving = saving;
    struct pl_query *query = pl_query_new(&saving->arena, &shard->loop->mailbox, on_saved, saving);
    put_users(saving, pl_query_add(query, PL_STATEMENT_LAST_SEEN_SAVE));
    pl_db_query(shard->hub->server->db, query);
}

static void run_save(struct pl_task *task)
{
    struct pl_shard *shard = pl_container_of(task, struct pl_shard, save_task);
    shard->save_deferred = false;
    save(shard);
}

static void on_save_again(struct pl_timer *timer)
{
    save_later(pl_container_of(timer, struct pl_shard, save_timer));
}

static void on_seen(struct pl_timer *timer)
{
    struct pl_shard *shard = pl_container_of(timer, struct pl_shard, seen_timer);
    /* What waits for the database says already when they were seen, or they are here to say it later. */
    if (shard->save_timer.index == 0)
        pl_user_records_saw(shard);
    pl_timers_arm(&shard->loop->timers, &shard->seen_timer, pl_clock_now_us() + SEEN_EVERY_US);
}

void pl_shard_count_online(struct pl_shard *shard, int change)
{
    shard->online_count += (unsigned)change;
    pl_metrics_add(&shard->hub->server->metrics, PL_METRIC_users_online, change);
    if (shard->online_count == 0)
        pl_timers_disarm(&shard->loop->timers, &shard->seen_timer);
    else if (shard->seen_timer.index == 0)
        pl_timers_arm(&shard->loop->timers, &shard->seen_timer, pl_clock_now_us() + SEEN_EVERY_US);
}

void pl_shard_init_presence(struct pl_shard *shard)
{
    TAILQ_INIT(&shard->heard);
    shard->silence_timer.run = on_silence;
    shard->seen_timer.run = on_seen;
    shard->save_timer.run = on_save_again;
    shard->save_task.run = run_save;
}

void pl_shard_drain_presence(struct pl_shard *shard)
{
    pl_timers_disarm(&shard->loop->timers, &shard->save_timer);
    save_later(shard);
}

void pl_shard_fini_presence(struct pl_shard *shard)
{
    pl_assert(shard->seen_count == 0 && shard->saving == NULL);
    drop_seen(shard);
}

/* ---- questions ---- */

static void run_answer(struct pl_task *task)
{
    struct pl_presence_question *question = pl_container_of(task, struct pl_presence_question, task);
    question->done(question);
}

static void run_question(struct pl_task *task)
{
    struct pl_presence_question *question = pl_container_of(task, struct pl_presence_question, task);
    question->is_online = pl_user_record_is_online(question->shard, &question->user_id);
    question->unsaved_us = pl_shard_unsaved_us(question->shard, &question->user_id);
    question->task.run = run_answer;
    pl_mailbox_post(question->home, &question->task);
}

void pl_hub_ask_presence(struct pl_hub *hub, struct pl_presence_question *question)
{
    question->shard = pl_hub_user_shard(hub, &question->user_id);
    question->task.run = run_question;
    pl_mailbox_post(&question->shard->loop->mailbox, &question->task);
}
