/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The writer's thread. A transaction that fails puts its appends back to the front of what waits,
 * so running it again, waiting for a database that is away and giving up are each in one place.
 */
#include "db/writer.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/gather.h"

#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define AGAIN_PAUSE_MS_MAX 320

static void finish_task(struct pl_task *task)
{
    struct pl_append *append = pl_container_of(task, struct pl_append, task);
    append->done(append);
}

static void count_answer(struct pl_metrics *metrics, const struct pl_append *append)
{
    if (append->status != PL_OK)
        pl_metrics_refuse(metrics, PL_METRIC_messages_refused_total, append->status);
    else if (append->change != NULL && append->change->is_needless)
        return;
    else if (append->resend)
        pl_metrics_add(metrics, PL_METRIC_messages_resent_total, 1);
    else
        pl_metrics_add(metrics, PL_METRIC_messages_appended_total, 1);
}

/* The append is the submitter's again once homes are sent. */
static void answer(struct pl_writer *writer, struct pl_append *append, enum pl_status status)
{
    append->status = status;
    count_answer(writer->context->metrics, append);
    atomic_fetch_sub(writer->queued, 1);
    pl_metrics_add(writer->context->metrics, PL_METRIC_append_queue, -1);
    pl_homes_add(&writer->homes, append->home, &append->task);
}

/* ---- giving up ---- */

/* PL_OK: the append may wait on. */
static enum pl_status overdue(const struct pl_writer *writer, const struct pl_append *append, int64_t now_us)
{
    if (!append->maybe_stored && append->deadline_us != 0 && now_us > append->deadline_us)
        return PL_DEADLINE_EXCEEDED;
    bool too_long = writer->failing && now_us - append->submitted_us > PL_UNSETTLED_US_MAX;
    if (too_long || pl_db_is_over(writer->context))
        return append->maybe_stored ? PL_OUTCOME_UNKNOWN : PL_DATABASE_UNAVAILABLE;
    return PL_OK;
}

static void answer_overdue(struct pl_writer *writer)
{
    struct pl_task_list kept = STAILQ_HEAD_INITIALIZER(kept);
    int64_t now_us = pl_clock_now_us();
    while (!STAILQ_EMPTY(&writer->waiting)) {
        struct pl_task *task = STAILQ_FIRST(&writer->waiting);
        struct pl_append *append = pl_container_of(task, struct pl_append, task);
        enum pl_status status = overdue(writer, append, now_us);
        STAILQ_REMOVE_HEAD(&writer->waiting, next);
        if (status == PL_OK)
            STAILQ_INSERT_TAIL(&kept, task, next);
        else
            answer(writer, append, status);
    }
    STAILQ_CONCAT(&writer->waiting, &kept);
    pl_homes_send(&writer->homes);
}

/* ---- a batch ---- */

static void tell_listener(struct pl_writer *writer, const struct pl_batch *batch)
{
    const struct pl_db_listener *listener = &writer->context->listener;
    struct pl_append **stored = pl_arena_array(batch->arena, struct pl_append *, batch->slot_count);
    unsigned count = 0;
    for (unsigned i = 0; i < batch->slot_count; i++)
        if (batch->slots[i].verdict == PL_VERDICT_STORED)
            stored[count++] = batch->slots[i].append;
    if (count > 0)
        listener->committed(listener->context, stored, count);
    for (unsigned i = 0; i < batch->head_count; i++)
        if (batch->heads[i].resent)
            listener->advanced(listener->context, batch->heads[i].chat_id, batch->heads[i].last_seq);
}

static void answer_settled(struct pl_writer *writer, const struct pl_batch *batch)
{
    for (unsigned i = 0; i < batch->slot_count; i++) {
        struct pl_slot *slot = &batch->slots[i];
        if (slot->settled || slot->verdict == PL_VERDICT_OPEN || slot->verdict == PL_VERDICT_NO_CHAT)
            continue;
        slot->settled = true;
        slot->append->resend = slot->verdict == PL_VERDICT_RESENT;
        answer(writer, slot->append, slot->verdict == PL_VERDICT_REFUSED ? slot->status : PL_OK);
    }
    pl_homes_send(&writer->homes);
}

/* Appends whose rows cannot be stored in any company, or our own mistake: all of the batch. */
static void refuse_batch(struct pl_writer *writer, const struct pl_batch *batch, enum pl_status status)
{
    for (unsigned i = 0; i < batch->slot_count; i++) {
        batch->slots[i].verdict = PL_VERDICT_REFUSED;
        batch->slots[i].status = status;
    }
    answer_settled(writer, batch);
}

