/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/group_receipts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/clock.h"
#include "delivery/session.h"
#include "server.h"

#define GATHER_US 50000
#define RETRY_US 1000000

/* One stay of a user in the group. */
struct member {
    struct pl_user_id user_id;
    int64_t joined_seq;
    int64_t left_seq;
    int64_t delivered_seq;
    int64_t read_seq;
};

struct counted {
    struct pl_group_count count;
    struct pl_user_id sender_id;
    bool is_changed;
};

struct pl_group_receipts {
    struct chat_record *record;
    struct pl_timer timer;
    struct member *members; /* by user */
    unsigned member_count;
    struct counted messages[PL_GROUP_COUNTS_MAX]; /* by seq */
    unsigned message_count;
    bool is_stale; /* members are to be read */
    bool is_reading;
    bool has_missed; /* a watermark or a member moved during the read */
    struct pl_arena arena;
};

static void on_timer(struct pl_timer *timer);

static void arm(struct pl_group_receipts *receipts, int64_t wait_us)
{
    if (receipts->timer.index == 0 && !receipts->is_reading)
        pl_timers_arm(&receipts->record->shard->loop->timers, &receipts->timer, pl_clock_now_us() + wait_us);
}

static bool is_same(const struct pl_user_id *one, const struct pl_user_id *other)
{
    return pl_uuid_equal(&one->uuid, &other->uuid);
}

/* ---- what is known ---- */

static int by_user(const void *a, const void *b)
{
    return memcmp(&((const struct member *)a)->user_id, &((const struct member *)b)->user_id,
                  sizeof(struct pl_user_id));
}

static void raise_member(struct pl_group_receipts *receipts, const struct pl_receipt *receipt)
{
    struct member wanted = {.user_id = receipt->user_id};
    struct member *end = receipts->members + receipts->member_count;
    struct member *member = receipts->member_count == 0
                                ? NULL
                                : bsearch(&wanted, receipts->members, receipts->member_count, sizeof(wanted), by_user);
    if (member == NULL)
        return;
    while (member > receipts->members && is_same(&member[-1].user_id, &receipt->user_id))
        member--;
    for (; member < end && is_same(&member->user_id, &receipt->user_id); member++) {
        member->delivered_seq = MAX(member->delivered_seq, receipt->delivered_seq);
        member->read_seq = MAX(member->read_seq, receipt->read_seq);
    }
}

static void add_message(struct pl_group_receipts *receipts, int64_t seq, const struct pl_user_id *sender)
{
    struct counted *messages = receipts->messages;
    if (receipts->message_count > 0 && messages[receipts->message_count - 1].count.seq >= seq)
        return;
    if (receipts->message_count == PL_GROUP_COUNTS_MAX)
        memmove(messages, messages + 1, --receipts->message_count * sizeof(*messages));
    messages[receipts->message_count++] = (struct counted){.count.seq = seq, .sender_id = *sender};
}

static void count_members(const struct pl_group_receipts *receipts, struct counted *message)
{
    struct pl_group_count now = {.seq = message->count.seq};
    for (unsigned i = 0; i < receipts->member_count; i++) {
        const struct member *member = &receipts->members[i];
        if (member->joined_seq <= now.seq)
            now.members_seq = MAX(now.members_seq, member->joined_seq);
        if (member->left_seq < now.seq)
            now.members_seq = MAX(now.members_seq, member->left_seq + 1);
        if (member->joined_seq > now.seq || member->left_seq < now.seq ||
            is_same(&member->user_id, &message->sender_id))
            continue;
        now.recipients++;
        now.delivered += member->delivered_seq >= now.seq;
        now.read += member->read_seq >= now.seq;
    }
    /* A group that hides reading from now on does not take back what was told. */
    now.delivered = MAX(now.delivered, message->count.delivered);
    now.read = MAX(now.read, message->count.read);
    message->is_changed = now.delivered != message->count.delivered || now.read != message->count.read;
    message->count = now;
}

