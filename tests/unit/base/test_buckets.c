/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Token buckets: all at once, one after the other, each for itself, and few of them. */
#include "base/buckets.h"
#include "support/cmocka.h"

#define TOKEN_US INT64_C(360000000) /* ten in an hour */
#define NOW_US INT64_C(1000000000000)

static const struct pl_uuid alice = {{1}}, bob = {{2}}, carol = {{3}};

static int64_t take(struct pl_buckets *buckets, const struct pl_uuid *key, int64_t cost, int64_t now_us)
{
    int64_t wait_us = -1;
    return pl_buckets_take(buckets, key, cost, now_us, &wait_us) ? 0 : wait_us;
}

static void full_bucket_gives_its_capacity_at_once(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(8, 5, 10);
    assert_int_equal(take(buckets, &alice, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US), TOKEN_US);
    assert_int_equal(take(buckets, &alice, 5, NOW_US), 5 * TOKEN_US);
    assert_int_equal(take(buckets, &alice, 0, NOW_US), 0);
    assert_int_equal(take(buckets, &bob, 5, NOW_US), 0);
    pl_buckets_free(buckets);
}

static void refused_take_costs_nothing_and_the_wait_is_enough(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(8, 5, 10);
    assert_int_equal(take(buckets, &alice, 4, NOW_US), 0);
    int64_t wait_us = take(buckets, &alice, 3, NOW_US);
    assert_int_equal(wait_us, 2 * TOKEN_US);
    assert_int_equal(take(buckets, &alice, 3, NOW_US + wait_us - 1), 1);
    assert_int_equal(take(buckets, &alice, 3, NOW_US + wait_us), 0);
    pl_buckets_free(buckets);
}

static void bucket_is_never_fuller_than_full(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(8, 5, 10);
    assert_int_equal(take(buckets, &alice, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 5, NOW_US + 1000 * TOKEN_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US + 1000 * TOKEN_US), TOKEN_US);
    pl_buckets_free(buckets);
}

static void full_table_forgets_who_was_away_for_longest(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(2, 5, 10);
    assert_int_equal(take(buckets, &alice, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &bob, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US), TOKEN_US);
    assert_int_equal(take(buckets, &carol, 1, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US), TOKEN_US);
    assert_int_equal(take(buckets, &bob, 5, NOW_US), 0);
    pl_buckets_free(buckets);
    pl_buckets_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_bucket_gives_its_capacity_at_once),
        cmocka_unit_test(refused_take_costs_nothing_and_the_wait_is_enough),
        cmocka_unit_test(bucket_is_never_fuller_than_full),
        cmocka_unit_test(full_table_forgets_who_was_away_for_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
