/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "delivery/fan_out.h"

#include <stdlib.h>

#include "base/clock.h"
#include "chats/individual.h"
#include "delivery/ring.h"
#include "delivery/session.h"
#include "server.h"

#define SLICE_SESSIONS 64
#define LOOPS_MAX 64 /* of rpc_threads */
#define HINT_US 200000
#define PAGE_ENTRIES 100

/* How much of a group is pushed, and what its sessions were told when it is not. */
struct pl_rate {
    struct chat_record *record;
    int64_t end_seq;      /* of the last entry */
    int64_t hinted_seq;   /* the end that was last told */
    int64_t budget;       /* deliveries that may be pushed at once */
    int64_t budget_at_us; /* when it was right */
    struct pl_timer hint_timer;
};

static void on_hint_timer(struct pl_timer *timer);

void pl_fan_out_init(struct chat_record *record)
{
    record->is_group = pl_chat_id_is_group(&record->chat_id);
    if (!record->is_group)
        return;
    record->rate = calloc(1, sizeof(*record->rate));
    pl_assert(record->rate != NULL);
    *record->rate = (struct pl_rate){
        .record = record,
        .budget = record->shard->hub->server->config.fanout_push_rate,
        .budget_at_us = pl_clock_now_us(),
        .hint_timer = {.run = on_hint_timer},
    };
}

void pl_fan_out_fini(struct chat_record *record)
{
    if (record->rate != NULL)
        pl_timers_disarm(&record->shard->loop->timers, &record->rate->hint_timer);
    free(record->rate);
    if (record->ring != NULL)
        pl_ring_free(record->ring);
}

/* ---- how much is pushed ---- */

static void refill(struct chat_record *record)
{
    int64_t rate = record->shard->hub->server->config.fanout_push_rate;
    int64_t now_us = pl_clock_now_us();
    int64_t gained = (now_us - record->rate->budget_at_us) * rate / 1000000;
    if (gained == 0)
        return;
    record->rate->budget_at_us = now_us;
    record->rate->budget = record->rate->budget + gained < rate ? record->rate->budget + gained : rate;
}

/* Takes what the entry costs; it costs the same whether it is pushed or not, down to one second's worth. */
static bool is_within_budget(struct chat_record *record)
{
    const struct pl_config *config = &record->shard->hub->server->config;
    int64_t sessions = (int64_t)record->listed + record->hinted;
    refill(record);
    bool is_within = sessions <= config->fanout_push_max && record->rate->budget >= sessions;
    if (record->rate->budget - sessions > -(int64_t)config->fanout_push_rate)
        record->rate->budget -= sessions;
    return is_within;
}

static bool is_calm(struct chat_record *record)
{
    const struct pl_config *config = &record->shard->hub->server->config;
    refill(record);
    return (int64_t)record->listed + record->hinted <= config->fanout_push_max &&
           record->rate->budget >= config->fanout_push_rate / 2;
}

/* ---- whole entries ---- */

/* Sessions of one loop. */
struct slice {
    struct pl_task task;
    struct pl_entry *entry;
    unsigned others;
    unsigned count;
    struct pl_subscription *subscriptions[SLICE_SESSIONS];
};

static void run_slice(struct pl_task *task)
{
    struct slice *slice = pl_container_of(task, struct slice, task);
    for (unsigned i = 0; i < slice->count; i++) {
        slice->subscriptions[i]->others = slice->others;
        pl_session_entry(slice->subscriptions[i], pl_entry_hold(slice->entry));
    }
    pl_entry_release(slice->entry);
    free(slice);
}

static struct slice *slice_new(const struct chat_record *record, struct pl_entry *entry)
{
    /* A chat of two has no use for places for 64. */
    size_t places = record->listed < SLICE_SESSIONS ? record->listed : SLICE_SESSIONS;
    struct slice *slice = malloc(offsetof(struct slice, subscriptions) + places * sizeof(slice->subscriptions[0]));
    pl_assert(slice != NULL);
    slice->task.run = run_slice;
    slice->entry = pl_entry_hold(entry);
    slice->others = record->listed + record->hinted;
    slice->count = 0;
    return slice;
}

static void post(struct slice **slice)
{
    if (*slice != NULL)
        pl_mailbox_post(&(*slice)->subscriptions[0]->session->loop->mailbox, &(*slice)->task);
    *slice = NULL;
}

