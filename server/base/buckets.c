/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A bucket is one number, the time at which it will be full again (the generic cell rate algorithm): taking moves it
 * forward by the price of the tokens, and it may be no further ahead than the price of all of them. What is taken and
 * then not needed, because another bucket had too little, moves it back. Beside it stands the rate that it is a time
 * of.
 */
#include "base/buckets.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/status.h"

#define uthash_fatal(message) pl_assert_failed(message, __FILE__, __LINE__)
#include <uthash.h>

#define NS_PER_US INT64_C(1000)

/* ---- one ---- */

static int64_t price_ns(const struct pl_bucket_rate *rate, int64_t tokens)
{
    return tokens * (rate->window_us * NS_PER_US) / rate->capacity;
}

/* What is owed at one rate is no time at another: a limit that was far too low would be felt for as long. */
static void take_rate(struct pl_bucket *bucket, const struct pl_bucket_rate *rate)
{
    if (atomic_load_explicit(&bucket->capacity, memory_order_relaxed) == rate->capacity)
        return;
    atomic_store_explicit(&bucket->capacity, rate->capacity, memory_order_relaxed);
    atomic_store_explicit(&bucket->full_at_ns, 0, memory_order_relaxed);
}

/* 0: taken; else how long it takes until there is enough. */
static int64_t draw_one(struct pl_draw *draw, struct pl_bucket *bucket, int64_t now_ns)
{
    int64_t price = price_ns(&draw->rate, draw->cost);
    int64_t window_ns = draw->rate.window_us * NS_PER_US;
    int64_t ahead_max_ns = price > window_ns ? price : window_ns;
    take_rate(bucket, &draw->rate);
    int64_t full_at_ns = atomic_load_explicit(&bucket->full_at_ns, memory_order_relaxed);
    int64_t next_ns;
    do {
        next_ns = (full_at_ns > now_ns ? full_at_ns : now_ns) + price;
        if (next_ns - now_ns > ahead_max_ns) {
            draw->full_in_ns = next_ns - price - now_ns;
            return next_ns - now_ns - ahead_max_ns;
        }
    } while (!atomic_compare_exchange_weak_explicit(&bucket->full_at_ns, &full_at_ns, next_ns, memory_order_relaxed,
                                                    memory_order_relaxed));
    draw->full_in_ns = next_ns - now_ns;
    return 0;
}

static void give_back(struct pl_draw *draw, struct pl_bucket *bucket)
{
    int64_t price = price_ns(&draw->rate, draw->cost);
    atomic_fetch_sub_explicit(&bucket->full_at_ns, price, memory_order_relaxed);
    draw->full_in_ns -= price;
}

static struct pl_bucket *bucket_of(const struct pl_draw *draw, struct pl_bucket *own)
{
    return draw->bucket != NULL ? draw->bucket : &own[draw->number];
}

static bool draw_all(struct pl_bucket *own, struct pl_draw *draws, unsigned count, int64_t now_us,
                     struct pl_shortage *ret_shortage)
{
    for (unsigned i = 0; i < count; i++) {
        if (draws[i].rate.capacity == 0)
            continue;
        int64_t wait_ns = draw_one(&draws[i], bucket_of(&draws[i], own), now_us * NS_PER_US);
        if (wait_ns == 0)
            continue;
        *ret_shortage = (struct pl_shortage){i, (wait_ns + NS_PER_US - 1) / NS_PER_US};
        while (i-- > 0)
            if (draws[i].rate.capacity != 0)
                give_back(&draws[i], bucket_of(&draws[i], own));
        return false;
    }
    return true;
}

int64_t pl_draw_left(const struct pl_draw *draw)
{
    int64_t window_ns = draw->rate.window_us * NS_PER_US;
    int64_t left_ns = window_ns - draw->full_in_ns;
    return left_ns > 0 ? left_ns * draw->rate.capacity / window_ns : 0;
}

/* ---- many ---- */

struct holder {
    UT_hash_handle hh;
    TAILQ_ENTRY(holder) by_use;
    struct pl_uuid key;
    struct pl_bucket own[PL_BUCKETS_OF_KEY];
};
TAILQ_HEAD(holder_list, holder);

struct shard {
    pthread_mutex_t lock;      /* guards the rest */
    struct holder *table;      /* by key */
    struct holder_list by_use; /* the latest first */
};

struct pl_buckets {
    size_t keys_max;
    unsigned shard_count;
    struct shard shards[];
};

struct pl_buckets *pl_buckets_new(unsigned shards, size_t keys_max)
{
    struct pl_buckets *buckets = calloc(1, sizeof(*buckets) + shards * sizeof(buckets->shards[0]));
    pl_assert(buckets != NULL && shards > 0 && keys_max > 0);
    buckets->keys_max = keys_max;
    buckets->shard_count = shards;
    for (unsigned i = 0; i < shards; i++) {
        pthread_mutex_init(&buckets->shards[i].lock, NULL);
        TAILQ_INIT(&buckets->shards[i].by_use);
    }
    return buckets;
}

static void forget(struct shard *shard, struct holder *holder)
{
    pl_assert(shard->table != NULL);
    HASH_DELETE(hh, shard->table, holder);
    TAILQ_REMOVE(&shard->by_use, holder, by_use);
    free(holder);
}

void pl_buckets_free(struct pl_buckets *buckets)
{
    if (buckets == NULL)
        return;
    for (unsigned i = 0; i < buckets->shard_count; i++) {
        struct shard *shard = &buckets->shards[i];
        while (!TAILQ_EMPTY(&shard->by_use))
            forget(shard, TAILQ_FIRST(&shard->by_use));
        pthread_mutex_destroy(&shard->lock);
    }
    free(buckets);
}

/* The lock is held. */
static struct holder *add(struct pl_buckets *buckets, struct shard *shard, const struct pl_uuid *key, uint64_t hash)
{
    struct holder *holder = calloc(1, sizeof(*holder));
    pl_assert(holder != NULL);
    if (HASH_COUNT(shard->table) >= buckets->keys_max)
        forget(shard, TAILQ_LAST(&shard->by_use, holder_list));
    holder->key = *key;
    HASH_ADD_BYHASHVALUE(hh, shard->table, key, sizeof(holder->key), (unsigned)hash, holder);
    TAILQ_INSERT_HEAD(&shard->by_use, holder, by_use);
    return holder;
}

/* The lock is held. */
static struct holder *find(struct pl_buckets *buckets, struct shard *shard, const struct pl_uuid *key, uint64_t hash)
{
    struct holder *holder;
    HASH_FIND_BYHASHVALUE(hh, shard->table, key, sizeof(*key), (unsigned)hash, holder);
    if (holder == NULL)
        return add(buckets, shard, key, hash);
    TAILQ_REMOVE(&shard->by_use, holder, by_use);
    TAILQ_INSERT_HEAD(&shard->by_use, holder, by_use);
    return holder;
}

bool pl_buckets_take(struct pl_buckets *buckets, const struct pl_uuid *key, struct pl_draw *draws, unsigned count,
                     int64_t now_us, struct pl_shortage *ret_shortage)
{
    if (buckets == NULL)
        return draw_all(NULL, draws, count, now_us, ret_shortage);
    uint64_t hash = pl_uuid_hash(key);
    /* The table goes by the lower half. */
    struct shard *shard = &buckets->shards[(hash >> 32) % buckets->shard_count];
    pthread_mutex_lock(&shard->lock);
    bool taken = draw_all(find(buckets, shard, key, hash)->own, draws, count, now_us, ret_shortage);
    pthread_mutex_unlock(&shard->lock);
    return taken;
}
