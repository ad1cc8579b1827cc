/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/typing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "rpc/fields.h"
#include "server.h"

#define EVERY_US (INT64_C(1000) * PL_TYPING_EVERY_MS)
#define EXPIRES_US (INT64_C(1000) * PL_TYPING_EXPIRES_MS)
#define KNOWN_US 5000000
#define TELLINGS_MAX 16

static bool is_same(const struct pl_user_id *one, const struct pl_user_id *other)
{
    return pl_uuid_equal(&one->uuid, &other->uuid);
}

static void count(const struct pl_hub *hub, bool is_passed)
{
    pl_metrics_add(&hub->server->metrics, is_passed ? PL_METRIC_typings_total : PL_METRIC_typings_dropped_total, 1);
}

/* ---- the writer's session ---- */

struct said {
    struct pl_chat_id chat_id;
    int64_t at_us; /* 0: the place is free */
    bool is_typing;
};

struct pl_session_typing {
    struct said said[PL_TYPING_CHATS_MAX];
};

/* Where the chat is, or else the oldest place. */
static struct said *find_said(struct pl_session *session, const struct pl_chat_id *chat)
{
    if (session->typing == NULL) {
        session->typing = calloc(1, sizeof(*session->typing));
        pl_assert(session->typing != NULL);
    }
    struct said *oldest = &session->typing->said[0];
    for (unsigned i = 0; i < PL_TYPING_CHATS_MAX; i++) {
        struct said *said = &session->typing->said[i];
        if (said->at_us != 0 && pl_uuid_equal(&said->chat_id.uuid, &chat->uuid))
            return said;
        if (said->at_us < oldest->at_us)
            oldest = said;
    }
    return oldest;
}

/* That somebody stopped is passed on once, after it was passed on that they write. */
static bool is_due(struct pl_session *session, const struct pl_chat_id *chat, bool is_typing)
{
    struct said *said = find_said(session, chat);
    int64_t now_us = pl_clock_now_us();
    bool is_known = said->at_us != 0 && pl_uuid_equal(&said->chat_id.uuid, &chat->uuid);
    if (!is_typing) {
        bool was_typing = is_known && said->is_typing;
        if (is_known)
            said->is_typing = false;
        return was_typing;
    }
    if (said->at_us != 0 && now_us < said->at_us + EVERY_US)
        return false;
    *said = (struct said){.chat_id = *chat, .at_us = now_us, .is_typing = true};
    return true;
}

struct note {
    struct pl_task task;
    struct pl_shard *shard;
    struct pl_chat_id chat_id;
    struct pl_user_id user_id;
    bool is_typing;
};

static void run_note(struct pl_task *task)
{
    struct note *note = pl_container_of(task, struct note, task);
    pl_chat_record_type(note->shard, &note->chat_id, &note->user_id, note->is_typing);
    free(note);
}

static bool is_live(const struct pl_subscription *subscription)
{
    return subscription != NULL &&
           (subscription->state == PL_SUBSCRIPTION_LIVE || subscription->state == PL_SUBSCRIPTION_HINTED);
}

void pl_session_type(struct pl_session *session, const Parley__V1__SetTyping *said)
{
    struct pl_chat_id chat;
    if (pl_uuid_parse(said->chat_id, &chat.uuid) != PL_OK) {
        pl_session_fail(session, PL_INVALID_ID, "a typing's chat_id is not a UUID of 36 characters");
        return;
    }
    if (!is_live(pl_session_find(session, &chat)) || !is_due(session, &chat, said->is_typing)) {
        count(session->hub, false);
        return;
    }
    struct note *note = malloc(sizeof(*note));
    pl_assert(note != NULL);
    *note = (struct note){.task.run = run_note,
                          .shard = pl_hub_chat_shard(session->hub, &chat),
                          .chat_id = chat,
                          .user_id = session->principal.user_id,
                          .is_typing = said->is_typing};
    pl_mailbox_post(&note->shard->loop->mailbox, &note->task);
}

/* ---- the record ---- */

