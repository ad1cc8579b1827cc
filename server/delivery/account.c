/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "chats/self_chat.h"
#include "delivery/shard.h"
#include "parley/v1/message_service.pb-c.h"
#include "server.h"

#define AGAIN_US 1000000
#define BODY_BYTES_MAX 256

struct telling {
    struct pl_task task;
    struct pl_timer timer;
    struct pl_append append;
    struct pl_arena arena; /* of the look-up */
    struct pl_shard *shard;
    struct pl_app_id app_id;
    enum pl_account_event event;
    struct pl_uuid subject;
    int64_t seq;
    bool is_unsure;
    uint8_t body[BODY_BYTES_MAX];
    size_t body_bytes;
    size_t count;
    size_t next;
    struct pl_user_id users[];
};

static void on_told(struct pl_append *append);
static void on_confirmed(struct pl_query *query, void *context);

static const char *const names[] = {
    [PL_ACCOUNT_CHAT_JOINED] = "joined",
    [PL_ACCOUNT_CHAT_LEFT] = "left",
    [PL_ACCOUNT_DEVICE_ADDED] = "device added",
    [PL_ACCOUNT_DEVICE_REVOKED] = "device revoked",
    [PL_ACCOUNT_USER_UPDATED] = "user updated",
    [PL_ACCOUNT_USER_BLOCKED] = "user blocked",
    [PL_ACCOUNT_USER_UNBLOCKED] = "user unblocked",
    [PL_ACCOUNT_MESSAGE_HIDDEN] = "message hidden",
};

static void pack(struct telling *telling, const Parley__V1__ChatEvent *event)
{
    telling->body_bytes = parley__v1__chat_event__get_packed_size(event);
    pl_assert(telling->body_bytes <= BODY_BYTES_MAX);
    parley__v1__chat_event__pack(event, telling->body);
}

static void put_body(struct telling *telling, const struct pl_account_news *news)
{
    char subject[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&news->subject, subject);
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    Parley__V1__ChatPlace place = PARLEY__V1__CHAT_PLACE__INIT;
    Parley__V1__UserUpdated updated = PARLEY__V1__USER_UPDATED__INIT;
    place.chat_id = subject;
    place.seq = news->seq;
    updated.fields = (char **)news->fields;
    updated.n_fields = news->field_count;
    switch (news->event) {
    case PL_ACCOUNT_CHAT_JOINED:
        event.chat_joined = &place;
        break;
    case PL_ACCOUNT_CHAT_LEFT:
        event.chat_left = &place;
        break;
    case PL_ACCOUNT_DEVICE_ADDED:
        event.device_added = subject;
        break;
    case PL_ACCOUNT_DEVICE_REVOKED:
        event.device_revoked = subject;
        break;
    case PL_ACCOUNT_USER_UPDATED:
        event.user_updated = &updated;
        break;
    case PL_ACCOUNT_MESSAGE_HIDDEN:
        event.message_hidden = &place;
        break;
    case PL_ACCOUNT_USER_BLOCKED:
        event.user_blocked = subject;
        break;
    case PL_ACCOUNT_USER_UNBLOCKED:
        event.user_unblocked = subject;
        break;
    }
    pack(telling, &event);
}

static void finish(struct telling *telling)
{
    struct pl_hub *hub = telling->shard->hub;
    free(telling);
    pl_hub_count_session(hub, -1);
}

/* ---- what is known to have happened ---- */

static void tell_next(struct telling *telling)
{
    if (telling->next == telling->count) {
        finish(telling);
        return;
    }
    struct pl_user_id user = telling->users[telling->next];
    telling->append = (struct pl_append){
        .home = &telling->shard->loop->mailbox,
        .done = on_told,
        .app_id = telling->app_id,
        .message =
            {
                .chat_id = pl_self_chat_id(telling->app_id, user),
                .message_id = pl_self_message_id(names[telling->event], telling->subject, telling->seq, user),
                .sender_id = user,
                .recipient_id = user,
                .message_type = PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_SYSTEM,
                .entry_kind = PL_ENTRY_ACCOUNT,
                .body_kind = PL_BODY_EVENT,
                .body = telling->body,
                .body_bytes = telling->body_bytes,
            },
    };
    pl_db_append(telling->shard->hub->server->db, &telling->append);
}

