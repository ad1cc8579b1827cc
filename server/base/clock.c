/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Both clocks are read without a system call (vDSO), some 20 ns each. */
#include <time.h>

#include "base/clock.h"

static int64_t read_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t pl_clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t pl_clock_now_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
