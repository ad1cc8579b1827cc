/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How long to wait before the next attempt: doubling, jittered between half and whole, bounded. Pure; not thread-safe.
 */
#ifndef PL_SDK_BACKOFF_H
#define PL_SDK_BACKOFF_H

#include <stdint.h>

struct pl_backoff {
    int first_ms;
    int max_ms;
    int next_ms;
};

void pl_backoff_init(struct pl_backoff *backoff, int first_ms, int max_ms);
void pl_backoff_reset(struct pl_backoff *backoff);
/* random: any number; equal numbers give equal answers. */
int pl_backoff_next_ms(struct pl_backoff *backoff, uint32_t random);
/* ms and up to a quarter more, so that those who were told the same do not all come at once. */
int pl_backoff_spread_ms(int ms, uint32_t random);
/* From the kernel. */
uint32_t pl_backoff_random(void);

#endif
