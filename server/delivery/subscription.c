/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A session's place in one chat: what it goes through between being attached and being gone. */
#include "delivery/subscription.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "delivery/session.h"
#include "delivery/watch.h"

static struct pl_subscription_queue *queue_of(struct pl_subscription *subscription)
{
    struct pl_session *session = subscription->session;
    return subscription->state == PL_SUBSCRIPTION_ATTACHED ? &session->wanting_head : &session->wanting_page;
}

void pl_subscription_wait(struct pl_subscription *subscription)
{
    subscription->is_waiting = true;
    TAILQ_INSERT_TAIL(queue_of(subscription), subscription, waiting);
}

void pl_subscription_wait_no_more(struct pl_subscription *subscription)
{
    if (subscription->is_waiting)
        TAILQ_REMOVE(queue_of(subscription), subscription, waiting);
    subscription->is_waiting = false;
}

void pl_subscription_operate(struct pl_subscription *subscription, enum pl_operation operation,
                             enum pl_subscription_state state)
{
    subscription->operation = operation;
    subscription->state = state;
    subscription->task.run = pl_chat_record_operate;
    struct pl_shard *shard = pl_hub_chat_shard(subscription->session->hub, &subscription->chat_id);
    pl_mailbox_post(&shard->loop->mailbox, &subscription->task);
}

static void join(struct pl_subscription *subscription)
{
    subscription->joining_seq = subscription->queued_seq;
    subscription->seq = subscription->queued_seq;
    pl_subscription_operate(subscription, PL_OP_JOIN, PL_SUBSCRIPTION_JOINING);
}

void pl_subscription_fall_behind(struct pl_subscription *subscription)
{
    subscription->state = PL_SUBSCRIPTION_BEHIND;
    pl_subscription_wait(subscription);
}

void pl_subscription_count_in(struct pl_subscription *subscription)
{
    subscription->is_counted = true;
    subscription->session->not_caught_up++;
}

void pl_subscription_count_caught_up(struct pl_subscription *subscription)
{
    if (!subscription->is_counted)
        return;
    subscription->is_counted = false;
    if (--subscription->session->not_caught_up == 0)
        pl_session_flush_later(subscription->session);
}

void pl_subscription_detach(struct pl_subscription *subscription)
{
    pl_subscription_wait_no_more(subscription);
    pl_session_out_forget(subscription);
    pl_subscription_count_caught_up(subscription);
    pl_subscription_operate(subscription, PL_OP_DETACH, PL_SUBSCRIPTION_DETACHING);
}

static void attach(struct pl_subscription *subscription)
{
    subscription->session->heads_unknown++;
    pl_subscription_operate(subscription, PL_OP_ATTACH, PL_SUBSCRIPTION_ATTACHING);
}

/* ---- members come and go ---- */

/* Its head is read again: the user may be a member again. */
static void attach_again(struct pl_subscription *subscription)
{
    subscription->is_rejoined = false;
    attach(subscription);
}

void pl_subscription_rest(struct pl_subscription *subscription)
{
    subscription->state = PL_SUBSCRIPTION_FORMER;
    pl_subscription_count_caught_up(subscription);
    if (subscription->is_rejoined)
        attach_again(subscription);
}

void pl_subscription_note_membership(struct pl_subscription *subscription, const struct pl_entry *entry)
{
    const struct pl_user_id *user = &subscription->session->principal.user_id;
    pl_session_check_watches(subscription->session, entry);
    if (pl_entry_removes(entry, user))
        subscription->left_seq = entry->seq;
    else if (pl_entry_adds(entry, user)) {
        subscription->left_seq = 0;
        subscription->member_seq = entry->seq;
    }
}

/* From what is queued on. */
void pl_subscription_go_on(struct pl_subscription *subscription)
{
    if (subscription->queued_seq < subscription->head_seq)
        pl_subscription_fall_behind(subscription);
    else if (subscription->left_seq != 0)
        pl_subscription_rest(subscription);
    else
        join(subscription);
}

/* ---- its life ---- */

