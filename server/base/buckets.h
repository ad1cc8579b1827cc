/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Token buckets by UUID: so many at once, and so many more in each hour. Bounded: when the table is full, the bucket
 * that was not used for longest is forgotten, and is full when it comes back. Any thread (one lock).
 */
#ifndef PL_BASE_BUCKETS_H
#define PL_BASE_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

struct pl_buckets;

/* Free with pl_buckets_free. */
struct pl_buckets *pl_buckets_new(size_t entries_max, int64_t capacity, int64_t per_hour);
void pl_buckets_free(struct pl_buckets *buckets);
/* Takes cost tokens (at most capacity); or none, and says in how long there will be enough. now_us: pl_clock_now_us. */
bool pl_buckets_take(struct pl_buckets *buckets, const struct pl_uuid *key, int64_t cost, int64_t now_us,
                     int64_t *ret_wait_us);

#endif
