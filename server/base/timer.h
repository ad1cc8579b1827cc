/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A thread's timers: a binary heap of intrusive items. Not thread-safe: a heap belongs to one
 * thread. */
#ifndef PL_BASE_TIMER_H
#define PL_BASE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pl_timer {
    int64_t due_us; /* pl_clock_now_us */
    size_t index;   /* place in the heap + 1; 0 when not armed */
    void (*run)(struct pl_timer *timer);
};

struct pl_timers {
    struct pl_timer **heap;
    size_t count;
    size_t capacity;
};

void pl_timers_init(struct pl_timers *timers);
/* Timers still armed are forgotten. */
void pl_timers_fini(struct pl_timers *timers);
/* Arms, or moves when armed. */
void pl_timers_arm(struct pl_timers *timers, struct pl_timer *timer, int64_t due_us);
/* Nothing happens when it is not armed. */
void pl_timers_disarm(struct pl_timers *timers, struct pl_timer *timer);
/* INT64_MAX when there is none. */
int64_t pl_timers_next_due_us(const struct pl_timers *timers);
/* Runs what is due, disarmed first, so that run may arm it again. */
void pl_timers_run(struct pl_timers *timers, int64_t now_us);

#endif