static void count_batch(struct pl_metrics *metrics, const struct pl_batch *batch, int64_t begun_us)
{
    pl_metrics_add(metrics, PL_METRIC_append_batches_total, 1);
    if (batch->stored_count == 0)
        return;
    pl_metrics_observe_us(metrics, PL_METRIC_append_commit_seconds, pl_clock_now_us() - begun_us);
    pl_metrics_observe_entries(metrics, PL_METRIC_append_batch_entries, batch->stored_count);
}

static enum pl_failure commit(struct pl_writer *writer, struct pl_slot *slots, unsigned count);

/* One of them cannot be stored: the halves are tried, so that it fails alone. */
static enum pl_failure commit_halves(struct pl_writer *writer, struct pl_slot *slots, unsigned count)
{
    enum pl_failure failure = commit(writer, slots, count / 2);
    return failure != PL_FAILURE_NONE ? failure : commit(writer, slots + count / 2, count - count / 2);
}

/* PL_FAILURE_NONE: every slot is settled, or was put back for its chat's sake. */
static enum pl_failure commit(struct pl_writer *writer, struct pl_slot *slots, unsigned count)
{
    struct pl_batch batch = {
        .arena = &writer->arena,
        .conn = &writer->link.conn,
        .feed = &writer->feed,
        .slots = slots,
        .slot_count = count,
    };
    int64_t begun_us = pl_clock_now_us();
    enum pl_failure failure = pl_append_batch(&batch);
    if (failure == PL_FAILURE_ROW && count > 1)
        return commit_halves(writer, slots, count);
    if (failure == PL_FAILURE_ROW || failure == PL_FAILURE_BUG) {
        refuse_batch(writer, &batch, failure == PL_FAILURE_ROW ? PL_INVALID_ARGUMENT : PL_INTERNAL);
        return PL_FAILURE_NONE;
    }
    if (failure != PL_FAILURE_NONE)
        return failure;
    count_batch(writer->context->metrics, &batch, begun_us);
    tell_listener(writer, &batch);
    answer_settled(writer, &batch);
    failure = pl_creation_run(&writer->creation, &batch, &writer->context->listener);
    if (failure == PL_FAILURE_BUG) {
        refuse_batch(writer, &batch, PL_INTERNAL);
        return PL_FAILURE_NONE;
    }
    answer_settled(writer, &batch);
    return failure;
}

static void put_back(struct pl_writer *writer, unsigned count)
{
    for (unsigned i = count; i-- > 0;)
        if (!writer->slots[i].settled)
            STAILQ_INSERT_HEAD(&writer->waiting, &writer->slots[i].append->task, next);
}

/* ---- after a failure ---- */

static void pause_before_again(struct pl_writer *writer)
{
    int pause_ms = 10 << (writer->failures > 5 ? 5 : writer->failures);
    poll(NULL, 0, pause_ms > AGAIN_PAUSE_MS_MAX ? AGAIN_PAUSE_MS_MAX : pause_ms);
    writer->failures++;
}

static void note(struct pl_writer *writer, enum pl_failure failure)
{
    writer->failing = failure != PL_FAILURE_NONE;
    if (failure == PL_FAILURE_NONE) {
        writer->failures = 0;
        return;
    }
    pl_metrics_add(writer->context->metrics, PL_METRIC_append_retries_total, 1);
    if (failure == PL_FAILURE_LOST)
        pl_link_drop(&writer->link);
    else
        pause_before_again(writer);
}

/* Whether the house is in order: nothing is unsettled, the feed is swept. */
static bool recovered(struct pl_writer *writer)
{
    enum pl_failure failure = PL_FAILURE_NONE;
    const struct pl_db_listener *listener = &writer->context->listener;
    if (writer->creation.count > 0)
        failure = pl_creation_recover(&writer->creation, &writer->link.conn, listener);
    if (failure == PL_FAILURE_NONE && writer->feed.unsettled_count > 0)
        failure = pl_feed_recover(&writer->feed, &writer->link.conn, listener);
    if (failure == PL_FAILURE_NONE)
        failure = pl_sweep_run(&writer->feed.sweep, &writer->link.conn);
    if (failure != PL_FAILURE_NONE)
        note(writer, failure);
    return failure == PL_FAILURE_NONE;
}

/* ---- the thread ---- */

