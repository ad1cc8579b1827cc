/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Token buckets: all at once, one after the other, each for itself, several together, and few of them. */
#include "base/buckets.h"
#include "support/cmocka.h"

#define TOKEN_US INT64_C(360000000) /* ten in an hour */
#define NOW_US INT64_C(1000000000000)

static const struct pl_uuid alice = {{1}}, bob = {{2}}, carol = {{3}};
static const struct pl_bucket_rate five = {5, 5 * TOKEN_US};

/* 0, or the wait. */
static int64_t take(struct pl_buckets *buckets, const struct pl_uuid *key, int64_t cost, int64_t now_us)
{
    struct pl_draw draw = {.rate = five, .cost = cost};
    struct pl_shortage shortage = {0, -1};
    return pl_buckets_take(buckets, key, &draw, 1, now_us, &shortage) ? 0 : shortage.wait_us;
}

static void full_bucket_gives_its_capacity_at_once(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(4, 8);
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
    struct pl_buckets *buckets = pl_buckets_new(1, 8);
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
    struct pl_buckets *buckets = pl_buckets_new(1, 8);
    assert_int_equal(take(buckets, &alice, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 5, NOW_US + 1000 * TOKEN_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US + 1000 * TOKEN_US), TOKEN_US);
    pl_buckets_free(buckets);
}

static void full_table_forgets_who_was_away_for_longest(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(1, 2);
    assert_int_equal(take(buckets, &alice, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &bob, 5, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US), TOKEN_US);
    assert_int_equal(take(buckets, &carol, 1, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US), TOKEN_US);
    assert_int_equal(take(buckets, &bob, 5, NOW_US), 0);
    pl_buckets_free(buckets);
    pl_buckets_free(NULL);
}

static void what_is_larger_than_the_bucket_needs_it_full_and_leaves_a_debt(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(1, 2);
    assert_int_equal(take(buckets, &alice, 1, NOW_US), 0);
    assert_int_equal(take(buckets, &alice, 12, NOW_US), TOKEN_US);
    assert_int_equal(take(buckets, &alice, 12, NOW_US + TOKEN_US), 0);
    assert_int_equal(take(buckets, &alice, 1, NOW_US + TOKEN_US), 8 * TOKEN_US);
    assert_int_equal(take(buckets, &alice, 12, NOW_US + TOKEN_US), 12 * TOKEN_US);
    pl_buckets_free(buckets);
}

/* Whoever sets a limit that is far too low takes it back and is not held to what was owed. */
static void another_rate_begins_with_a_full_bucket(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(1, 2);
    struct pl_draw draw = {.rate = {10, five.window_us}, .cost = 10};
    struct pl_shortage shortage;
    assert_int_equal(take(buckets, &alice, 1000, NOW_US), 0);
    assert_true(pl_buckets_take(buckets, &alice, &draw, 1, NOW_US, &shortage));
    assert_false(pl_buckets_take(buckets, &alice, &draw, 1, NOW_US, &shortage));
    assert_int_equal(shortage.wait_us, five.window_us);
    pl_buckets_free(buckets);
}

static void several_give_together_or_not_at_all(void **state)
{
    (void)state;
    struct pl_buckets *buckets = pl_buckets_new(1, 2);
    struct pl_bucket shared = {0};
    struct pl_shortage shortage;
    struct pl_draw draws[] = {
        {.number = 0, .rate = five, .cost = 1},
        {.number = 1, .rate = {0, 0}, .cost = 1000000},
        {.number = 2, .rate = five, .cost = 2},
        {.bucket = &shared, .rate = {4, 4 * TOKEN_US}, .cost = 3},
    };
    assert_true(pl_buckets_take(buckets, &alice, draws, 4, NOW_US, &shortage));
    assert_int_equal(pl_draw_left(&draws[0]), 4);
    assert_int_equal(pl_draw_left(&draws[2]), 3);
    assert_int_equal(pl_draw_left(&draws[3]), 1);
    for (int i = 0; i < 10; i++) {
        assert_false(pl_buckets_take(buckets, &alice, draws, 4, NOW_US, &shortage));
        assert_int_equal(shortage.draw, 3);
        assert_int_equal(shortage.wait_us, 2 * TOKEN_US);
        assert_int_equal(pl_draw_left(&draws[0]), 4);
        assert_int_equal(pl_draw_left(&draws[3]), 1);
    }
    assert_false(pl_buckets_take(buckets, &bob, draws, 4, NOW_US, &shortage));
    assert_true(pl_buckets_take(NULL, NULL, &draws[3], 1, NOW_US + 2 * TOKEN_US, &shortage));
    assert_true(pl_buckets_take(buckets, &alice, draws, 3, NOW_US, &shortage));
    assert_false(pl_buckets_take(buckets, &alice, draws, 3, NOW_US, &shortage));
    assert_int_equal(shortage.draw, 2);
    pl_buckets_free(buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_bucket_gives_its_capacity_at_once),
        cmocka_unit_test(refused_take_costs_nothing_and_the_wait_is_enough),
        cmocka_unit_test(bucket_is_never_fuller_than_full),
        cmocka_unit_test(full_table_forgets_who_was_away_for_longest),
        cmocka_unit_test(what_is_larger_than_the_bucket_needs_it_full_and_leaves_a_debt),
        cmocka_unit_test(another_rate_begins_with_a_full_bucket),
        cmocka_unit_test(several_give_together_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
