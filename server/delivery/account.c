/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chats/self_chat.h"
#include "delivery/shard.h"
#include "parley/v1/message_service.pb-c.h"
#include "server.h"

#define AGAIN_US 1000000
#define BODY_BYTES_MAX 128

struct telling {
    struct pl_task task;
    struct pl_timer timer;
    struct pl_append append;
    struct pl_shard *shard;
    struct pl_app_id app_id;
    struct pl_chat_id chat_id;
    int64_t seq;
    uint8_t body[BODY_BYTES_MAX];
    size_t joined_count;
    size_t count;
    size_t next;
    struct pl_user_id users[]; /* who joined, then who left */
};

static void on_told(struct pl_append *append);

static void finish(struct telling *telling)
{
    struct pl_hub *hub = telling->shard->hub;
    free(telling);
    pl_hub_count_session(hub, -1);
}

static void put_body(struct telling *telling, bool has_joined)
{
    char chat_id[PL_UUID_TEXT_CHARS + 1];
    pl_uuid_format(&telling->chat_id.uuid, chat_id);
    Parley__V1__ChatPlace place = PARLEY__V1__CHAT_PLACE__INIT;
    Parley__V1__ChatEvent event = PARLEY__V1__CHAT_EVENT__INIT;
    place.chat_id = chat_id;
    place.seq = telling->seq;
    if (has_joined)
        event.chat_joined = &place;
    else
        event.chat_left = &place;
    struct pl_message *message = &telling->append.message;
    message->body_bytes = parley__v1__chat_event__get_packed_size(&event);
    pl_assert(message->body_bytes <= BODY_BYTES_MAX);
    parley__v1__chat_event__pack(&event, telling->body);
    message->body = telling->body;
}

static void tell_next(struct telling *telling)
{
    if (telling->next == telling->count) {
        finish(telling);
        return;
    }
    bool has_joined = telling->next < telling->joined_count;
    struct pl_user_id user = telling->users[telling->next];
    telling->append = (struct pl_append){
        .home = &telling->shard->loop->mailbox,
        .done = on_told,
        .app_id = telling->app_id,
        .message =
            {
                .chat_id = pl_self_chat_id(telling->app_id, user),
                .message_id = pl_self_message_id(has_joined ? "joined" : "left", telling->chat_id, telling->seq, user),
                .sender_id = user,
                .recipient_id = user,
                .message_type = PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_SYSTEM,
                .entry_kind = PL_ENTRY_ACCOUNT,
                .body_kind = PL_BODY_EVENT,
            },
    };
    put_body(telling, has_joined);
    pl_db_append(telling->shard->hub->server->db, &telling->append);
}

static void on_again(struct pl_timer *timer)
{
    tell_next(pl_container_of(timer, struct telling, timer));
}

/* Another time it may be stored. */
static bool is_passing(enum pl_status status)
{
    return status == PL_OVERLOADED || status == PL_DATABASE_UNAVAILABLE || status == PL_OUTCOME_UNKNOWN;
}

static void on_told(struct pl_append *append)
{
    struct telling *telling = pl_container_of(append, struct telling, append);
    bool is_ending = telling->shard->draining || append->status == PL_DRAINING;
    if (is_ending && append->status != PL_OK) {
        finish(telling);
    } else if (is_passing(append->status)) {
        pl_timers_arm(&telling->shard->loop->timers, &telling->timer, pl_clock_now_us() + AGAIN_US);
    } else {
        telling->next++;
        tell_next(telling);
    }
}

static void begin(struct pl_task *task)
{
    tell_next(pl_container_of(task, struct telling, task));
}

void pl_account_tell(struct pl_hub *hub, const struct pl_account_news *news)
{
    size_t count = news->joined_count + news->left_count;
    if (count == 0)
        return;
    struct telling *telling = calloc(1, sizeof(*telling) + count * sizeof(telling->users[0]));
    pl_assert(telling != NULL);
    telling->task.run = begin;
    telling->timer.run = on_again;
    telling->shard = pl_hub_chat_shard(hub, &news->chat_id);
    telling->app_id = news->app_id;
    telling->chat_id = news->chat_id;
    telling->seq = news->seq;
    telling->joined_count = news->joined_count;
    telling->count = count;
    if (news->joined_count > 0)
        memcpy(telling->users, news->joined, news->joined_count * sizeof(telling->users[0]));
    if (news->left_count > 0)
        memcpy(telling->users + news->joined_count, news->left, news->left_count * sizeof(telling->users[0]));
    pl_hub_count_session(hub, 1);
    pl_mailbox_post(&telling->shard->loop->mailbox, &telling->task);
}
