/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A session's chats: attached, then read up to the end, then live. The same path serves hello, a chat that is new, and
 * a device that was too slow, whose live chats leave their lists and start again from what was sent. A chat that the
 * user has left is read up to the entry that says so, and then rests: the device has yet to acknowledge it.
 *
 * Lists of chats and heads are read for many sessions together (hello.c). Of pages one is under way at a time for each
 * session, and waits for room in the queue, so that what is read is bounded by what the device takes.
 */
#include <stdlib.h>

#include "delivery/ring.h"
#include "delivery/session.h"
#include "messages/message.h"
#include "server.h"

#define PAGE_ENTRIES 100
#define RECONNECT_AFTER_MS 1000

/* A query of a page, with the arena that it lives in. */
struct page_read {
    struct pl_arena arena;
    struct pl_session *session;
    struct pl_chat_id chat_id;
    int64_t after_seq;
};

static void on_page(struct pl_query *query, void *context);

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

/* ---- the exchange with the chat's record ---- */

static void raise_to(int64_t *seq, int64_t least)
{
    if (*seq < least)
        *seq = least;
}

static void wait_in(struct pl_subscription_queue *queue, struct pl_subscription *subscription)
{
    subscription->waiting_in = queue;
    TAILQ_INSERT_TAIL(queue, subscription, waiting);
}

static void wait_no_more(struct pl_subscription *subscription)
{
    if (subscription->waiting_in != NULL)
        TAILQ_REMOVE(subscription->waiting_in, subscription, waiting);
    subscription->waiting_in = NULL;
}

static void operate(struct pl_subscription *subscription, enum pl_operation operation, enum pl_subscription_state state)
{
    subscription->operation = operation;
    subscription->state = state;
    subscription->task.run = pl_chat_record_operate;
    pl_mailbox_post(&subscription->shard->loop->mailbox, &subscription->task);
}

static void join(struct pl_subscription *subscription)
{
    subscription->joining_seq = subscription->queued_seq;
    subscription->seq = subscription->queued_seq;
    operate(subscription, PL_OP_JOIN, PL_SUBSCRIPTION_JOINING);
}

static void fall_behind(struct pl_subscription *subscription)
{
    subscription->state = PL_SUBSCRIPTION_BEHIND;
    wait_in(&subscription->session->wanting_page, subscription);
}

static void count_in(struct pl_subscription *subscription)
{
    subscription->is_counted = true;
    subscription->session->not_caught_up++;
}

static void count_caught_up(struct pl_subscription *subscription)
{
    if (!subscription->is_counted)
        return;
    subscription->is_counted = false;
    if (--subscription->session->not_caught_up == 0)
        pl_session_flush_later(subscription->session);
}

static void detach(struct pl_subscription *subscription)
{
    wait_no_more(subscription);
    pl_session_out_forget(subscription);
    count_caught_up(subscription);
    operate(subscription, PL_OP_DETACH, PL_SUBSCRIPTION_DETACHING);
}

static void subscribe(struct pl_session *session, const struct pl_chat_id *chat, bool is_counted);

static void remove_subscription(struct pl_subscription *subscription)
{
    struct pl_session *session = subscription->session;
    struct pl_chat_id chat = subscription->chat_id;
    bool is_rejoined = subscription->is_rejoined && pl_session_is_open(session);
    HASH_DEL(session->subscriptions, subscription);
    free(subscription);
    if (is_rejoined)
        subscribe(session, &chat, false);
    else
        pl_session_returned(session);
}

/* ---- members come and go ---- */

/* Its head is read again: the user may be a member again. */
static void attach_again(struct pl_subscription *subscription)
{
    subscription->is_rejoined = false;
    operate(subscription, PL_OP_ATTACH, PL_SUBSCRIPTION_ATTACHING);
}

static void rest(struct pl_subscription *subscription)
{
    subscription->state = PL_SUBSCRIPTION_FORMER;
    count_caught_up(subscription);
    if (subscription->is_rejoined)
        attach_again(subscription);
}

static void note_membership(struct pl_subscription *subscription, const struct pl_entry *entry)
{
    const struct pl_user_id *user = &subscription->session->principal.user_id;
    if (pl_entry_removes(entry, user))
        subscription->left_seq = entry->seq;
    else if (pl_entry_adds(entry, user)) {
        subscription->left_seq = 0;
        subscription->member_seq = entry->seq;
    }
}

