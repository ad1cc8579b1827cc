/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A chat that the session has up to its end: it joins, and gets entries as they are committed, or hints while the chat
 * is hot. A session that is too slow for its live chats falls back: they start again from what was sent.
 */
#include <sys/param.h>

#include "delivery/session.h"
#include "delivery/subscription.h"
#include "delivery/typing.h"
#include "server.h"

/* Of a hot chat everything is queued up to when it was asked; the device is told when there is more. */
static void await_fetch(struct pl_subscription *subscription, int64_t last_seq)
{
    subscription->state = PL_SUBSCRIPTION_HINTED;
    subscription->head_seq = last_seq;
    pl_subscription_count_caught_up(subscription);
    if (last_seq <= subscription->queued_seq)
        return;
    subscription->advanced_seq = last_seq;
    pl_session_tell_later(subscription->session, subscription);
}

void pl_session_answered_join(struct pl_subscription *subscription)
{
    if (subscription->is_hot) {
        subscription->member_seq = subscription->queued_seq + 1;
        await_fetch(subscription, subscription->seq);
        return;
    }
    if (!subscription->is_live) {
        subscription->head_seq = subscription->seq;
        pl_subscription_fall_behind(subscription);
        return;
    }
    /* The queue was dropped meanwhile: what it joined with was never sent. */
    if (subscription->queued_seq != subscription->joining_seq) {
        pl_subscription_operate(subscription, PL_OP_LEAVE, PL_SUBSCRIPTION_LEAVING);
        return;
    }
    subscription->state = PL_SUBSCRIPTION_LIVE;
    subscription->member_seq = subscription->queued_seq + 1;
    pl_subscription_count_caught_up(subscription);
}

/* ---- hot chats ---- */

void pl_session_hint(struct pl_subscription *subscription, int64_t last_seq, bool is_last)
{
    if (!pl_session_is_open(subscription->session))
        return;
    if (subscription->state != PL_SUBSCRIPTION_LIVE && subscription->state != PL_SUBSCRIPTION_HINTED)
        return; /* it is on its way to the end anyway, and told there */
    subscription->has_ring = true;
    last_seq = MAX(last_seq, subscription->queued_seq);
    await_fetch(subscription, last_seq);
    if (is_last) {
        subscription->advanced_seq = 0;
        pl_subscription_go_on(subscription);
        pl_session_catch_up(subscription->session);
    }
}

void pl_session_fetch(struct pl_subscription *subscription)
{
    if (subscription->state != PL_SUBSCRIPTION_HINTED || subscription->queued_seq >= subscription->head_seq)
        return;
    pl_subscription_fall_behind(subscription);
    pl_session_catch_up(subscription->session);
}

/* ---- live entries ---- */

static void fall_back(struct pl_session *session)
{
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_sessions_slow_total, 1);
    pl_session_drop_entries(session);
    for (unsigned i = 0; i < session->subscription_count; i++) {
        struct pl_subscription *subscription = session->subscriptions[i];
        bool is_cut =
            subscription->state == PL_SUBSCRIPTION_FORMER && subscription->queued_seq < subscription->left_seq;
        if (subscription->state == PL_SUBSCRIPTION_HINTED && subscription->queued_seq < subscription->head_seq)
            await_fetch(subscription, subscription->head_seq);
        if (subscription->state != PL_SUBSCRIPTION_LIVE && !is_cut)
            continue;
        /* It had reached its end, but perhaps only in the queue. */
        if (!session->caught_up_told)
            pl_subscription_count_in(subscription);
        if (is_cut)
            subscription->head_seq = subscription->left_seq;
        pl_subscription_operate(subscription, PL_OP_LEAVE, PL_SUBSCRIPTION_LEAVING);
    }
}

void pl_session_entry(struct pl_subscription *subscription, struct pl_entry *entry)
{
    struct pl_session *session = subscription->session;
    bool is_live = subscription->state == PL_SUBSCRIPTION_LIVE && pl_session_is_open(session);
    /* Who joined ahead of the tail has read what comes now. */
    if (!is_live || entry->seq <= subscription->queued_seq) {
        pl_entry_release(entry);
        return;
    }
    pl_assert(entry->seq == subscription->queued_seq + 1);
    if (pl_session_is_full(session, entry)) {
        subscription->head_seq = entry->seq;
        pl_entry_release(entry);
        fall_back(session);
    } else {
        pl_subscription_note_membership(subscription, entry);
        pl_session_forget_typing(subscription, &entry->sender_id);
        pl_session_queue_entry(session, subscription, entry);
        if (subscription->left_seq != 0)
            pl_subscription_rest(subscription);
    }
}
