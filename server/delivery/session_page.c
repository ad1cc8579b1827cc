/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Pages of a chat's log, from where the session is: out of the chat's ring if that has them, else from the database.
 * One is under way at a time for each session, so that what is read is bounded by what the device takes.
 */
#include <stdlib.h>

#include "delivery/ring.h"
#include "delivery/session.h"
#include "delivery/subscription.h"
#include "messages/message.h"
#include "server.h"

#define PAGE_ENTRIES 100

/* A query of a page, with the arena that it lives in. */
struct page_read {
    struct pl_arena arena;
    struct pl_session *session;
    struct pl_chat_id chat_id;
    int64_t after_seq;
};

enum { COLUMN_MESSAGE_ID = 2, COLUMN_FIRST_SEQ = PL_MESSAGE_COLUMN_COUNT };

static void take_page(struct pl_subscription *subscription, const struct pl_rows *rows)
{
    struct pl_session *session = subscription->session;
    bool is_empty = pl_rows_count(rows) == 0 || pl_rows_null(rows, 0, COLUMN_MESSAGE_ID);
    if (pl_rows_count(rows) > 0 && subscription->queued_seq + 1 < pl_rows_int(rows, 0, COLUMN_FIRST_SEQ))
        pl_session_queue_log_start(subscription, pl_rows_int(rows, 0, COLUMN_FIRST_SEQ));
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_catch_up_pages_total, 1);
    for (int row = 0; !is_empty && row < pl_rows_count(rows); row++) {
        struct pl_message message = pl_message_from_row(rows, row);
        struct pl_entry *entry = pl_entry_new(&message);
        pl_subscription_note_membership(subscription, entry);
        pl_session_queue_entry(session, subscription, entry);
    }
    /*
     * Up to the head the log is gone, or from times when the user was no member. The head was heard once, and what was
     * live since may have passed it.
     */
    if (is_empty && subscription->queued_seq < subscription->head_seq) {
        if (subscription->sent_seq == subscription->queued_seq)
            subscription->sent_seq = subscription->head_seq;
        subscription->queued_seq = subscription->head_seq;
        subscription->member_seq = INT64_MAX;
    }
}

static void on_page(struct pl_query *query, void *context)
{
    struct page_read *read = context;
    struct pl_session *session = read->session;
    session->is_reading_page = false;
    if (pl_session_read_succeeded(session, query)) {
        struct pl_subscription *subscription = pl_session_find(session, &read->chat_id);
        /* Not so when the queue was dropped meanwhile: then the page is read again from what was sent. */
        if (subscription->queued_seq == read->after_seq)
            take_page(subscription, &query->steps[0].rows);
        pl_subscription_go_on(subscription);
    }
    pl_arena_fini(&read->arena);
    free(read);
    pl_session_read_returned(session);
}

static void read_page(struct pl_subscription *subscription)
{
    struct pl_session *session = subscription->session;
    struct page_read *read = calloc(1, sizeof(*read));
    pl_assert(read != NULL);
    pl_arena_init(&read->arena, 0);
    read->session = session;
    session->out_count++;
    read->chat_id = subscription->chat_id;
    read->after_seq = subscription->queued_seq;
    session->is_reading_page = true;
    struct pl_query *query = pl_query_new(&read->arena, &session->loop->mailbox, on_page, read);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SESSION_PAGE);
    pl_params_uuid(params, &subscription->chat_id.uuid);
    pl_params_uuid(params, &session->principal.user_id.uuid);
    pl_params_int64(params, read->after_seq);
    pl_params_int32(params, PAGE_ENTRIES);
    pl_db_query(session->hub->server->db, query);
}

/* ---- pages of a ring ---- */

/* The ring knows nothing of who is a member: only for who is, without a break, from the first of its entries on. */
static bool may_use_ring(const struct pl_subscription *subscription)
{
    return subscription->has_ring && subscription->left_seq == 0 &&
           subscription->queued_seq + 1 >= subscription->member_seq;
}

/*
 * A stream takes its chats in turn. A call of Sync has room for little, and the next one begins anew: so that nothing
 * waits for as many calls as a busy chat has pages, those chats come first of which least is missing. NULL: which they
 * are is not known yet.
 */
static struct pl_subscription *next_wanting_page(const struct pl_session *session)
{
    struct pl_subscription *next = TAILQ_FIRST(&session->wanting_page);
    struct pl_subscription *each;
    if (session->poll == NULL)
        return next;
    if (!session->has_listed || session->heads_unknown > 0)
        return NULL;
    TAILQ_FOREACH (each, &session->wanting_page, waiting)
        if (each->head_seq - each->queued_seq < next->head_seq - next->queued_seq)
            next = each;
    return next;
}

void pl_session_begin_page(struct pl_session *session)
{
    struct pl_subscription *subscription = next_wanting_page(session);
    if (subscription == NULL)
        return;
    pl_subscription_wait_no_more(subscription);
    session->is_reading_page = true;
    if (!may_use_ring(subscription)) {
        read_page(subscription);
        return;
    }
    subscription->seq = subscription->queued_seq;
    pl_subscription_operate(subscription, PL_OP_PAGE, PL_SUBSCRIPTION_PAGING);
}

static void take_ring_page(struct pl_subscription *subscription)
{
    const struct pl_ring_page *page = subscription->page;
    /* Behind the entry that removes the user nothing is theirs, whatever the ring has. */
    for (unsigned i = 0; i < page->count && subscription->left_seq == 0; i++) {
        pl_subscription_note_membership(subscription, page->entries[i]);
        pl_session_queue_entry(subscription->session, subscription, pl_entry_hold(page->entries[i]));
    }
}

void pl_session_drop_page(struct pl_subscription *subscription)
{
    pl_ring_page_free(subscription->page);
    subscription->page = NULL;
}

void pl_session_answered_page(struct pl_subscription *subscription)
{
    subscription->state = PL_SUBSCRIPTION_BEHIND;
    subscription->session->is_reading_page = false;
    bool is_wanted = pl_session_is_open(subscription->session) && subscription->queued_seq == subscription->seq;
    if (is_wanted && subscription->page == NULL) {
        read_page(subscription);
        return;
    }
    if (is_wanted)
        take_ring_page(subscription);
    pl_session_drop_page(subscription);
    pl_subscription_go_on(subscription);
}