/* From what is queued on. */
static void go_on(struct pl_subscription *subscription)
{
    if (subscription->queued_seq < subscription->head_seq)
        fall_behind(subscription);
    else if (subscription->left_seq != 0)
        rest(subscription);
    else
        join(subscription);
}

/* Of a hot chat everything is queued up to when it was asked; the device is told when there is more. */
static void await_fetch(struct pl_subscription *subscription, int64_t last_seq)
{
    subscription->state = PL_SUBSCRIPTION_HINTED;
    subscription->head_seq = last_seq;
    count_caught_up(subscription);
    if (last_seq <= subscription->queued_seq)
        return;
    subscription->advanced_seq = last_seq;
    pl_session_tell_later(subscription->session, subscription);
}

static void answered_join(struct pl_subscription *subscription)
{
    if (subscription->is_hot) {
        subscription->member_seq = subscription->queued_seq + 1;
        await_fetch(subscription, subscription->seq);
        return;
    }
    if (!subscription->is_live) {
        subscription->head_seq = subscription->seq;
        fall_behind(subscription);
        return;
    }
    /* The queue was dropped meanwhile: what it joined with was never sent. */
    if (subscription->queued_seq != subscription->joining_seq) {
        operate(subscription, PL_OP_LEAVE, PL_SUBSCRIPTION_LEAVING);
        return;
    }
    subscription->state = PL_SUBSCRIPTION_LIVE;
    subscription->member_seq = subscription->queued_seq + 1;
    count_caught_up(subscription);
}

/* ---- pages of a ring ---- */

static void drop_page(struct pl_subscription *subscription)
{
    pl_ring_page_free(subscription->page);
    subscription->page = NULL;
}

static void read_page(struct pl_subscription *subscription);

static void take_ring_page(struct pl_subscription *subscription)
{
    const struct pl_ring_page *page = subscription->page;
    /* Behind the entry that removes the user nothing is theirs, whatever the ring has. */
    for (unsigned i = 0; i < page->count && subscription->left_seq == 0; i++) {
        note_membership(subscription, page->entries[i]);
        pl_session_queue_entry(subscription->session, subscription, pl_entry_hold(page->entries[i]));
    }
}

static void answered_page(struct pl_subscription *subscription)
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
    drop_page(subscription);
    go_on(subscription);
}

/* The ring knows nothing of who is a member: only for who is, without a break, from the first of its entries on. */
static bool may_use_ring(const struct pl_subscription *subscription)
{
    return subscription->has_ring && subscription->left_seq == 0 &&
           subscription->queued_seq + 1 >= subscription->member_seq;
}

void pl_session_answered(struct pl_task *task)
{
    struct pl_subscription *subscription = pl_container_of(task, struct pl_subscription, task);
    struct pl_session *session = subscription->session;
    if (subscription->operation == PL_OP_DETACH) {
        remove_subscription(subscription);
        return;
    }
    subscription->others = subscription->followers;
    if (session->call == NULL) {
        drop_page(subscription);
        detach(subscription);
        return;
    }
    if (subscription->operation == PL_OP_ATTACH) {
        subscription->state = PL_SUBSCRIPTION_ATTACHED;
        wait_in(&session->wanting_head, subscription);
    } else if (subscription->operation == PL_OP_JOIN) {
        answered_join(subscription);
    } else if (subscription->operation == PL_OP_PAGE) {
        answered_page(subscription);
    } else {
        fall_behind(subscription);
    }
    pl_session_catch_up(session);
}

void pl_session_detach_all(struct pl_session *session)
{
    struct pl_subscription *subscription, *next;
    HASH_ITER (hh, session->subscriptions, subscription, next) {
        /* The others are with their record; they are detached when the answer comes. */
        if (subscription->state == PL_SUBSCRIPTION_ATTACHED || subscription->state == PL_SUBSCRIPTION_BEHIND ||
            subscription->state == PL_SUBSCRIPTION_LIVE || subscription->state == PL_SUBSCRIPTION_HINTED ||
            subscription->state == PL_SUBSCRIPTION_FORMER)
            detach(subscription);
    }
}

