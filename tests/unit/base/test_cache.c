/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Cache: look-up, the bound, age, and that a slow read never brings back what was dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/cache.h"

enum { READERS = 3, CHANGES = 20000 };
static const int64_t hour_us = INT64_C(3600000000);

static struct pl_uuid key_of(unsigned number)
{
    struct pl_uuid key = {{0}};

    memcpy(key.bytes, &number, sizeof(number));
    return key;
}

static void store(struct pl_cache *cache, unsigned number, int value)
{
    struct pl_uuid key = key_of(number);
    uint64_t version;
    int old;

    if (!pl_cache_get(cache, &key, &old, &version))
        pl_cache_put(cache, &key, version, &value);
}

static bool holds(struct pl_cache *cache, unsigned number, int expected)
{
    struct pl_uuid key = key_of(number);
    uint64_t version;
    int value;

    return pl_cache_get(cache, &key, &value, &version) && value == expected;
}

static void put_is_found_and_counted(void **state)
{
    struct pl_metrics metrics = {0};
    struct pl_cache *cache = pl_cache_new(10, sizeof(int), hour_us, &metrics);
    (void)state;

    store(cache, 1, 11);
    assert_true(holds(cache, 1, 11));
    assert_false(holds(cache, 2, 0));
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_cache_hits_total), 1);
    assert_int_equal(pl_metrics_get(&metrics, PL_METRIC_cache_misses_total), 2);
    pl_cache_free(cache);
}

static void least_recently_used_leaves_first(void **state)
{
    struct pl_cache *cache = pl_cache_new(3, sizeof(int), hour_us, NULL);
    (void)state;

    store(cache, 1, 1);
    store(cache, 2, 2);
    store(cache, 3, 3);
    assert_true(holds(cache, 1, 1));
    store(cache, 4, 4);
    assert_false(holds(cache, 2, 2));
    assert_true(holds(cache, 1, 1));
    assert_true(holds(cache, 3, 3));
    assert_true(holds(cache, 4, 4));
    pl_cache_free(cache);
}

static void entries_die_of_age(void **state)
{
    struct pl_cache *cache = pl_cache_new(3, sizeof(int), 0, NULL);
    (void)state;

    store(cache, 1, 1);
    assert_false(holds(cache, 1, 1));
    store(cache, 1, 2);
    assert_false(holds(cache, 1, 2));
    pl_cache_free(cache);
}

static void put_replaces_the_value(void **state)
{
    struct pl_cache *cache = pl_cache_new(3, sizeof(int), hour_us, NULL);
    struct pl_uuid key = key_of(1);
    uint64_t version = 0;
    int value = 5;
    (void)state;

    assert_false(pl_cache_get(cache, &key, &value, &version));
    pl_cache_put(cache, &key, version, &(int){1});
    pl_cache_put(cache, &key, version, &(int){2});
    assert_true(holds(cache, 1, 2));
    pl_cache_free(cache);
}

static void read_before_a_drop_is_not_stored_after_it(void **state)
{
    struct pl_cache *cache = pl_cache_new(3, sizeof(int), hour_us, NULL);
    struct pl_uuid key = key_of(1);
    uint64_t version = 0;
    int value = 1;
    (void)state;

    assert_false(pl_cache_get(cache, &key, &value, &version));
    pl_cache_drop(cache, &key);
    pl_cache_put(cache, &key, version, &value);
    assert_false(holds(cache, 1, 1));
    store(cache, 1, 2);
    assert_true(holds(cache, 1, 2));
    pl_cache_drop(cache, &key);
    assert_false(holds(cache, 1, 2));
    pl_cache_free(cache);
}

/* One value that a writer changes and then drops, and that readers look up and fill in. */
/* ---- values that hold something: the value points to how often it is held ---- */

static void hold_count(void *value)
{
    ++**(int **)value;
}

static void release_count(void *value)
{
    --**(int **)value;
}

