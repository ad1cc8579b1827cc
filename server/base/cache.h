/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A bounded cache of small values of one size by UUID. Entries die after ttl_us, the least recently
 * used leave first. Versioned: a value read before an invalidation is not stored after it, so a
 * slow read never brings back what was dropped. Any thread (one lock). Counts hits and misses.
 */
#ifndef PL_BASE_CACHE_H
#define PL_BASE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "base/uuid.h"

struct pl_cache;

/* metrics may be NULL. Free with pl_cache_free. */
struct pl_cache *pl_cache_new(size_t entries_max, size_t value_bytes, int64_t ttl_us, struct pl_metrics *metrics);
void pl_cache_free(struct pl_cache *cache);
/*
 * For values that hold something, before the first use: hold is called on each copy that get and put
 * make, so that the getter owns its own, and release on each that leaves the cache. Both run under the
 * lock: they must be short and leave the cache alone.
 */
void pl_cache_hold_values(struct pl_cache *cache, void (*hold)(void *value), void (*release)(void *value));
/* Copies the value to ret_value and answers true; or false with the version to hand to put in
 * *ret_version. */
bool pl_cache_get(struct pl_cache *cache, const struct pl_uuid *key, void *ret_value, uint64_t *ret_version);
/* Copies value in, unless something was dropped since version was given out. */
void pl_cache_put(struct pl_cache *cache, const struct pl_uuid *key, uint64_t version, const void *value);
void pl_cache_drop(struct pl_cache *cache, const struct pl_uuid *key);

#endif
