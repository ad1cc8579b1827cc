/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A session's chats: attached, then read up to the end, then live. The same path serves hello, a chat that is new, and
 * a device that was too slow, whose live chats leave their lists and start again from what was sent. A chat that the
 * user has left is read up to the entry that says so, and then rests: the device has yet to acknowledge it.
 *
 * One read of heads and one of a page are under way at a time; pages wait for room in the queue, so that what is read
 * is bounded by what the device takes.
 */
#include <stdlib.h>

#include "delivery/session.h"
#include "messages/message.h"
#include "server.h"

#define PAGE_ENTRIES 100
#define RECONNECT_AFTER_MS 1000

/* A query of a session, with the arena that it lives in. */
struct session_read {
    struct pl_arena arena;
    struct pl_session *session;
    struct pl_chat_id *chats; /* of heads */
    size_t count;
    struct pl_chat_id chat_id; /* of a page */
    int64_t after_seq;
};

static void on_chats(struct pl_query *query, void *context);
static void on_heads(struct pl_query *query, void *context);
static void on_page(struct pl_query *query, void *context);

static struct session_read *new_read(struct pl_session *session)
{
    struct session_read *read = calloc(1, sizeof(*read));
    pl_assert(read != NULL);
    pl_arena_init(&read->arena, 0);
    read->session = session;
    session->out_count++;
    return read;
}

/* False when there is nothing to do with the answer; a failed read ends the stream, and the device comes back. */
static bool read_is_useful(struct session_read *read, const struct pl_query *query)
{
    if (!pl_session_is_open(read->session))
        return false;
    if (query->status != PL_OK)
        pl_session_end(read->session, query->status, RECONNECT_AFTER_MS);
    return query->status == PL_OK;
}

static void end_read(struct session_read *read)
{
    struct pl_session *session = read->session;
    pl_arena_fini(&read->arena);
    free(read);
    session->out_count--;
    pl_session_catch_up(session);
    pl_session_returned(session);
}

/* ---- the exchange with the chat's record ---- */

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
    else if (pl_entry_adds(entry, user))
        subscription->left_seq = 0;
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

static void answered_join(struct pl_subscription *subscription)
{
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
    count_caught_up(subscription);
}

void pl_session_answered(struct pl_task *task)
{
    struct pl_subscription *subscription = pl_container_of(task, struct pl_subscription, task);
    struct pl_session *session = subscription->session;
    if (subscription->operation == PL_OP_DETACH) {
        remove_subscription(subscription);
        return;
    }
    if (session->call == NULL) {
        detach(subscription);
        return;
    }
    if (subscription->operation == PL_OP_ATTACH) {
        subscription->state = PL_SUBSCRIPTION_ATTACHED;
        wait_in(&session->wanting_head, subscription);
    } else if (subscription->operation == PL_OP_JOIN) {
        answered_join(subscription);
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
            subscription->state == PL_SUBSCRIPTION_LIVE || subscription->state == PL_SUBSCRIPTION_FORMER)
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
    STAILQ_INIT(&subscription->receipts);
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

/* ---- live entries ---- */

static void fall_back(struct pl_session *session)
{
    pl_metrics_add(&session->hub->server->metrics, PL_METRIC_sessions_slow_total, 1);
    pl_session_drop_entries(session);
    struct pl_subscription *subscription, *next;
    HASH_ITER (hh, session->subscriptions, subscription, next) {
        bool is_cut =
            subscription->state == PL_SUBSCRIPTION_FORMER && subscription->queued_seq < subscription->left_seq;
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

/* ---- reads ---- */

void pl_session_list_chats(struct pl_session *session)
{
    struct session_read *read = new_read(session);
    struct pl_query *query = pl_query_new(&read->arena, &session->loop->mailbox, on_chats, read);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SESSION_CHATS);
    pl_params_uuid(params, &session->principal.user_id.uuid);
    pl_params_uuid(params, &session->principal.device_id.uuid);
    pl_db_query(session->hub->server->db, query);
}

/* Of chats that are not in the list, because the user has left them and the device has all of them. */
static void look_up_early_reads(struct pl_session *session)
{
    for (struct pl_early_cursor *cursor = session->early_cursors; cursor != NULL; cursor = cursor->hh.next)
        if (cursor->read_seq > 0)
            pl_session_look_up(session, &cursor->chat_id);
}

static void on_chats(struct pl_query *query, void *context)
{
    struct session_read *read = context;
    struct pl_session *session = read->session;
    if (read_is_useful(read, query)) {
        const struct pl_rows *rows = &query->steps[0].rows;
        for (int row = 0; row < pl_rows_count(rows); row++) {
            struct pl_chat_id chat = {pl_rows_uuid(rows, row, 0)};
            subscribe(session, &chat, true);
        }
        session->has_listed = true;
        look_up_early_reads(session);
        pl_session_flush_later(session);
    }
    end_read(read);
}

static void put_chats(struct pl_params *params, const struct session_read *read)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, read->count);
    for (size_t i = 0; i < read->count; i++)
        pl_array_uuid(&array, &read->chats[i].uuid);
    pl_array_end(&array);
}