/* ---- what may have happened ---- */

static void confirm(struct telling *telling)
{
    pl_arena_init(&telling->arena, 0);
    struct pl_query *query = pl_query_new(&telling->arena, &telling->shard->loop->mailbox, on_confirmed, telling);
    const struct pl_uuid *user = &telling->users[0].uuid;
    if (telling->event == PL_ACCOUNT_DEVICE_ADDED) {
        struct pl_params *device = pl_query_add(query, PL_STATEMENT_AUTH_DEVICE);
        pl_params_uuid(device, user);
        pl_params_uuid(device, &telling->subject);
    } else {
        pl_assert(telling->event == PL_ACCOUNT_CHAT_JOINED);
        struct pl_params *member = pl_query_add(query, PL_STATEMENT_MEMBER_GET);
        pl_params_uuid(member, &telling->subject);
        pl_params_uuid(member, user);
    }
    pl_db_query(telling->shard->hub->server->db, query);
}

static void go_on(struct telling *telling)
{
    if (telling->is_unsure)
        confirm(telling);
    else
        tell_next(telling);
}

/* ---- again ---- */

static void on_again(struct pl_timer *timer)
{
    go_on(pl_container_of(timer, struct telling, timer));
}

/* True when the telling is given up, or goes on later: another time it may be stored. */
static bool is_put_off(struct telling *telling, enum pl_status status)
{
    bool is_ending = telling->shard->draining || status == PL_DRAINING;
    if (is_ending && status != PL_OK) {
        finish(telling);
        return true;
    }
    if (status != PL_OVERLOADED && status != PL_DATABASE_UNAVAILABLE && status != PL_OUTCOME_UNKNOWN)
        return false;
    pl_timers_arm(&telling->shard->loop->timers, &telling->timer, pl_clock_now_us() + AGAIN_US);
    return true;
}

static void on_told(struct pl_append *append)
{
    struct telling *telling = pl_container_of(append, struct telling, append);
    if (is_put_off(telling, append->status))
        return;
    if (append->status != PL_OK)
        pl_log(PL_LOG_ERROR, "account_event_lost", PL_LOG_TEXT("news", names[telling->event]),
               PL_LOG_TEXT("reason", pl_status_reason(append->status)));
    telling->next++;
    tell_next(telling);
}

static void on_confirmed(struct pl_query *query, void *context)
{
    struct telling *telling = context;
    enum pl_status status = query->status;
    telling->is_unsure = status != PL_OK;
    bool happened = status == PL_OK && pl_rows_count(&query->steps[0].rows) > 0;
    pl_arena_fini(&telling->arena);
    if (is_put_off(telling, status))
        return;
    if (happened)
        tell_next(telling);
    else
        finish(telling);
}

static void begin(struct pl_task *task)
{
    go_on(pl_container_of(task, struct telling, task));
}

void pl_account_tell(struct pl_hub *hub, const struct pl_account_news *news)
{
    if (news->count == 0)
        return;
    struct telling *telling = calloc(1, sizeof(*telling) + news->count * sizeof(telling->users[0]));
    pl_assert(telling != NULL);
    telling->task.run = begin;
    telling->timer.run = on_again;
    telling->shard = pl_hub_user_shard(hub, &news->users[0]);
    telling->app_id = news->app_id;
    telling->event = news->event;
    telling->subject = news->subject;
    telling->seq = news->seq;
    telling->is_unsure = news->is_unsure;
    telling->count = news->count;
    memcpy(telling->users, news->users, news->count * sizeof(telling->users[0]));
    put_body(telling, news);
    pl_hub_count_session(hub, 1);
    pl_mailbox_post(&telling->shard->loop->mailbox, &telling->task);
}
