/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How a thread that polls a socket is woken: an eventfd. */
#ifndef PL_DB_WAKE_H
#define PL_DB_WAKE_H

#include <stdint.h>

struct pl_wake {
    int fd;
};

void pl_wake_init(struct pl_wake *wake);
void pl_wake_fini(struct pl_wake *wake);
/* Any thread. wake is a struct pl_wake, typed so that a mailbox can ring it. */
void pl_wake_ring(void *wake);
/* The owner: what rang before this is forgotten. */
void pl_wake_clear(struct pl_wake *wake);
/* The owner: sleeps until rung or until due_us (pl_clock_now_us). */
void pl_wake_wait(struct pl_wake *wake, int64_t due_us);

/* Milliseconds to hand to poll: until due_us, at least 0, rounded up, at most one minute. */
int pl_poll_timeout_ms(int64_t due_us);

#endif
