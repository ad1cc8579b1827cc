/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/reader_queue.h"

/* Under the lock. */
static struct pl_query *pop(struct pl_readers *all, struct pl_task_list *queue)
{
    struct pl_task *task = STAILQ_FIRST(queue);
    STAILQ_REMOVE_HEAD(queue, next);
    all->queued--;
    pl_metrics_set(all->context->metrics, PL_METRIC_query_queue, all->queued);
    return pl_query_of(task);
}

/* Under the lock. A reader that would take more: best one with nothing in flight. */
static struct pl_reader *sleeper(struct pl_readers *all)
{
    struct pl_reader *found = NULL;
    for (unsigned i = 0; i < all->count; i++) {
        struct pl_reader *reader = &all->each[i];
        if (reader->asleep && (found == NULL || reader->in_flight_count < found->in_flight_count))
            found = reader;
    }
    if (found != NULL)
        found->asleep = false;
    return found;
}

static void ring(struct pl_reader *reader)
{
    if (reader != NULL)
        pl_wake_ring(&reader->wake);
}

/* ---- what a reader takes ---- */

/* Under the lock. */
static void hold(struct pl_reader *reader, struct pl_task_list *queue)
{
    struct pl_query *query = pop(reader->all, queue); /* not inside the macro, which names its argument twice */
    STAILQ_INSERT_TAIL(&reader->held, &query->task, next);
    reader->in_flight_count++;
}

/* Under the lock. Behind it nothing is taken. */
static void hold_to_compose(struct pl_reader *reader)
{
    struct pl_readers *all = reader->all;
    bool is_last_other = all->alone > 0 && all->alone + 1 >= all->count;
    if (reader->alone || is_last_other || STAILQ_EMPTY(&all->to_compose))
        return;
    hold(reader, &all->to_compose);
    reader->alone = true;
    all->alone++;
}

bool pl_reader_take(struct pl_reader *reader)
{
    struct pl_readers *all = reader->all;
    pthread_mutex_lock(&all->lock);
    unsigned share = all->queued / all->count + (all->queued % all->count != 0);
    for (; share > 0 && pl_reader_is_free(reader) && !STAILQ_EMPTY(&all->queue); share--)
        hold(reader, &all->queue);
    hold_to_compose(reader);
    bool asleep = pl_reader_is_free(reader);
    reader->asleep = asleep;
    pthread_mutex_unlock(&all->lock);
    return asleep;
}

void pl_reader_leave(struct pl_reader *reader, const struct pl_query *query)
{
    pthread_mutex_lock(&reader->all->lock);
    reader->in_flight_count--;
    if (pl_query_is_composed(query)) {
        reader->alone = false;
        reader->all->alone--;
    }
    pthread_mutex_unlock(&reader->all->lock);
}

void pl_reader_step_aside(struct pl_reader *reader)
{
    struct pl_readers *all = reader->all;
    pthread_mutex_lock(&all->lock);
    reader->asleep = false;
    struct pl_reader *other = all->queued == 0 ? NULL : sleeper(all);
    pthread_mutex_unlock(&all->lock);
    ring(other);
}

/* ---- what comes and goes ---- */

static bool is_away(const struct pl_readers *all)
{
    return pl_circuit_is_open(&all->circuit) || pl_db_is_over(all->context);
}

bool pl_readers_have_queued(struct pl_readers *all)
{
    pthread_mutex_lock(&all->lock);
    bool any = all->queued > 0;
    pthread_mutex_unlock(&all->lock);
    return any;
}

bool pl_readers_have_plain(struct pl_readers *all)
{
    pthread_mutex_lock(&all->lock);
    bool any = !STAILQ_EMPTY(&all->queue);
    pthread_mutex_unlock(&all->lock);
    return any;
}

/* Under the lock. */
static enum pl_status add(struct pl_readers *all, struct pl_query *query)
{
    if (atomic_load(&all->context->stopping))
        return PL_DRAINING;
    if (is_away(all))
        return PL_DATABASE_UNAVAILABLE;
    if (all->queued >= (unsigned)all->context->config->query_queue_max)
        return PL_OVERLOADED;
    struct pl_task_list *queue = pl_query_is_composed(query) ? &all->to_compose : &all->queue;
    STAILQ_INSERT_TAIL(queue, &query->task, next);
    all->queued++;
    pl_metrics_set(all->context->metrics, PL_METRIC_query_queue, all->queued);
    return PL_OK;
}

enum pl_status pl_readers_enqueue(struct pl_readers *all, struct pl_query *query)
{
    pthread_mutex_lock(&all->lock);
    enum pl_status status = add(all, query);
    struct pl_reader *rung = status == PL_OK ? sleeper(all) : NULL;
    pthread_mutex_unlock(&all->lock);
    ring(rung);
    return status;
}

void pl_readers_refuse(struct pl_readers *all, struct pl_task_list *refused)
{
    pthread_mutex_lock(&all->lock);
    while (is_away(all) && all->queued > 0) {
        struct pl_query *query = pop(all, STAILQ_EMPTY(&all->queue) ? &all->to_compose : &all->queue);
        STAILQ_INSERT_TAIL(refused, &query->task, next);
    }
    pthread_mutex_unlock(&all->lock);
}