/* Of a chat of two: whether one blocks the other. */
struct pl_chat_typing {
    struct pl_arena arena; /* of the question */
    int64_t known_until_us;
    bool is_blocked;
    bool is_reading;
    bool has_changed; /* since the question */
    bool is_typing;   /* what is to be told after the answer */
    int64_t tail;     /* of the record, at the question */
    struct pl_user_id user_id;
};

struct telling {
    struct pl_task task;
    struct pl_subscription *subscription;
    struct pl_user_id user_id;
    int64_t until_us; /* 0: no more */
};

static void run_telling(struct pl_task *task);

static bool follows(const struct pl_subscription *subscription)
{
    return (subscription->in_list || subscription->is_hinted) && !subscription->is_former;
}

static bool is_member(const struct chat_record *record, const struct pl_user_id *user)
{
    const struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached)
        if (follows(subscription) && is_same(&subscription->session->principal.user_id, user))
            return true;
    return false;
}

static void tell(struct pl_subscription *subscription, const struct pl_user_id *user, int64_t until_us)
{
    struct telling *telling = malloc(sizeof(*telling));
    pl_assert(telling != NULL);
    *telling = (struct telling){{.run = run_telling}, subscription, *user, until_us};
    pl_mailbox_post(&subscription->session->loop->mailbox, &telling->task);
}

static void tell_others(struct chat_record *record, const struct pl_user_id *user, bool is_typing)
{
    int64_t until_us = is_typing ? pl_clock_now_us() + EXPIRES_US : 0;
    struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached)
        if (follows(subscription) && subscription->session->poll == NULL &&
            !is_same(&subscription->session->principal.user_id, user))
            tell(subscription, user, until_us);
    count(record->shard->hub, true);
}

static void on_read(struct pl_query *query, void *context)
{
    struct chat_record *record = context;
    struct pl_chat_typing *typing = record->typing;
    const struct pl_rows *rows = &query->steps[0].rows;
    typing->is_reading = false;
    bool is_known = query->status == PL_OK && pl_rows_count(rows) > 0 && !typing->has_changed;
    typing->is_blocked = !is_known || pl_rows_bool(rows, 0, 0);
    typing->known_until_us = is_known ? pl_clock_now_us() + KNOWN_US : 0;
    pl_arena_fini(&typing->arena);
    /* What came meanwhile may be the message itself, behind which nobody is told that it is being written. */
    if (typing->is_blocked || record->tail != typing->tail)
        count(record->shard->hub, false);
    else
        tell_others(record, &typing->user_id, typing->is_typing);
    pl_chat_record_returned(record);
}

static void read_block(struct chat_record *record)
{
    struct pl_chat_typing *typing = record->typing;
    typing->is_reading = true;
    typing->has_changed = false;
    typing->tail = record->tail;
    pl_arena_init(&typing->arena, 0);
    struct pl_query *query = pl_query_new(&typing->arena, &record->shard->loop->mailbox, on_read, record);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_CHAT_IS_BLOCKED), &record->chat_id.uuid);
    pl_db_query(record->shard->hub->server->db, query);
}

static void type_to_one(struct chat_record *record, const struct pl_user_id *user, bool is_typing)
{
    if (record->typing == NULL) {
        record->typing = calloc(1, sizeof(*record->typing));
        pl_assert(record->typing != NULL);
    }
    struct pl_chat_typing *typing = record->typing;
    bool is_known = pl_clock_now_us() < typing->known_until_us;
    if (is_known && !typing->is_blocked) {
        tell_others(record, user, is_typing);
    } else if (is_known || typing->is_reading) {
        count(record->shard->hub, false);
    } else {
        typing->user_id = *user;
        typing->is_typing = is_typing;
        read_block(record);
    }
}

void pl_chat_record_type(struct pl_shard *shard, const struct pl_chat_id *chat, const struct pl_user_id *user,
                         bool is_typing)
{
    struct chat_record *record;
    HASH_FIND(hh, shard->chats, chat, sizeof(*chat), record);
    bool is_passed =
        record != NULL && record->listed + record->hinted <= PL_TYPING_STREAMS_MAX && is_member(record, user);
    if (!is_passed)
        count(shard->hub, false);
    else if (record->is_group)
        tell_others(record, user, is_typing);
    else
        type_to_one(record, user, is_typing);
}