/* Where the chat is among the session's, or would be. */
static unsigned place_of(const struct pl_session *session, const struct pl_chat_id *chat)
{
    unsigned low = 0;
    unsigned high = session->subscription_count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (memcmp(&session->subscriptions[middle]->chat_id, chat, sizeof(*chat)) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct pl_subscription *pl_session_find(struct pl_session *session, const struct pl_chat_id *chat)
{
    unsigned place = place_of(session, chat);
    if (place == session->subscription_count)
        return NULL;
    struct pl_subscription *subscription = session->subscriptions[place];
    return pl_uuid_equal(&subscription->chat_id.uuid, &chat->uuid) ? subscription : NULL;
}

static void insert(struct pl_session *session, struct pl_subscription *subscription)
{
    if (session->subscription_count == session->subscription_places) {
        session->subscription_places = MAX(8, 2 * session->subscription_places);
        session->subscriptions =
            realloc(session->subscriptions, session->subscription_places * sizeof(session->subscriptions[0]));
        pl_assert(session->subscriptions != NULL);
    }
    unsigned place = place_of(session, &subscription->chat_id);
    struct pl_subscription **at = &session->subscriptions[place];
    memmove(at + 1, at, (session->subscription_count - place) * sizeof(*at));
    *at = subscription;
    session->subscription_count++;
}

static void take_out(struct pl_session *session, const struct pl_subscription *subscription)
{
    unsigned place = place_of(session, &subscription->chat_id);
    struct pl_subscription **at = &session->subscriptions[place];
    session->subscription_count--;
    memmove(at, at + 1, (session->subscription_count - place) * sizeof(*at));
}

static void subscribe(struct pl_session *session, const struct pl_chat_id *chat, bool is_counted)
{
    if (pl_session_find(session, chat) != NULL)
        return;
    struct pl_subscription *subscription = calloc(1, sizeof(*subscription));
    pl_assert(subscription != NULL);
    subscription->session = session;
    subscription->chat_id = *chat;
    insert(session, subscription);
    if (is_counted)
        pl_subscription_count_in(subscription);
    attach(subscription);
}

void pl_session_look_up(struct pl_session *session, const struct pl_chat_id *chat)
{
    /* What is early is forgotten when caught_up is told. */
    subscribe(session, chat, !session->caught_up_told);
}

void pl_session_take_chat(struct pl_session *session, const struct pl_chat_id *chat)
{
    subscribe(session, chat, true);
}

void pl_session_joined(struct pl_session *session, const struct pl_chat_id *chat)
{
    if (!pl_session_is_open(session))
        return;
    pl_session_check_watches(session, NULL);
    struct pl_subscription *subscription = pl_session_find(session, chat);
    if (subscription == NULL)
        subscribe(session, chat, !session->has_listed);
    else if (subscription->state == PL_SUBSCRIPTION_FORMER)
        attach_again(subscription);
    else
        subscription->is_rejoined = true; /* the news may have overtaken that the user left before */
}

void pl_subscription_remove(struct pl_subscription *subscription)
{
    struct pl_session *session = subscription->session;
    struct pl_chat_id chat = subscription->chat_id;
    bool is_rejoined = subscription->is_rejoined && pl_session_is_open(session);
    take_out(session, subscription);
    free(subscription);
    if (is_rejoined)
        subscribe(session, &chat, false);
    else
        pl_session_returned(session);
}

void pl_session_detach_all(struct pl_session *session)
{
    for (unsigned i = 0; i < session->subscription_count; i++) {
        struct pl_subscription *subscription = session->subscriptions[i];
        /* The others are with their record; they are detached when the answer comes. */
        if (subscription->state == PL_SUBSCRIPTION_ATTACHED || subscription->state == PL_SUBSCRIPTION_BEHIND ||
            subscription->state == PL_SUBSCRIPTION_LIVE || subscription->state == PL_SUBSCRIPTION_HINTED ||
            subscription->state == PL_SUBSCRIPTION_FORMER)
            pl_subscription_detach(subscription);
    }
}