struct pl_subscription *pl_session_find(struct pl_session *session, const struct pl_chat_id *chat)
{
    struct pl_subscription *subscription;
    HASH_FIND(hh, session->subscriptions, chat, sizeof(*chat), subscription);
    return subscription;
}

static void subscribe(struct pl_session *session, const struct pl_chat_id *chat, bool is_counted)
{
    if (pl_session_find(session, chat) != NULL)
        return;
    struct pl_subscription *subscription = calloc(1, sizeof(*subscription));
    pl_assert(subscription != NULL);
    subscription->session = session;
    subscription->chat_id = *chat;
    subscription->shard = pl_hub_chat_shard(session->hub, chat);
    HASH_ADD(hh, session->subscriptions, chat_id, sizeof(subscription->chat_id), subscription);
    if (is_counted)
        count_in(subscription);
    operate(subscription, PL_OP_ATTACH, PL_SUBSCRIPTION_ATTACHING);
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

/* Of chats that are not in the list, because the user has left them and the device has all of them. */
static void look_up_early_reads(struct pl_session *session)
{
    for (struct pl_early_cursor *cursor = session->early_cursors; cursor != NULL; cursor = cursor->hh.next)
        if (cursor->read_seq > 0)
            pl_session_look_up(session, &cursor->chat_id);
}

void pl_session_listed(struct pl_session *session)
{
    session->has_listed = true;
    look_up_early_reads(session);
    pl_session_flush_later(session);
}

void pl_session_joined(struct pl_session *session, const struct pl_chat_id *chat)
{
    if (!pl_session_is_open(session))
        return;
    struct pl_subscription *subscription = pl_session_find(session, chat);
    if (subscription == NULL)
        subscribe(session, chat, !session->has_listed);
    else if (subscription->state == PL_SUBSCRIPTION_FORMER)
        attach_again(subscription);
    else
        subscription->is_rejoined = true; /* the news may have overtaken that the user left before */
}

/* ---- hot chats ---- */

void pl_session_hint(struct pl_subscription *subscription, int64_t last_seq, bool is_last)
{
    if (!pl_session_is_open(subscription->session))
        return;
    if (subscription->state != PL_SUBSCRIPTION_LIVE && subscription->state != PL_SUBSCRIPTION_HINTED)
        return; /* it is on its way to the end anyway, and told there */
    subscription->has_ring = true;
    raise_to(&last_seq, subscription->queued_seq);
    await_fetch(subscription, last_seq);
    if (is_last) {
        subscription->advanced_seq = 0;
        go_on(subscription);
        pl_session_catch_up(subscription->session);
    }
}

void pl_session_fetch(struct pl_subscription *subscription)
{
    if (subscription->state != PL_SUBSCRIPTION_HINTED || subscription->queued_seq >= subscription->head_seq)
        return;
    fall_behind(subscription);
    pl_session_catch_up(subscription->session);
}

/* ---- live entries ---- */

static void fall_back(struct pl_session *session)
{
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_sessions_slow_total, 1);
    pl_session_drop_entries(session);
    struct pl_subscription *subscription, *next;
    HASH_ITER (hh, session->subscriptions, subscription, next) {
        bool is_cut =
            subscription->state == PL_SUBSCRIPTION_FORMER && subscription->queued_seq < subscription->left_seq;
        if (subscription->state == PL_SUBSCRIPTION_HINTED && subscription->queued_seq < subscription->head_seq)
            await_fetch(subscription, subscription->head_seq);
        if (subscription->state != PL_SUBSCRIPTION_LIVE && !is_cut)
            continue;
        /* It had reached its end, but perhaps only in the queue. */
        if (!session->caught_up_told)
            count_in(subscription);
        if (is_cut)
            subscription->head_seq = subscription->left_seq;
        operate(subscription, PL_OP_LEAVE, PL_SUBSCRIPTION_LEAVING);
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
        note_membership(subscription, entry);
        pl_session_queue_entry(session, subscription, entry);
        if (subscription->left_seq != 0)
            rest(subscription);
    }
}