void pl_chat_record_forget_block(struct pl_shard *shard, const struct pl_chat_id *chat)
{
    struct chat_record *record;
    HASH_FIND(hh, shard->chats, chat, sizeof(*chat), record);
    if (record == NULL || record->typing == NULL)
        return;
    record->typing->known_until_us = 0;
    record->typing->has_changed = true;
}

bool pl_typing_is_read(const struct chat_record *record)
{
    return record->typing != NULL && record->typing->is_reading;
}

void pl_typing_free(struct chat_record *record)
{
    free(record->typing);
    record->typing = NULL;
}

/* ---- the other sessions ---- */

struct heard {
    struct pl_subscription *subscription;
    struct pl_user_id user_id;
    int64_t until_us;
};

struct pl_heard_typings {
    unsigned count;
    struct heard all[TELLINGS_MAX];
};

static struct pl_heard_typings *heard_of(struct pl_session *session)
{
    if (session->heard_typings == NULL) {
        session->heard_typings = calloc(1, sizeof(*session->heard_typings));
        pl_assert(session->heard_typings != NULL);
    }
    return session->heard_typings;
}

/* A session that is behind has more important things to tell. */
static bool may_hear(const struct pl_subscription *subscription)
{
    const struct pl_session *session = subscription->session;
    return pl_session_is_open(session) && is_live(subscription) && pl_session_has_room(session);
}

static void run_telling(struct pl_task *task)
{
    struct telling *telling = pl_container_of(task, struct telling, task);
    struct heard news = {telling->subscription, telling->user_id, telling->until_us};
    free(telling);
    if (!may_hear(news.subscription))
        return;
    struct pl_heard_typings *heard = heard_of(news.subscription->session);
    unsigned at = 0;
    while (at < heard->count &&
           (heard->all[at].subscription != news.subscription || !is_same(&heard->all[at].user_id, &news.user_id)))
        at++;
    if (at == TELLINGS_MAX)
        return;
    heard->all[at] = news;
    heard->count += at == heard->count;
    pl_session_flush_later(news.subscription->session);
}

static void put(const struct heard *heard, int64_t left_us, struct pl_buf *frame)
{
    char chat_id[PL_UUID_TEXT_CHARS + 1];
    char user_id[PL_UUID_TEXT_CHARS + 1];
    Parley__V1__Typing typing = PARLEY__V1__TYPING__INIT;
    pl_uuid_format(&heard->subscription->chat_id.uuid, chat_id);
    pl_uuid_format(&heard->user_id.uuid, user_id);
    typing.chat_id = chat_id;
    typing.user_id = user_id;
    typing.expires_after_ms = (int32_t)((left_us + 999) / 1000);
    pl_session_put_element(frame, PL_SERVER_FRAME_TYPINGS, &typing.base);
}

void pl_session_put_typings(struct pl_session *session, struct pl_buf *frame)
{
    const struct pl_heard_typings *heard = session->heard_typings;
    int64_t now_us = pl_clock_now_us();
    if (heard == NULL)
        return;
    for (unsigned i = 0; i < heard->count; i++) {
        bool is_over = heard->all[i].until_us == 0;
        if (is_over || heard->all[i].until_us > now_us)
            put(&heard->all[i], is_over ? 0 : heard->all[i].until_us - now_us, frame);
    }
    free(session->heard_typings);
    session->heard_typings = NULL;
}

void pl_session_forget_typing(struct pl_subscription *subscription, const struct pl_user_id *user)
{
    struct pl_heard_typings *heard = subscription->session->heard_typings;
    if (heard == NULL)
        return;
    unsigned kept = 0;
    for (unsigned i = 0; i < heard->count; i++)
        if (heard->all[i].subscription != subscription || (user != NULL && !is_same(&heard->all[i].user_id, user)))
            heard->all[kept++] = heard->all[i];
    heard->count = kept;
}

void pl_session_drop_typings(struct pl_session *session)
{
    free(session->typing);
    free(session->heard_typings);
    session->typing = NULL;
    session->heard_typings = NULL;
}