static void push(struct chat_record *record, struct pl_entry *entry)
{
    struct slice *slices[LOOPS_MAX] = {NULL};
    struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached) {
        if (!subscription->in_list)
            continue;
        unsigned loop = subscription->session->loop->index;
        pl_assert(loop < LOOPS_MAX);
        if (slices[loop] == NULL)
            slices[loop] = slice_new(record, entry);
        slices[loop]->subscriptions[slices[loop]->count++] = subscription;
        if (slices[loop]->count == SLICE_SESSIONS)
            post(&slices[loop]);
    }
    for (unsigned i = 0; i < LOOPS_MAX; i++)
        post(&slices[i]);
}

/* ---- hints ---- */

struct hint {
    struct pl_task task;
    struct pl_subscription *subscription;
    int64_t last_seq;
    bool is_last;
};

static void run_hint(struct pl_task *task)
{
    struct hint *hint = pl_container_of(task, struct hint, task);
    pl_session_hint(hint->subscription, hint->last_seq, hint->is_last);
    free(hint);
}

/* is_last: none follows, and the session is to read up to there by itself. */
static void tell(struct pl_subscription *subscription, int64_t last_seq, bool is_last)
{
    struct hint *hint = malloc(sizeof(*hint));
    pl_assert(hint != NULL);
    *hint = (struct hint){{.run = run_hint}, subscription, last_seq, is_last};
    pl_mailbox_post(&subscription->session->loop->mailbox, &hint->task);
    if (is_last)
        pl_fan_out_leave(subscription);
}

static void tell_all(struct chat_record *record, bool is_last)
{
    struct pl_subscription *subscription;
    record->rate->hinted_seq = record->rate->end_seq;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached)
        if (subscription->is_hinted)
            tell(subscription, record->rate->end_seq, is_last);
}

static void arm(struct chat_record *record)
{
    if (record->rate->hint_timer.index == 0)
        pl_timers_arm(&record->shard->loop->timers, &record->rate->hint_timer, pl_clock_now_us() + HINT_US);
}

static void heat_up(struct chat_record *record)
{
    struct pl_subscription *subscription;
    record->is_hot = true;
    pl_metrics_add(&record->shard->hub->server->metrics, PL_METRIC_hub_hot_chats_total, 1);
    if (record->ring == NULL)
        record->ring = pl_ring_new();
    TAILQ_FOREACH (subscription, &record->subscriptions, attached) {
        if (!subscription->in_list)
            continue;
        subscription->in_list = false;
        record->listed--;
        pl_fan_out_follow(subscription);
    }
    tell_all(record, false);
    arm(record);
}

static void on_hint_timer(struct pl_timer *timer)
{
    struct chat_record *record = pl_container_of(timer, struct pl_rate, hint_timer)->record;
    if (is_calm(record)) {
        record->is_hot = false;
        tell_all(record, true);
        return;
    }
    if (record->rate->end_seq > record->rate->hinted_seq)
        tell_all(record, false);
    arm(record);
}

/* Who is removed reads up to there, and no hint comes any more. */
static void tell_removed(struct chat_record *record, const struct pl_entry *entry)
{
    struct pl_subscription *subscription;
    TAILQ_FOREACH (subscription, &record->subscriptions, attached)
        if (subscription->is_hinted && pl_entry_removes(entry, &subscription->session->principal.user_id))
            tell(subscription, entry->seq, true);
}

void pl_fan_out(struct chat_record *record, struct pl_entry *entry)
{
    if (record->is_group)
        record->rate->end_seq = entry->seq;
    bool is_pushed = !record->is_group || (is_within_budget(record) && !record->is_hot);
    if (!is_pushed && !record->is_hot)
        heat_up(record);
    if (record->ring != NULL)
        pl_ring_add(record->ring, entry);
    if (is_pushed)
        push(record, entry);
    else if (entry->users != NULL)
        tell_removed(record, entry);
}

void pl_fan_out_advance(struct chat_record *record)
{
    if (record->is_group && record->tail > record->rate->end_seq)
        record->rate->end_seq = record->tail;
}

bool pl_fan_out_is_hot(const struct chat_record *record)
{
    return record->is_hot;
}

void pl_fan_out_follow(struct pl_subscription *subscription)
{
    if (!subscription->is_hinted)
        subscription->record->hinted++;
    subscription->is_hinted = true;
}

void pl_fan_out_leave(struct pl_subscription *subscription)
{
    if (subscription->is_hinted)
        subscription->record->hinted--;
    subscription->is_hinted = false;
}

void pl_fan_out_page(struct pl_subscription *subscription)
{
    struct chat_record *record = subscription->record;
    subscription->page = record->ring == NULL ? NULL : pl_ring_read(record->ring, subscription->seq, PAGE_ENTRIES);
    pl_metrics_add(&record->shard->hub->server->metrics,
                   subscription->page != NULL ? PL_METRIC_ring_hits_total : PL_METRIC_ring_misses_total, 1);
}
