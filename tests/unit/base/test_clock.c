/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Clock: units and direction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <time.h>

#include "base/clock.h"

static void wall_clock_counts_from_1970(void **state)
{
    time_t before = time(NULL);
    int64_t now_us = pl_clock_wall_us();
    (void)state;

    /* time() may read a coarser clock, which lags by a tick. */
    assert_true(now_us >= (int64_t)before * 1000000);
    assert_true(now_us / 1000000 > 1700000000 && now_us / 1000000 < 10000000000);
}

static void deadline_clock_never_steps_back(void **state)
{
    int64_t last_us = pl_clock_now_us();
    (void)state;

    for (unsigned i = 0; i < 10000; i++) {
        int64_t now_us = pl_clock_now_us();
        assert_true(now_us >= last_us);
        last_us = now_us;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock_counts_from_1970),
        cmocka_unit_test(deadline_clock_never_steps_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