static void read_heads(struct pl_session *session)
{
    struct session_read *read = new_read(session);
    read->chats = pl_arena_array(&read->arena, struct pl_chat_id, HASH_COUNT(session->subscriptions));
    struct pl_subscription *subscription;
    while ((subscription = TAILQ_FIRST(&session->wanting_head)) != NULL) {
        wait_no_more(subscription);
        subscription->is_rejoined = false;
        read->chats[read->count++] = subscription->chat_id;
    }
    session->is_reading_heads = true;
    struct pl_query *query = pl_query_new(&read->arena, &session->loop->mailbox, on_heads, read);
    struct pl_params *heads = pl_query_add(query, PL_STATEMENT_SESSION_HEADS);
    put_chats(heads, read);
    pl_params_uuid(heads, &session->principal.user_id.uuid);
    pl_params_uuid(heads, &session->principal.device_id.uuid);
    struct pl_params *receipts = pl_query_add(query, PL_STATEMENT_SESSION_RECEIPTS);
    put_chats(receipts, read);
    pl_params_uuid(receipts, &session->principal.user_id.uuid);
    pl_db_query(session->hub->server->db, query);
}

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

static void raise_to(int64_t *seq, int64_t least)
{
    if (*seq < least)
        *seq = least;
}

/* Of a chat that is attached again the session may have sent more than is acknowledged. */
static void take_head(struct pl_session *session, struct pl_subscription *subscription, const struct pl_rows *heads,
                      int row)
{
    subscription->head_seq = pl_rows_int(heads, row, 1);
    subscription->left_seq = pl_rows_int(heads, row, 3);
    /* A database restored to an earlier state may hold a cursor beyond the log. */
    raise_to(&subscription->acked_seq, smaller(pl_rows_int(heads, row, 2), subscription->head_seq));
    raise_to(&subscription->sent_seq, subscription->acked_seq);
    take_early_cursor(session, subscription);
    raise_to(&subscription->queued_seq, subscription->sent_seq);
    go_on(subscription);
}

static struct pl_subscription *find_in_row(struct pl_session *session, const struct pl_rows *rows, int row)
{
    struct pl_chat_id chat = {pl_rows_uuid(rows, row, 0)};
    return pl_session_find(session, &chat);
}

static void take_heads(struct session_read *read, const struct pl_rows *heads, const struct pl_rows *receipts)
{
    struct pl_session *session = read->session;
    for (int row = 0; row < pl_rows_count(heads); row++)
        take_head(session, find_in_row(session, heads, row), heads, row);
    for (int row = 0; row < pl_rows_count(receipts); row++) {
        struct pl_receipt receipt = {
            {pl_rows_uuid(receipts, row, 1)}, pl_rows_int(receipts, row, 2), pl_rows_int(receipts, row, 3), 0};
        pl_session_receipt(find_in_row(session, receipts, row), &receipt);
    }
    /* Chats without a head: the user never was a member. */
    for (size_t i = 0; i < read->count; i++) {
        struct pl_subscription *subscription = pl_session_find(session, &read->chats[i]);
        if (subscription->state != PL_SUBSCRIPTION_ATTACHED)
            continue;
        forget_early_cursor(session, find_early_cursor(session, &subscription->chat_id));
        detach(subscription);
    }
}

static void on_heads(struct pl_query *query, void *context)
{
    struct session_read *read = context;
    read->session->is_reading_heads = false;
    if (read_is_useful(read, query))
        take_heads(read, &query->steps[0].rows, &query->steps[1].rows);
    end_read(read);
}

static void read_page(struct pl_session *session)
{
    struct pl_subscription *subscription = TAILQ_FIRST(&session->wanting_page);
    wait_no_more(subscription);
    struct session_read *read = new_read(session);
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
    }
}

static void on_page(struct pl_query *query, void *context)
{
    struct session_read *read = context;
    struct pl_session *session = read->session;
    session->is_reading_page = false;
    if (read_is_useful(read, query)) {
        struct pl_subscription *subscription = pl_session_find(session, &read->chat_id);
        /* Not so when the queue was dropped meanwhile: then the page is read again from what was sent. */
        if (subscription->queued_seq == read->after_seq)
            take_page(subscription, &query->steps[0].rows);
        go_on(subscription);
    }
    end_read(read);
}

void pl_session_catch_up(struct pl_session *session)
{
    if (!pl_session_is_open(session))
        return;
    if (!session->is_reading_heads && !TAILQ_EMPTY(&session->wanting_head))
        read_heads(session);
    if (!session->is_reading_page && !TAILQ_EMPTY(&session->wanting_page) && pl_session_has_room(session))
        read_page(session);
}
