/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A chat's record: its tail and who follows it. See hub.h for the rule and shard.h for the exchange with sessions.
 *
 * An entry that removes users is the last that their sessions get: they are out of the list when the next one is fanned
 * out. As the list changes only there, and the record never passes over a seq while somebody is in the list, a lost
 * notice cannot keep anybody in it; and who joins has read all entries up to the tail, so knows that they may.
 *
 * While nobody is in the list the tail is only "all up to here is committed" and may jump. The first to join brings the
 * tail that it has read; that is safe because it attached first: whatever is committed after its read is published to
 * this record.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "delivery/chat_record.h"
#include "delivery/fan_out.h"
#include "delivery/group_receipts.h"
#include "delivery/session.h"
#include "delivery/typing.h"
#include "messages/message.h"
#include "server.h"

#define GAP_WAIT_US 20000
#define GAP_RETRY_US 1000000
#define PARKED_MAX 256
#define PAGE_ENTRIES 100

static void on_gap(struct pl_timer *timer);
static void accept_entry(struct chat_record *record, struct pl_entry *entry);

/* ---- to the sessions ---- */

/*
 * Sessions of users whom the entry removes get nothing of the chat behind it. One that joined ahead of the tail has
 * read this entry, and that the user came back since.
 */
static void remove_users(struct chat_record *record, const struct pl_entry *entry)
{
    struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached) {
        bool is_past = entry->seq <= subscription->had_seq;
        if (is_past || !pl_entry_removes(entry, &subscription->session->principal.user_id))
            continue;
        subscription->is_former = true;
        record->listed -= subscription->in_list;
        subscription->in_list = false;
    }
}

static void fan_out(struct chat_record *record, struct pl_entry *entry)
{
    pl_fan_out(record, entry);
    if (entry->users != NULL)
        remove_users(record, entry);
    pl_group_receipts_entry(record, entry);
}

struct telling {
    struct pl_task task;
    struct pl_subscription *subscription;
    struct pl_receipt receipt;
};

static void run_telling(struct pl_task *task)
{
    struct telling *telling = pl_container_of(task, struct telling, task);
    pl_session_receipt(telling->subscription, &telling->receipt);
    free(telling);
}

static void tell(struct pl_subscription *subscription, const struct pl_receipt *receipt)
{
    struct telling *telling = malloc(sizeof(*telling));
    pl_assert(telling != NULL);
    *telling = (struct telling){{.run = run_telling}, subscription, *receipt};
    pl_mailbox_post(&subscription->session->loop->mailbox, &telling->task);
}

/* ---- records ---- */

static struct chat_record *find(struct pl_shard *shard, const struct pl_chat_id *chat)
{
    struct chat_record *record;
    HASH_FIND(hh, shard->chats, chat, sizeof(*chat), record);
    return record;
}

static struct chat_record *find_or_add(struct pl_shard *shard, const struct pl_chat_id *chat)
{
    struct chat_record *record = find(shard, chat);
    if (record != NULL)
        return record;
    record = calloc(1, sizeof(*record));
    pl_assert(record != NULL);
    record->chat_id = *chat;
    record->shard = shard;
    record->gap_timer.run = on_gap;
    TAILQ_INIT(&record->subscriptions);
    pl_fan_out_init(record);
    HASH_ADD(hh, shard->chats, chat_id, sizeof(record->chat_id), record);
    pl_metrics_add(&shard->hub->server->metrics, PL_METRIC_hub_chats, 1);
    return record;
}

static void drop_parked(struct chat_record *record)
{
    for (unsigned i = 0; i < record->parked_count; i++)
        pl_entry_release(record->parked[i]);
    record->parked_count = 0;
    free(record->parked);
    record->parked = NULL;
}

/* Records live as long as somebody is attached, or a read of theirs is under way. */
void pl_chat_record_returned(struct chat_record *record)
{
    if (!TAILQ_EMPTY(&record->subscriptions) || record->is_reading || pl_group_receipts_are_read(record) ||
        pl_typing_is_read(record))
        return;
    drop_parked(record);
    pl_group_receipts_free(record);
    pl_typing_free(record);
    pl_fan_out_fini(record);
    pl_timers_disarm(&record->shard->loop->timers, &record->gap_timer);
    pl_metrics_add(&record->shard->hub->server->metrics, PL_METRIC_hub_chats, -1);
    HASH_DEL(record->shard->chats, record);
    free(record);
}

