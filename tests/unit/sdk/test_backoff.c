/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Waiting times between attempts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/c/src/backoff.h"

static void waits_double_up_to_the_longest(void **state)
{
    struct pl_backoff backoff;
    const int longest[] = {100, 200, 400, 800, 1000, 1000};
    (void)state;
    pl_backoff_init(&backoff, 100, 1000);
    for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++)
        assert_int_equal(pl_backoff_next_ms(&backoff, (uint32_t)(longest[i] / 2)), longest[i]);
    pl_backoff_reset(&backoff);
    assert_int_equal(pl_backoff_next_ms(&backoff, 50), 100);
}

static void jitter_stays_between_half_and_whole(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 1000; random++) {
        struct pl_backoff backoff;
        int wait_ms;
        pl_backoff_init(&backoff, 100, 1000);
        wait_ms = pl_backoff_next_ms(&backoff, random);
        assert_in_range(wait_ms, 50, 100);
        assert_in_range(pl_backoff_spread_ms(1000, random), 1000, 1250);
        assert_int_equal(pl_backoff_spread_ms(0, random), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_longest),
        cmocka_unit_test(jitter_stays_between_half_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
