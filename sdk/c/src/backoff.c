/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Waiting times between attempts. */
#include <sys/random.h>

#include "base/status.h"
#include "sdk/c/src/backoff.h"

void pl_backoff_init(struct pl_backoff *backoff, int first_ms, int max_ms)
{
    *backoff = (struct pl_backoff){.first_ms = first_ms, .max_ms = max_ms, .next_ms = first_ms};
}

void pl_backoff_reset(struct pl_backoff *backoff)
{
    backoff->next_ms = backoff->first_ms;
}

int pl_backoff_next_ms(struct pl_backoff *backoff, uint32_t random)
{
    int whole_ms = backoff->next_ms;
    int half_ms = whole_ms / 2;
    backoff->next_ms = whole_ms > backoff->max_ms / 2 ? backoff->max_ms : whole_ms * 2;
    return half_ms + (int)(random % (uint32_t)(whole_ms - half_ms + 1));
}

int pl_backoff_spread_ms(int ms, uint32_t random)
{
    return ms + (int)(random % (uint32_t)(ms / 4 + 1));
}

uint32_t pl_backoff_random(void)
{
    uint32_t random = 0;
    pl_assert(getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random);
    return random;
}