static bool is_final(const struct counted *message)
{
    return message->count.recipients > 0 && message->count.read == message->count.recipients;
}

/* Whether any count is another. Those that cannot grow are not counted again. */
static bool count_all(struct pl_group_receipts *receipts)
{
    bool is_changed = false;
    for (unsigned i = 0; i < receipts->message_count; i++) {
        struct counted *message = &receipts->messages[i];
        message->is_changed = false;
        if (!is_final(message))
            count_members(receipts, message);
        is_changed |= message->is_changed;
    }
    return is_changed;
}

/* ---- telling ---- */

struct telling {
    struct pl_task task;
    struct pl_subscription *subscription;
    unsigned count;
    struct pl_group_count counts[];
};

static void run_telling(struct pl_task *task)
{
    struct telling *telling = pl_container_of(task, struct telling, task);
    pl_session_counts(telling->subscription, telling->counts, telling->count);
    free(telling);
}

static bool is_news(const struct counted *message, const struct pl_subscription *subscription)
{
    bool is_due = message->is_changed || (subscription->wants_counts && message->count.delivered > 0);
    return is_due && is_same(&message->sender_id, &subscription->session->principal.user_id);
}

static void tell(const struct pl_group_receipts *receipts, struct pl_subscription *subscription)
{
    struct pl_group_count news[PL_GROUP_COUNTS_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < receipts->message_count; i++)
        if (is_news(&receipts->messages[i], subscription))
            news[count++] = receipts->messages[i].count;
    subscription->wants_counts = false;
    if (count == 0)
        return;
    struct telling *telling = malloc(sizeof(*telling) + count * sizeof(news[0]));
    pl_assert(telling != NULL);
    telling->task.run = run_telling;
    telling->subscription = subscription;
    telling->count = count;
    memcpy(telling->counts, news, count * sizeof(news[0]));
    pl_mailbox_post(&subscription->session->loop->mailbox, &telling->task);
}

static void tell_all(struct pl_group_receipts *receipts)
{
    bool is_changed = count_all(receipts);
    struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &receipts->record->subscriptions, attached)
        if (!subscription->is_former && (is_changed || subscription->wants_counts))
            tell(receipts, subscription);
}

/* ---- reading ---- */

static void take_members(struct pl_group_receipts *receipts, const struct pl_rows *rows)
{
    unsigned count = (unsigned)pl_rows_count(rows);
    free(receipts->members);
    receipts->members = calloc(count + 1, sizeof(struct member));
    pl_assert(receipts->members != NULL);
    receipts->member_count = count;
    for (unsigned i = 0; i < count; i++)
        receipts->members[i] = (struct member){{pl_rows_uuid(rows, (int)i, 0)},
                                               pl_rows_int(rows, (int)i, 1),
                                               pl_rows_int(rows, (int)i, 2),
                                               pl_rows_int(rows, (int)i, 3),
                                               pl_rows_int(rows, (int)i, 4)};
    qsort(receipts->members, count, sizeof(struct member), by_user);
}

static void add_heard(struct pl_group_receipts *receipts, const struct counted *heard)
{
    unsigned at = 0;
    while (at < receipts->message_count && receipts->messages[at].count.seq < heard->count.seq)
        at++;
    if (at == receipts->message_count)
        add_message(receipts, heard->count.seq, &heard->sender_id);
    else if (receipts->messages[at].count.seq == heard->count.seq)
        receipts->messages[at].count = heard->count;
}

/* What was read, with what was counted before, and what was heard since. */
static void take_messages(struct pl_group_receipts *receipts, const struct pl_rows *rows)
{
    struct counted *heard = malloc(sizeof(receipts->messages));
    unsigned heard_count = receipts->message_count;
    pl_assert(heard != NULL);
    memcpy(heard, receipts->messages, sizeof(receipts->messages));
    receipts->message_count = 0;
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_user_id sender = {pl_rows_uuid(rows, row, 1)};
        add_message(receipts, pl_rows_int(rows, row, 0), &sender);
    }
    for (unsigned i = 0; i < heard_count; i++)
        add_heard(receipts, &heard[i]);
    free(heard);
}

