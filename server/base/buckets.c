/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A bucket is one number, the time at which it will be full again (the generic cell rate algorithm): taking moves it
 * forward by the price of a token, and it may be no further ahead than the price of all of them.
 */
#include "base/buckets.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "base/status.h"

#define uthash_fatal(message) pl_assert_failed(message, __FILE__, __LINE__)
#include <uthash.h>

#define US_PER_HOUR INT64_C(3600000000)

struct bucket {
    UT_hash_handle hh;
    TAILQ_ENTRY(bucket) by_use;
    struct pl_uuid key;
    int64_t full_at_us;
};
TAILQ_HEAD(bucket_list, bucket);

struct pl_buckets {
    pthread_mutex_t lock;      /* guards table and by_use */
    struct bucket *table;      /* by key */
    struct bucket_list by_use; /* the latest first */
    size_t entries_max;
    int64_t token_us;  /* how long a token takes to come back */
    int64_t window_us; /* of all of them */
};

struct pl_buckets *pl_buckets_new(size_t entries_max, int64_t capacity, int64_t per_hour)
{
    struct pl_buckets *buckets = calloc(1, sizeof(*buckets));
    pl_assert(buckets != NULL && entries_max > 0 && capacity > 0 && per_hour > 0 && per_hour <= US_PER_HOUR);
    pthread_mutex_init(&buckets->lock, NULL);
    TAILQ_INIT(&buckets->by_use);
    buckets->entries_max = entries_max;
    buckets->token_us = US_PER_HOUR / per_hour;
    buckets->window_us = capacity * buckets->token_us;
    return buckets;
}

static void forget(struct pl_buckets *buckets, struct bucket *bucket)
{
    HASH_DELETE(hh, buckets->table, bucket);
    TAILQ_REMOVE(&buckets->by_use, bucket, by_use);
    free(bucket);
}

void pl_buckets_free(struct pl_buckets *buckets)
{
    if (buckets == NULL)
        return;
    struct bucket *bucket, *next;
    HASH_ITER (hh, buckets->table, bucket, next)
        forget(buckets, bucket);
    pthread_mutex_destroy(&buckets->lock);
    free(buckets);
}

/* The lock is held. */
static struct bucket *add(struct pl_buckets *buckets, const struct pl_uuid *key)
{
    struct bucket *bucket = calloc(1, sizeof(*bucket));
    pl_assert(bucket != NULL);
    if (HASH_COUNT(buckets->table) >= buckets->entries_max)
        forget(buckets, TAILQ_LAST(&buckets->by_use, bucket_list));
    bucket->key = *key;
    HASH_ADD_BYHASHVALUE(hh, buckets->table, key, sizeof(bucket->key), (unsigned)pl_uuid_hash(key), bucket);
    TAILQ_INSERT_HEAD(&buckets->by_use, bucket, by_use);
    return bucket;
}

/* The lock is held. */
static struct bucket *find(struct pl_buckets *buckets, const struct pl_uuid *key)
{
    struct bucket *bucket;
    HASH_FIND_BYHASHVALUE(hh, buckets->table, key, sizeof(*key), (unsigned)pl_uuid_hash(key), bucket);
    if (bucket == NULL)
        return add(buckets, key);
    TAILQ_REMOVE(&buckets->by_use, bucket, by_use);
    TAILQ_INSERT_HEAD(&buckets->by_use, bucket, by_use);
    return bucket;
}

bool pl_buckets_take(struct pl_buckets *buckets, const struct pl_uuid *key, int64_t cost, int64_t now_us,
                     int64_t *ret_wait_us)
{
    pl_assert(cost >= 0 && cost * buckets->token_us <= buckets->window_us);
    pthread_mutex_lock(&buckets->lock);
    struct bucket *bucket = find(buckets, key);
    int64_t from_us = bucket->full_at_us > now_us ? bucket->full_at_us : now_us;
    int64_t full_at_us = from_us + cost * buckets->token_us;
    bool taken = full_at_us - now_us <= buckets->window_us;
    if (taken)
        bucket->full_at_us = full_at_us;
    else
        *ret_wait_us = full_at_us - now_us - buckets->window_us;
    pthread_mutex_unlock(&buckets->lock);
    return taken;
}