/* ---- entries in order ---- */

static void arm_gap(struct chat_record *record, int64_t wait_us)
{
    if (record->gap_timer.index == 0 && !record->is_reading)
        pl_timers_arm(&record->shard->loop->timers, &record->gap_timer, pl_clock_now_us() + wait_us);
}

static void await_gap(struct chat_record *record, int64_t seq)
{
    if (seq > record->wanted_seq)
        record->wanted_seq = seq;
    arm_gap(record, GAP_WAIT_US);
}

/* In order, each seq once; past the bound an entry is dropped here and read from the database later. */
static void park(struct chat_record *record, struct pl_entry *entry)
{
    if (record->parked == NULL)
        record->parked = calloc(PARKED_MAX, sizeof(struct pl_entry *));
    pl_assert(record->parked != NULL);
    unsigned at = record->parked_count;
    while (at > 0 && record->parked[at - 1]->seq > entry->seq)
        at--;
    bool is_known = at > 0 && record->parked[at - 1]->seq == entry->seq;
    await_gap(record, entry->seq);
    if (is_known || record->parked_count == PARKED_MAX) {
        pl_entry_release(entry);
        return;
    }
    for (unsigned i = record->parked_count; i > at; i--)
        record->parked[i] = record->parked[i - 1];
    record->parked[at] = entry;
    record->parked_count++;
}

/* What was parked and is next, or no longer needed, goes on. */
static void unpark(struct chat_record *record)
{
    unsigned taken = 0;
    while (taken < record->parked_count && record->parked[taken]->seq <= record->tail + 1) {
        struct pl_entry *entry = record->parked[taken++];
        if (entry->seq == record->tail + 1) {
            fan_out(record, entry);
            record->tail = entry->seq;
        }
        pl_entry_release(entry);
    }
    record->parked_count -= taken;
    for (unsigned i = 0; i < record->parked_count; i++)
        record->parked[i] = record->parked[i + taken];
    if (record->parked_count == 0)
        drop_parked(record);
}

/* Nobody needs a gap filled: the next to join reads for itself. */
static void forget_gap(struct chat_record *record)
{
    drop_parked(record);
    if (record->wanted_seq > record->tail)
        record->tail = record->wanted_seq;
    pl_fan_out_advance(record);
}

static void accept_entry(struct chat_record *record, struct pl_entry *entry)
{
    if (record->listed == 0 && entry->seq > record->tail) {
        fan_out(record, entry);
        record->tail = entry->seq;
    }
    if (entry->seq <= record->tail) {
        pl_entry_release(entry);
        return;
    }
    if (entry->seq > record->tail + 1) {
        park(record, entry);
        return;
    }
    fan_out(record, entry);
    record->tail = entry->seq;
    pl_entry_release(entry);
    unpark(record);
    if (record->listed == 0)
        forget_gap(record);
}

void pl_chat_record_publish(struct pl_shard *shard, struct pl_entry *entry)
{
    struct chat_record *record = find(shard, &entry->chat_id);
    if (record == NULL)
        pl_entry_release(entry);
    else
        accept_entry(record, entry);
}

void pl_chat_record_advance(struct pl_shard *shard, const struct pl_chat_id *chat, int64_t last_seq)
{
    struct chat_record *record = find(shard, chat);
    if (record == NULL || last_seq <= record->tail)
        return;
    if (record->listed > 0) {
        await_gap(record, last_seq);
        return;
    }
    record->tail = last_seq;
    pl_fan_out_advance(record);
}

void pl_chat_record_tell(struct pl_shard *shard, const struct pl_chat_id *chat, const struct pl_receipt *receipt)
{
    struct chat_record *record = find(shard, chat);
    if (record == NULL)
        return;
    if (record->is_group) {
        pl_group_receipts_mark(record, receipt);
        return;
    }
    struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached)
        if (!subscription->is_former &&
            !pl_uuid_equal(&subscription->session->principal.user_id.uuid, &receipt->user_id.uuid))
            tell(subscription, receipt);
}

/* ---- gaps ---- */

struct gap_read {
    struct pl_arena arena;
    struct chat_record *record;
};

