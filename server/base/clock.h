/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Time. Any thread. */
#ifndef PL_BASE_CLOCK_H
#define PL_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds since 1970 UTC. */
int64_t pl_clock_wall_us(void);
/* Microseconds of a clock that never steps, for deadlines and durations. */
int64_t pl_clock_now_us(void);

#endif
