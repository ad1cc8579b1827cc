/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Timers: the order, moving, disarming, and what a timer may do while it runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/timer.h"
#include <cmocka.h>

enum { MANY = 1000 };

struct probe {
    struct pl_timer timer;
    struct pl_timers *timers;
    struct pl_timer *other;
    unsigned runs;
    int64_t *last_due_us;
};

static void note_run(struct pl_timer *timer)
{
    struct probe *probe = pl_container_of(timer, struct probe, timer);

    assert_int_equal(timer->index, 0);
    assert_true(timer->due_us >= *probe->last_due_us);
    *probe->last_due_us = timer->due_us;
    probe->runs++;
}

static void arm_in_the_past(struct pl_timer *timer)
{
    struct probe *probe = pl_container_of(timer, struct probe, timer);

    probe->runs++;
    pl_timers_arm(probe->timers, timer, 0);
}

static void disarm_other(struct pl_timer *timer)
{
    struct probe *probe = pl_container_of(timer, struct probe, timer);

    probe->runs++;
    pl_timers_disarm(probe->timers, probe->other);
}

/* A fixed sequence (Knuth's MMIX generator), so that a failure repeats. */
static unsigned next_number(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*state >> 40);
}

static void due_timers_run_in_order_and_once(void **state)
{
    static struct probe probes[MANY];
    struct pl_timers timers;
    uint64_t sequence = 1;
    int64_t last_due_us = 0;
    unsigned armed_late = 0;
    (void)state;

    pl_timers_init(&timers);
    for (unsigned i = 0; i < MANY; i++) {
        probes[i] = (struct probe){.timer = {.run = note_run}, .last_due_us = &last_due_us};
        pl_timers_arm(&timers, &probes[i].timer, next_number(&sequence) % 2000);
    }
    for (unsigned i = 0; i < MANY; i += 3)
        pl_timers_arm(&timers, &probes[i].timer, next_number(&sequence) % 2000);
    for (unsigned i = 0; i < MANY; i += 7)
        pl_timers_disarm(&timers, &probes[i].timer);
    pl_timers_run(&timers, 999);
    assert_true(last_due_us <= 999);
    assert_true(pl_timers_next_due_us(&timers) > 999);
    for (unsigned i = 0; i < MANY; i++) {
        bool runs = i % 7 != 0 && probes[i].timer.due_us <= 999;
        assert_int_equal(probes[i].runs, runs);
        armed_late += i % 7 != 0 && !runs;
    }
    assert_int_equal(timers.count, armed_late);
    pl_timers_run(&timers, INT64_MAX);
    assert_int_equal(pl_timers_next_due_us(&timers), INT64_MAX);
    pl_timers_fini(&timers);
}

static void next_due_is_the_earliest(void **state)
{
    struct pl_timers timers;
    struct pl_timer a = {0};
    struct pl_timer b = {0};
    (void)state;

    pl_timers_init(&timers);
    assert_int_equal(pl_timers_next_due_us(&timers), INT64_MAX);
    pl_timers_arm(&timers, &a, 20);
    pl_timers_arm(&timers, &b, 10);
    assert_int_equal(pl_timers_next_due_us(&timers), 10);
    pl_timers_arm(&timers, &b, 30);
    assert_int_equal(pl_timers_next_due_us(&timers), 20);
    pl_timers_disarm(&timers, &a);
    pl_timers_disarm(&timers, &a);
    assert_int_equal(pl_timers_next_due_us(&timers), 30);
    pl_timers_fini(&timers);
}

static void timer_armed_in_the_past_while_running_waits_for_the_next_run(void **state)
{
    struct pl_timers timers;
    struct probe probe = {.timer = {.run = arm_in_the_past}, .timers = &timers};
    (void)state;

    pl_timers_init(&timers);
    pl_timers_arm(&timers, &probe.timer, 5);
    pl_timers_run(&timers, 10);
    assert_int_equal(probe.runs, 1);
    pl_timers_run(&timers, 10);
    assert_int_equal(probe.runs, 2);
    pl_timers_fini(&timers);
}

static void timer_may_disarm_another_that_is_due(void **state)
{
    struct pl_timers timers;
    int64_t last_due_us = 0;
    struct probe second = {.timer = {.run = note_run}, .last_due_us = &last_due_us};
    struct probe first = {.timer = {.run = disarm_other}, .timers = &timers, .other = &second.timer};
    (void)state;

    pl_timers_init(&timers);
    pl_timers_arm(&timers, &first.timer, 1);
    pl_timers_arm(&timers, &second.timer, 2);
    pl_timers_run(&timers, 10);
    assert_int_equal(first.runs, 1);
    assert_int_equal(second.runs, 0);
    pl_timers_fini(&timers);
}

static void fini_forgets_what_is_armed(void **state)
{
    struct pl_timers timers;
    struct pl_timer timer = {0};
    (void)state;

    pl_timers_init(&timers);
    pl_timers_arm(&timers, &timer, 1);
    pl_timers_fini(&timers);
    assert_int_equal(timer.index, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_timers_run_in_order_and_once),
        cmocka_unit_test(next_due_is_the_earliest),
        cmocka_unit_test(timer_armed_in_the_past_while_running_waits_for_the_next_run),
        cmocka_unit_test(timer_may_disarm_another_that_is_due),
        cmocka_unit_test(fini_forgets_what_is_armed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
