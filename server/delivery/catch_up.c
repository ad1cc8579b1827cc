/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A session's chats: attached, then read up to the end, then live. The same path serves hello, a chat that is new, and
 * a device that was too slow, whose live chats leave their lists and start again from what was sent. A chat that the
 * user has left is read up to the entry that says so, and then rests: the device has yet to acknowledge it.
 *
 * Lists of chats and heads are read for many sessions together (hello.c). Of pages one is under way at a time for each
 * session (session_page.c), and waits for room in the queue, so that what is read is bounded by what the device takes.
 */
#include <sys/param.h>

#include "delivery/session.h"
#include "delivery/subscription.h"

#define RECONNECT_AFTER_MS 1000

bool pl_session_read_succeeded(struct pl_session *session, const struct pl_query *query)
{
    if (!pl_session_is_open(session))
        return false;
    if (query->status != PL_OK)
        pl_session_end(session, query->status, RECONNECT_AFTER_MS);
    return query->status == PL_OK;
}

void pl_session_read_returned(struct pl_session *session)
{
    session->out_count--;
    pl_session_catch_up(session);
    pl_session_returned(session);
}

void pl_session_answered(struct pl_task *task)
{
    struct pl_subscription *subscription = pl_container_of(task, struct pl_subscription, task);
    struct pl_session *session = subscription->session;
    if (subscription->operation == PL_OP_DETACH) {
        pl_subscription_remove(subscription);
        return;
    }
    subscription->others = subscription->followers;
    if (session->call == NULL) {
        pl_session_drop_page(subscription);
        pl_subscription_detach(subscription);
        return;
    }
    if (subscription->operation == PL_OP_ATTACH) {
        subscription->state = PL_SUBSCRIPTION_ATTACHED;
        pl_subscription_wait(subscription);
    } else if (subscription->operation == PL_OP_JOIN) {
        pl_session_answered_join(subscription);
    } else if (subscription->operation == PL_OP_PAGE) {
        pl_session_answered_page(subscription);
    } else {
        pl_subscription_fall_behind(subscription);
    }
    pl_session_catch_up(session);
}

/* ---- heads ---- */

void pl_session_listed(struct pl_session *session)
{
    session->has_listed = true;
    pl_session_look_up_early_reads(session);
    pl_session_flush_later(session);
}

struct pl_subscription *pl_session_next_wanting_head(struct pl_session *session)
{
    struct pl_subscription *subscription = TAILQ_FIRST(&session->wanting_head);
    if (subscription == NULL)
        return NULL;
    pl_subscription_wait_no_more(subscription);
    subscription->is_rejoined = false;
    return subscription;
}

/* Of a chat that is attached again the session may have sent more than is acknowledged. */
void pl_session_take_head(struct pl_subscription *subscription, const struct pl_head *head)
{
    struct pl_session *session = subscription->session;
    pl_assert(subscription->state == PL_SUBSCRIPTION_ATTACHED);
    session->heads_unknown--;
    if (!head->was_member) {
        pl_session_forget_early_cursor(session, &subscription->chat_id);
        pl_subscription_detach(subscription);
        return;
    }
    subscription->left_seq = head->left_seq;
    subscription->head_seq = head->left_seq != 0 ? head->left_seq : head->last_seq;
    subscription->member_seq = INT64_MAX; /* not known before it joins */
    /* A database restored to an earlier state may hold a cursor beyond the log. */
    subscription->acked_seq = MAX(subscription->acked_seq, MIN(head->cursor_seq, subscription->head_seq));
    subscription->sent_seq = MAX(subscription->sent_seq, subscription->acked_seq);
    pl_session_take_early_cursor(subscription);
    subscription->queued_seq = MAX(subscription->queued_seq, subscription->sent_seq);
    pl_subscription_go_on(subscription);
    if (!pl_uuid_is_nil(&head->peer.user_id.uuid))
        pl_session_receipt(subscription, &head->peer);
}

void pl_session_catch_up(struct pl_session *session)
{
    if (!pl_session_is_open(session))
        return;
    if (!TAILQ_EMPTY(&session->wanting_head))
        pl_session_read_heads(session);
    if (!session->is_reading_page && !TAILQ_EMPTY(&session->wanting_page) && pl_session_has_room(session))
        pl_session_begin_page(session);
}
