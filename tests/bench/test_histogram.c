/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/histogram.h"

#include "support/cmocka.h"

static struct bench_histogram histogram;

static int reset(void **state)
{
    (void)state;
    histogram = (struct bench_histogram){0};
    return 0;
}

static void small_values_are_exact(void **state)
{
    (void)state;
    for (int i = 1; i <= 100; i++)
        bench_histogram_add(&histogram, i);
    assert_int_equal(bench_histogram_at(&histogram, 0.5), 50);
    assert_int_equal(bench_histogram_at(&histogram, 0.99), 99);
    assert_int_equal(bench_histogram_at(&histogram, 1), 100);
}

static void percentile_is_at_most_a_64th_too_high(void **state)
{
    (void)state;
    for (int64_t value = 1; value < (int64_t)1 << 37; value = value * 9 / 8 + 1) {
        histogram = (struct bench_histogram){0};
        bench_histogram_add(&histogram, value);
        bench_histogram_add(&histogram, (int64_t)1 << 38);
        int64_t read = bench_histogram_at(&histogram, 0.5);
        assert_true(read >= value);
        assert_true(read <= value + value / 64);
    }
}

static void empty_has_no_latency(void **state)
{
    (void)state;
    assert_int_equal(bench_histogram_at(&histogram, 0.99), 0);
}

static void extremes_are_counted(void **state)
{
    (void)state;
    bench_histogram_add(&histogram, -5);
    bench_histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.total, 2);
    assert_int_equal(bench_histogram_at(&histogram, 0.5), 0);
    assert_true(histogram.max == INT64_MAX);
}

static void merge_adds_up(void **state)
{
    (void)state;
    struct bench_histogram other = {0};
    bench_histogram_add(&histogram, 1);
    bench_histogram_add(&other, 1000);
    bench_histogram_merge(&histogram, &other);
    assert_int_equal(histogram.total, 2);
    assert_int_equal(bench_histogram_at(&histogram, 1), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(small_values_are_exact, reset),
        cmocka_unit_test_setup(percentile_is_at_most_a_64th_too_high, reset),
        cmocka_unit_test_setup(empty_has_no_latency, reset),
        cmocka_unit_test_setup(extremes_are_counted, reset),
        cmocka_unit_test_setup(merge_adds_up, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
