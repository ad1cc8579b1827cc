/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Token buckets: each holds so many tokens, and fills up within its window. Alone, or a few of each UUID in a table
 * that is bounded: when it is full, the UUID that was not used for longest is forgotten, and its buckets are full when
 * it comes back. Any thread; who asks for different UUIDs seldom waits for each other.
 */
#ifndef PL_BASE_BUCKETS_H
#define PL_BASE_BUCKETS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

/* Of each UUID of a table. */
#define PL_BUCKETS_OF_KEY 3

/* How fast a bucket fills up. What is drawn or held times window_us is below 2^53: a GiB in a second, a million in an
 * hour. */
struct pl_bucket_rate {
    int64_t capacity; /* tokens; 0: the bucket is without bottom */
    int64_t window_us;
};

/* Zeroed it is full; so is one that is drawn from at another rate than before. */
struct pl_bucket {
    _Atomic int64_t full_at_ns;
    _Atomic int64_t capacity; /* of the last rate */
};

/* Tokens to take from one bucket; more than its capacity leave it in debt, and need it to be full. */
struct pl_draw {
    struct pl_bucket *bucket; /* NULL: of the UUID, by number */
    unsigned number;
    struct pl_bucket_rate rate;
    int64_t cost;
    int64_t full_in_ns; /* how long the bucket takes to fill up now; written, unless it is without bottom */
};

/* What a refusal is about. */
struct pl_shortage {
    unsigned draw;   /* the first that found too little */
    int64_t wait_us; /* until that has enough */
};

struct pl_buckets;

/* Both are at least 1: locks, and UUIDs of each. Free with pl_buckets_free. */
struct pl_buckets *pl_buckets_new(unsigned shards, size_t keys_max);
void pl_buckets_free(struct pl_buckets *buckets);
/* Draws all, or takes nothing. now_us: pl_clock_now_us. buckets may be NULL when every draw has its bucket. */
bool pl_buckets_take(struct pl_buckets *buckets, const struct pl_uuid *key, struct pl_draw *draws, unsigned count,
                     int64_t now_us, struct pl_shortage *ret_shortage);
/* How many tokens the draw has left behind. */
int64_t pl_draw_left(const struct pl_draw *draw);

#endif