static void store_pointer(struct pl_cache *cache, unsigned number, int *count)
{
    struct pl_uuid key = key_of(number);
    uint64_t version = 0;
    int *old;

    if (pl_cache_get(cache, &key, &old, &version))
        --*old;
    pl_cache_put(cache, &key, version, &count);
}

static void copies_are_held_until_they_leave(void **state)
{
    struct pl_cache *cache = pl_cache_new(2, sizeof(int *), hour_us, NULL);
    int counts[4] = {0}, *taken = NULL;
    uint64_t version;
    struct pl_uuid key = key_of(0);
    (void)state;

    pl_cache_hold_values(cache, hold_count, release_count);
    store_pointer(cache, 0, &counts[0]);
    assert_int_equal(counts[0], 1);
    assert_true(pl_cache_get(cache, &key, &taken, &version));
    assert_ptr_equal(taken, &counts[0]);
    assert_int_equal(counts[0], 2);
    /* Replaced, pushed out, dropped, and what is left. */
    store_pointer(cache, 0, &counts[1]);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[1], 1);
    store_pointer(cache, 1, &counts[2]);
    store_pointer(cache, 2, &counts[3]);
    assert_int_equal(counts[1], 0);
    key = key_of(1);
    pl_cache_drop(cache, &key);
    assert_int_equal(counts[2], 0);
    /* Read before the drop: not stored, and not held. */
    pl_cache_put(cache, &key, 0, &taken);
    assert_int_equal(counts[0], 1);
    assert_int_equal(counts[3], 1);
    pl_cache_free(cache);
    assert_int_equal(counts[3], 0);
}

static void aged_copies_are_released(void **state)
{
    struct pl_cache *cache = pl_cache_new(2, sizeof(int *), 0, NULL);
    int count = 0;
    (void)state;

    pl_cache_hold_values(cache, hold_count, release_count);
    store_pointer(cache, 0, &count);
    store_pointer(cache, 0, &count);
    assert_int_equal(count, 1);
    pl_cache_free(cache);
    assert_int_equal(count, 0);
}

struct contest {
    struct pl_cache *cache;
    struct pl_uuid key;
    _Atomic int truth;
    _Atomic int dropped; /* Changes up to this one were dropped. */
    _Atomic bool ended;
    _Atomic int stale_reads;
};

static void *read_until_ended(void *argument)
{
    struct contest *contest = argument;

    while (!atomic_load(&contest->ended)) {
        uint64_t version;
        int value;
        int least = atomic_load(&contest->dropped);
        if (pl_cache_get(contest->cache, &contest->key, &value, &version)) {
            if (value < least)
                atomic_fetch_add(&contest->stale_reads, 1);
        } else {
            value = atomic_load(&contest->truth);
            pl_cache_put(contest->cache, &contest->key, version, &value);
        }
    }
    return NULL;
}

static void readers_never_see_what_was_dropped(void **state)
{
    struct contest contest = {.cache = pl_cache_new(2, sizeof(int), hour_us, NULL), .key = key_of(1)};
    pthread_t readers[READERS];
    (void)state;

    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_until_ended, &contest), 0);
    for (int change = 1; change <= CHANGES; change++) {
        atomic_store(&contest.truth, change);
        pl_cache_drop(contest.cache, &contest.key);
        atomic_store(&contest.dropped, change);
    }
    atomic_store(&contest.ended, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&contest.stale_reads), 0);
    pl_cache_free(contest.cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_is_found_and_counted),
        cmocka_unit_test(least_recently_used_leaves_first),
        cmocka_unit_test(entries_die_of_age),
        cmocka_unit_test(put_replaces_the_value),
        cmocka_unit_test(read_before_a_drop_is_not_stored_after_it),
        cmocka_unit_test(copies_are_held_until_they_leave),
        cmocka_unit_test(aged_copies_are_released),
        cmocka_unit_test(readers_never_see_what_was_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
