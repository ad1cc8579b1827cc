/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* An armed timer knows its place in the heap, so that moving and disarming cost log(count) too. */
#include <stdlib.h>

#include "base/status.h"
#include "base/timer.h"

enum { CAPACITY_MIN = 64 };

void pl_timers_init(struct pl_timers *timers)
{
    *timers = (struct pl_timers){0};
}

void pl_timers_fini(struct pl_timers *timers)
{
    for (size_t i = 0; i < timers->count; i++)
        timers->heap[i]->index = 0;
    free(timers->heap);
    *timers = (struct pl_timers){0};
}

static void place(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    timers->heap[at] = timer;
    timer->index = at + 1;
}

static void sift_up(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (timers->heap[parent]->due_us <= timer->due_us)
            break;
        place(timers, timers->heap[parent], at);
        at = parent;
    }
    place(timers, timer, at);
}

static void sift_down(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && timers->heap[child + 1]->due_us < timers->heap[child]->due_us)
            child++;
        if (timer->due_us <= timers->heap[child]->due_us)
            break;
        place(timers, timers->heap[child], at);
        at = child;
    }
    place(timers, timer, at);
}

/* Only one of the two moves anything. */
static void settle(struct pl_timers *timers, struct pl_timer *timer, size_t at)
{
    sift_up(timers, timer, at);
    sift_down(timers, timer, timer->index - 1);
}

static void grow(struct pl_timers *timers)
{
    size_t capacity = timers->capacity == 0 ? CAPACITY_MIN : timers->capacity * 2;
    struct pl_timer **heap = realloc(timers->heap, capacity * sizeof(*heap));

    pl_assert(heap != NULL);
    timers->heap = heap;
    timers->capacity = capacity;
}

void pl_timers_arm(struct pl_timers *timers, struct pl_timer *timer, int64_t due_us)
{
    timer->due_us = due_us;
    if (timer->index != 0) {
        settle(timers, timer, timer->index - 1);
        return;
    }
    if (timers->count == timers->capacity)
        grow(timers);
    sift_up(timers, timer, timers->count++);
}

void pl_timers_disarm(struct pl_timers *timers, struct pl_timer *timer)
{
    if (timer->index == 0)
        return;
    size_t at = timer->index - 1;
    struct pl_timer *last = timers->heap[--timers->count];
    timer->index = 0;
    if (last != timer)
        settle(timers, last, at);
}

int64_t pl_timers_next_due_us(const struct pl_timers *timers)
{
    return timers->count == 0 ? INT64_MAX : timers->heap[0]->due_us;
}

void pl_timers_run(struct pl_timers *timers, int64_t now_us)
{
    /* A timer that arms itself in the past runs again in the next turn, not for ever in this one. */
    for (size_t left = timers->count; left > 0 && pl_timers_next_due_us(timers) <= now_us; left--) {
        struct pl_timer *timer = timers->heap[0];
        pl_timers_disarm(timers, timer);
        timer->run(timer);
    }
}