/* ---- heads ---- */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static struct pl_early_cursor *find_early_cursor(struct pl_session *session, const struct pl_chat_id *chat)
{
    struct pl_early_cursor *cursor;
    HASH_FIND(hh, session->early_cursors, chat, sizeof(*chat), cursor);
    return cursor;
}

static void forget_early_cursor(struct pl_session *session, struct pl_early_cursor *cursor)
{
    if (cursor == NULL)
        return;
    HASH_DEL(session->early_cursors, cursor);
    free(cursor);
}

/* What the device said in hello that it has counts as acknowledged, as far as the log goes; so does what it read. */
static void take_early_cursor(struct pl_session *session, struct pl_subscription *subscription)
{
    struct pl_early_cursor *cursor = find_early_cursor(session, &subscription->chat_id);
    if (cursor == NULL)
        return;
    int64_t seq = smaller(cursor->seq, subscription->head_seq);
    if (seq > subscription->sent_seq) {
        subscription->sent_seq = seq;
        pl_session_mark_cursor(session, subscription, seq);
    }
    if (cursor->read_seq > 0)
        pl_session_mark_read(session, subscription, smaller(cursor->read_seq, subscription->sent_seq));
    forget_early_cursor(session, cursor);
}

struct pl_subscription *pl_session_next_wanting_head(struct pl_session *session)
{
    struct pl_subscription *subscription = TAILQ_FIRST(&session->wanting_head);
    if (subscription == NULL)
        return NULL;
    wait_no_more(subscription);
    subscription->is_rejoined = false;
    return subscription;
}

/* Of a chat that is attached again the session may have sent more than is acknowledged. */
void pl_session_take_head(struct pl_subscription *subscription, const struct pl_head *head)
{
    struct pl_session *session = subscription->session;
    pl_assert(subscription->state == PL_SUBSCRIPTION_ATTACHED);
    if (!head->was_member) {
        forget_early_cursor(session, find_early_cursor(session, &subscription->chat_id));
        detach(subscription);
        return;
    }
    subscription->left_seq = head->left_seq;
    subscription->head_seq = head->left_seq != 0 ? head->left_seq : head->last_seq;
    subscription->member_seq = INT64_MAX; /* not known before it joins */
    /* A database restored to an earlier state may hold a cursor beyond the log. */
    raise_to(&subscription->acked_seq, smaller(head->cursor_seq, subscription->head_seq));
    raise_to(&subscription->sent_seq, subscription->acked_seq);
    take_early_cursor(session, subscription);
    raise_to(&subscription->queued_seq, subscription->sent_seq);
    go_on(subscription);
    if (!pl_uuid_is_nil(&head->peer.user_id.uuid))
        pl_session_receipt(subscription, &head->peer);
}

/* ---- pages ---- */

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

static void begin_page(struct pl_session *session)
{
    struct pl_subscription *subscription = TAILQ_FIRST(&session->wanting_page);
    wait_no_more(subscription);
    session->is_reading_page = true;
    if (!may_use_ring(subscription)) {
        read_page(subscription);
        return;
    }
    subscription->seq = subscription->queued_seq;
    operate(subscription, PL_OP_PAGE, PL_SUBSCRIPTION_PAGING);
}

static void take_page(struct pl_subscription *subscription, const struct pl_rows *rows)
{
    struct pl_session *session = subscription->session;
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_catch_up_pages_total, 1);
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_message message = pl_message_from_row(rows, row);
        struct pl_entry *entry = pl_entry_new(&message);
        note_membership(subscription, entry);
        pl_session_queue_entry(session, subscription, entry);
    }
    /*
     * Up to the head the log is from times when the user was no member. The head was heard once, and what was live
     * since may have passed it.
     */
    if (pl_rows_count(rows) == 0 && subscription->queued_seq < subscription->head_seq) {
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
        go_on(subscription);
    }
    pl_arena_fini(&read->arena);
    free(read);
    pl_session_read_returned(session);
}

void pl_session_catch_up(struct pl_session *session)
{
    if (!pl_session_is_open(session))
        return;
    if (!TAILQ_EMPTY(&session->wanting_head))
        pl_session_read_heads(session);
    if (!session->is_reading_page && !TAILQ_EMPTY(&session->wanting_page) && pl_session_has_room(session))
        begin_page(session);
}
