/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A hash table for look-up and a list for the order of use, under one lock. One version counts the drops of the whole
 * cache: a drop of any key makes puts that were read before it void, which costs a read now and then and saves a
 * tombstone per key. Time is read outside the lock.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/cache.h"
#include "base/clock.h"
#include "base/status.h"

#define uthash_fatal(message) pl_assert_failed(message, __FILE__, __LINE__)
#include <uthash.h>

struct entry {
    UT_hash_handle hh;
    TAILQ_ENTRY(entry) by_use;
    struct pl_uuid key;
    int64_t expires_us;
    unsigned char value[];
};
TAILQ_HEAD(entry_list, entry);

struct pl_cache {
    pthread_mutex_t lock;     /* Guards table, by_use and version. */
    struct entry *table;      /* By key. */
    struct entry_list by_use; /* The latest first. */
    uint64_t version;         /* Counts drops. */
    size_t entries_max;
    size_t value_bytes;
    int64_t ttl_us;
    struct pl_metrics *metrics;
    void (*hold)(void *value); /* NULL: values hold nothing */
    void (*release)(void *value);
};

struct pl_cache *pl_cache_new(size_t entries_max, size_t value_bytes, int64_t ttl_us, struct pl_metrics *metrics)
{
    struct pl_cache *cache = calloc(1, sizeof(*cache));

    pl_assert(cache != NULL && entries_max > 0 && ttl_us <= INT64_MAX / 2);
    pthread_mutex_init(&cache->lock, NULL);
    TAILQ_INIT(&cache->by_use);
    cache->entries_max = entries_max;
    cache->value_bytes = value_bytes;
    cache->ttl_us = ttl_us;
    cache->metrics = metrics;
    return cache;
}

void pl_cache_hold_values(struct pl_cache *cache, void (*hold)(void *value), void (*release)(void *value))
{
    cache->hold = hold;
    cache->release = release;
}

/* The lock is held. */
static void hold_value(const struct pl_cache *cache, void *value)
{
    if (cache->hold != NULL)
        cache->hold(value);
}

/* The lock is held. */
static void release_value(const struct pl_cache *cache, void *value)
{
    if (cache->release != NULL)
        cache->release(value);
}

/* The lock is held. */
static struct entry *find(struct pl_cache *cache, const struct pl_uuid *key)
{
    struct entry *entry;

    HASH_FIND_BYHASHVALUE(hh, cache->table, key, sizeof(*key), (unsigned)pl_uuid_hash(key), entry);
    return entry;
}

/* The lock is held. The entry is then the caller's. */
static void take_out(struct pl_cache *cache, struct entry *entry)
{
    HASH_DELETE(hh, cache->table, entry);
    TAILQ_REMOVE(&cache->by_use, entry, by_use);
}

/* The lock is held. */
static void take_in(struct pl_cache *cache, struct entry *entry)
{
    HASH_ADD_BYHASHVALUE(hh, cache->table, key, sizeof(entry->key), (unsigned)pl_uuid_hash(&entry->key), entry);
    TAILQ_INSERT_HEAD(&cache->by_use, entry, by_use);
}

void pl_cache_free(struct pl_cache *cache)
{
    if (cache == NULL)
        return;
    HASH_CLEAR(hh, cache->table);
    for (struct entry *entry = TAILQ_FIRST(&cache->by_use); entry != NULL;) {
        struct entry *next = TAILQ_NEXT(entry, by_use);
        release_value(cache, entry->value);
        free(entry);
        entry = next;
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* The lock is held. NULL when there is nothing, or nothing fresh. */
static struct entry *find_fresh(struct pl_cache *cache, const struct pl_uuid *key, int64_t now_us)
{
    struct entry *entry = find(cache, key);

    if (entry != NULL && entry->expires_us <= now_us) {
        take_out(cache, entry);
        release_value(cache, entry->value);
        free(entry);
        return NULL;
    }
    return entry;
}

bool pl_cache_get(struct pl_cache *cache, const struct pl_uuid *key, void *ret_value, uint64_t *ret_version)
{
    int64_t now_us = pl_clock_now_us();

    pthread_mutex_lock(&cache->lock);
    struct entry *entry = find_fresh(cache, key, now_us);
    if (entry != NULL) {
        TAILQ_REMOVE(&cache->by_use, entry, by_use);
        TAILQ_INSERT_HEAD(&cache->by_use, entry, by_use);
        memcpy(ret_value, entry->value, cache->value_bytes);
        hold_value(cache, ret_value);
    } else {
        *ret_version = cache->version;
    }
    pthread_mutex_unlock(&cache->lock);
    if (cache->metrics != NULL)
        pl_metrics_add(cache->metrics, entry != NULL ? PL_METRIC_cache_hits_total : PL_METRIC_cache_misses_total, 1);
    return entry != NULL;
}

/* The lock is held. An entry off all lists for key: its own, the least recently used of a full cache, or a new one. */
static struct entry *make_room(struct pl_cache *cache, const struct pl_uuid *key)
{
    struct entry *entry = find(cache, key);

    if (entry == NULL && HASH_COUNT(cache->table) >= cache->entries_max)
        entry = TAILQ_LAST(&cache->by_use, entry_list);
    if (entry != NULL) {
        take_out(cache, entry);
        release_value(cache, entry->value);
        return entry;
    }
    entry = malloc(sizeof(*entry) + cache->value_bytes);
    pl_assert(entry != NULL);
    return entry;
}

void pl_cache_put(struct pl_cache *cache, const struct pl_uuid *key, uint64_t version, const void *value)
{
    int64_t now_us = pl_clock_now_us();

    pthread_mutex_lock(&cache->lock);
    if (version == cache->version) {
        struct entry *entry = make_room(cache, key);
        entry->key = *key;
        entry->expires_us = now_us + cache->ttl_us;
        memcpy(entry->value, value, cache->value_bytes);
        hold_value(cache, entry->value);
        take_in(cache, entry);
    }
    pthread_mutex_unlock(&cache->lock);
}

void pl_cache_drop(struct pl_cache *cache, const struct pl_uuid *key)
{
    pthread_mutex_lock(&cache->lock);
    cache->version++;
    struct entry *entry = find(cache, key);
    if (entry != NULL) {
        take_out(cache, entry);
        release_value(cache, entry->value);
        free(entry);
    }
    pthread_mutex_unlock(&cache->lock);
}