static void on_read(struct pl_query *query, void *context)
{
    struct pl_group_receipts *receipts = context;
    receipts->is_reading = false;
    if (query->status != PL_OK) {
        arm(receipts, RETRY_US);
    } else {
        take_messages(receipts, &query->steps[1].rows);
        take_members(receipts, &query->steps[0].rows);
        receipts->is_stale = receipts->has_missed;
        if (receipts->is_stale)
            arm(receipts, GATHER_US);
        else
            tell_all(receipts);
    }
    pl_arena_fini(&receipts->arena);
    pl_chat_record_returned(receipts->record);
}

static void read_members(struct pl_group_receipts *receipts)
{
    struct chat_record *record = receipts->record;
    receipts->is_reading = true;
    receipts->has_missed = false;
    pl_arena_init(&receipts->arena, 0);
    struct pl_query *query = pl_query_new(&receipts->arena, &record->shard->loop->mailbox, on_read, receipts);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_CHAT_WATERMARKS), &record->chat_id.uuid);
    pl_params_uuid(pl_query_add(query, PL_STATEMENT_CHAT_SENDERS), &record->chat_id.uuid);
    pl_db_query(record->shard->hub->server->db, query);
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_group_receipts *receipts = pl_container_of(timer, struct pl_group_receipts, timer);
    if (receipts->is_stale)
        read_members(receipts);
    else
        tell_all(receipts);
}

/* ---- the record's side ---- */

static bool is_for_others(const struct chat_record *record, const struct pl_user_id *user)
{
    const struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached)
        if (!subscription->is_former && !is_same(&subscription->session->principal.user_id, user))
            return true;
    return false;
}

static struct pl_group_receipts *receipts_new(struct chat_record *record)
{
    struct pl_group_receipts *receipts = calloc(1, sizeof(*receipts));
    pl_assert(receipts != NULL);
    receipts->record = record;
    receipts->timer.run = on_timer;
    receipts->is_stale = true;
    return receipts;
}

void pl_group_receipts_mark(struct chat_record *record, const struct pl_receipt *receipt)
{
    if (record->receipts == NULL) {
        if (!is_for_others(record, &receipt->user_id))
            return;
        record->receipts = receipts_new(record);
    }
    record->receipts->has_missed = true;
    raise_member(record->receipts, receipt);
    arm(record->receipts, GATHER_US);
}

void pl_group_receipts_entry(struct chat_record *record, const struct pl_entry *entry)
{
    struct pl_group_receipts *receipts = record->receipts;
    if (receipts == NULL)
        return;
    if (entry->kind <= PL_ENTRY_MESSAGE)
        add_message(receipts, entry->seq, &entry->sender_id);
    if (entry->users == NULL)
        return;
    receipts->is_stale = true;
    receipts->has_missed = true;
}

void pl_group_receipts_join(struct pl_subscription *subscription)
{
    struct pl_group_receipts *receipts = subscription->record->receipts;
    if (receipts == NULL)
        return;
    /* A poll would end at once with what the one before was told. */
    subscription->wants_counts = subscription->session->poll == NULL;
    /* While nobody was in the list, entries passed unseen. */
    if (subscription->record->listed == 1)
        receipts->is_stale = receipts->has_missed = true;
    arm(receipts, GATHER_US);
}

bool pl_group_receipts_are_read(const struct chat_record *record)
{
    return record->receipts != NULL && record->receipts->is_reading;
}

void pl_group_receipts_free(struct chat_record *record)
{
    if (record->receipts == NULL)
        return;
    pl_timers_disarm(&record->shard->loop->timers, &record->receipts->timer);
    free(record->receipts->members);
    free(record->receipts);
    record->receipts = NULL;
}