/* A gap longer than a page is read on at once; a database that is away is not asked in a hurry. */
static int64_t next_read_us(const struct pl_query *query, bool moved)
{
    if (query->status != PL_OK)
        return GAP_RETRY_US;
    return moved ? 0 : GAP_WAIT_US;
}

static void on_gap_page(struct pl_query *query, void *context)
{
    struct gap_read *read = context;
    struct chat_record *record = read->record;
    const struct pl_rows *rows = &query->steps[0].rows;
    int64_t tail_before = record->tail;
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_message message = pl_message_from_row(rows, row);
        accept_entry(record, pl_entry_new(&message));
    }
    record->is_reading = false;
    if (record->wanted_seq > record->tail && record->listed > 0)
        arm_gap(record, next_read_us(query, record->tail > tail_before));
    pl_arena_fini(&read->arena);
    free(read);
    pl_chat_record_returned(record);
}

static void on_gap(struct pl_timer *timer)
{
    struct chat_record *record = pl_container_of(timer, struct chat_record, gap_timer);
    if (record->wanted_seq <= record->tail || record->listed == 0)
        return;
    struct gap_read *read = malloc(sizeof(*read));
    pl_assert(read != NULL);
    read->record = record;
    pl_arena_init(&read->arena, 0);
    record->is_reading = true;
    struct pl_query *query = pl_query_new(&read->arena, &record->shard->loop->mailbox, on_gap_page, read);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_HUB_PAGE);
    pl_params_uuid(params, &record->chat_id.uuid);
    pl_params_int64(params, record->tail);
    pl_params_int32(params, PAGE_ENTRIES);
    pl_db_query(record->shard->hub->server->db, query);
}

/* ---- the exchange ---- */

static void attach(struct pl_subscription *subscription)
{
    subscription->is_former = false;
    if (subscription->record != NULL)
        return;
    struct pl_shard *shard = pl_hub_chat_shard(subscription->session->hub, &subscription->chat_id);
    struct chat_record *record = find_or_add(shard, &subscription->chat_id);
    subscription->record = record;
    subscription->in_list = false;
    TAILQ_INSERT_TAIL(&record->subscriptions, subscription, attached);
}

static void join(struct pl_subscription *subscription)
{
    struct chat_record *record = subscription->record;
    int64_t have = subscription->seq;
    if (record->listed == 0 && have > record->tail)
        record->tail = have;
    subscription->seq = record->tail;
    subscription->is_hot = pl_fan_out_is_hot(record);
    subscription->is_live = have >= record->tail && !subscription->is_hot;
    if (subscription->is_hot)
        pl_fan_out_follow(subscription);
    if (!subscription->is_live)
        return;
    subscription->in_list = true;
    subscription->had_seq = have;
    subscription->is_former = false;
    record->listed++;
    pl_group_receipts_join(subscription);
    /* It has read further than what was published here: the rest is on its way, or lost and to be read. */
    if (have > record->tail)
        await_gap(record, have);
}

static void leave(struct pl_subscription *subscription)
{
    pl_fan_out_leave(subscription);
    if (!subscription->in_list)
        return;
    subscription->in_list = false;
    if (--subscription->record->listed == 0)
        forget_gap(subscription->record);
}

static void detach(struct pl_subscription *subscription)
{
    struct chat_record *record = subscription->record;
    leave(subscription);
    TAILQ_REMOVE(&record->subscriptions, subscription, attached);
    subscription->record = NULL;
    pl_chat_record_returned(record);
}

void pl_chat_record_operate(struct pl_task *task)
{
    struct pl_subscription *subscription = pl_container_of(task, struct pl_subscription, task);
    switch (subscription->operation) {
    case PL_OP_ATTACH:
        attach(subscription);
        break;
    case PL_OP_JOIN:
        join(subscription);
        break;
    case PL_OP_LEAVE:
        leave(subscription);
        break;
    case PL_OP_PAGE:
        pl_fan_out_page(subscription);
        break;
    case PL_OP_DETACH:
        detach(subscription);
        break;
    }
    const struct chat_record *record = subscription->record;
    subscription->has_ring = record != NULL && record->ring != NULL;
    subscription->followers = record != NULL ? record->listed + record->hinted : 0;
    subscription->task.run = pl_session_answered;
    pl_mailbox_post(&subscription->session->loop->mailbox, &subscription->task);
}
