/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/wake.h"

#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/status.h"

#define POLL_MS_MAX 60000

void pl_wake_init(struct pl_wake *wake)
{
    wake->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pl_assert(wake->fd >= 0);
}

void pl_wake_fini(struct pl_wake *wake)
{
    close(wake->fd);
}

void pl_wake_ring(void *wake)
{
    struct pl_wake *rung = wake;
    uint64_t one = 1;
    /* It fails only when the counter is full, and then the owner is woken anyway. */
    ssize_t written = write(rung->fd, &one, sizeof(one));
    (void)written;
}

void pl_wake_clear(struct pl_wake *wake)
{
    uint64_t count;
    ssize_t taken = read(wake->fd, &count, sizeof(count));
    (void)taken;
}

void pl_wake_wait(struct pl_wake *wake, int64_t due_us)
{
    struct pollfd waited = {.fd = wake->fd, .events = POLLIN};
    poll(&waited, 1, pl_poll_timeout_ms(due_us));
    pl_wake_clear(wake);
}

int pl_poll_timeout_ms(int64_t due_us)
{
    int64_t left_us = due_us == INT64_MAX ? INT64_MAX : due_us - pl_clock_now_us();
    if (left_us <= 0)
        return 0;
    int64_t left_ms = left_us / 1000 + (left_us % 1000 != 0);
    return left_ms > POLL_MS_MAX ? POLL_MS_MAX : (int)left_ms;
}