static void take_mail(struct pl_writer *writer)
{
    struct pl_task_list mail;
    if (pl_mailbox_take(&writer->mailbox, &mail))
        STAILQ_CONCAT(&writer->waiting, &mail);
}

static void run_batch(struct pl_writer *writer)
{
    unsigned count = pl_gather(&writer->waiting, writer->slots, &writer->arena);
    enum pl_failure failure = commit(writer, writer->slots, count);
    put_back(writer, count);
    note(writer, failure);
    pl_arena_reset(&writer->arena);
}

static void wait_for_work(struct pl_writer *writer)
{
    if (!pl_conn_wait(&writer->link.conn, &writer->wake, writer->feed.sweep.due_us))
        pl_link_drop(&writer->link);
    pl_wake_clear(&writer->wake);
}

static void wait_for_database(struct pl_writer *writer)
{
    writer->failing = true;
    int64_t due_us = pl_link_due_us(&writer->link);
    if (!STAILQ_EMPTY(&writer->waiting)) {
        struct pl_task *first = STAILQ_FIRST(&writer->waiting);
        int64_t overdue_us = pl_container_of(first, struct pl_append, task)->submitted_us + PL_UNSETTLED_US_MAX + 1;
        due_us = overdue_us < due_us ? overdue_us : due_us;
    }
    pl_wake_wait(&writer->wake, due_us);
}

static void *run(void *argument)
{
    struct pl_writer *writer = argument;
    for (;;) {
        bool stopping = atomic_load(&writer->context->stopping);
        take_mail(writer);
        answer_overdue(writer);
        if (stopping && STAILQ_EMPTY(&writer->waiting))
            return NULL;
        if (!pl_link_revive(&writer->link))
            wait_for_database(writer);
        else if (!recovered(writer))
            continue;
        else if (STAILQ_EMPTY(&writer->waiting))
            wait_for_work(writer);
        else
            run_batch(writer);
    }
}

void pl_writer_init(struct pl_writer *writer, struct pl_db_context *context, atomic_uint *queued)
{
    memset(writer, 0, sizeof(*writer));
    writer->context = context;
    writer->queued = queued;
    pl_wake_init(&writer->wake);
    pl_mailbox_init(&writer->mailbox, pl_wake_ring, &writer->wake);
    pl_circuit_init(&writer->circuit, &context->circuits, 1);
    pl_link_init(&writer->link, context, &writer->circuit, PL_CONN_WRITER);
    pl_feed_init(&writer->feed);
    pl_arena_init(&writer->arena, ARENA_BYTES_MAX);
    pl_homes_init(&writer->homes);
    STAILQ_INIT(&writer->waiting);
}

void pl_writer_fini(struct pl_writer *writer)
{
    pl_link_fini(&writer->link);
    pl_arena_fini(&writer->arena);
    pl_mailbox_fini(&writer->mailbox);
    pl_wake_fini(&writer->wake);
}

enum pl_status pl_writer_start(struct pl_writer *writer, int64_t deadline_us, const char **ret_error)
{
    enum pl_status status = pl_link_open(&writer->link, deadline_us, ret_error);
    if (status == PL_OK)
        pl_assert(pl_thread_start(&writer->thread, "writer", run, writer));
    return status;
}

void pl_writer_join(struct pl_writer *writer)
{
    pl_assert(pthread_join(writer->thread, NULL) == 0);
}

static enum pl_status admit(struct pl_writer *writer)
{
    if (atomic_load(&writer->context->stopping))
        return PL_DRAINING;
    if (pl_circuit_is_open(&writer->circuit))
        return PL_DATABASE_UNAVAILABLE;
    if (atomic_fetch_add(writer->queued, 1) < (unsigned)writer->context->config->append_queue_max)
        return PL_OK;
    atomic_fetch_sub(writer->queued, 1);
    return PL_OVERLOADED;
}

void pl_writer_submit(struct pl_writer *writer, struct pl_append *append)
{
    append->task.run = finish_task;
    append->submitted_us = pl_clock_now_us();
    append->resend = false;
    append->chat_tried = false;
    append->maybe_stored = false;
    append->status = admit(writer);
    if (append->status == PL_OK) {
        pl_metrics_add(writer->context->metrics, PL_METRIC_append_queue, 1);
        pl_mailbox_post(&writer->mailbox, &append->task);
    } else {
        pl_metrics_refuse(writer->context->metrics, PL_METRIC_messages_refused_total, append->status);
        pl_mailbox_post(append->home, &append->task);
    }
}
