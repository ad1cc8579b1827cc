/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Loop: the order of a turn, and that a task which defers itself for ever does not hold the thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/status.h"

struct step {
    struct pl_task task;
    struct pl_timer timer;
    struct pl_loop *loop;
    char *text;
    char letter;
    unsigned runs;
};

static void count_ring(void *owner)
{
    ++*(unsigned *)owner;
}

static void write_letter(struct step *step)
{
    strncat(step->text, &step->letter, 1);
    step->runs++;
}

static void run_task(struct pl_task *task)
{
    write_letter(pl_container_of(task, struct step, task));
}

static void run_timer(struct pl_timer *timer)
{
    write_letter(pl_container_of(timer, struct step, timer));
}

static void defer_again_once(struct pl_task *task)
{
    struct step *step = pl_container_of(task, struct step, task);

    write_letter(step);
    if (step->runs == 1)
        pl_loop_defer(step->loop, task);
}

static void defer_for_ever(struct pl_task *task)
{
    struct step *step = pl_container_of(task, struct step, task);

    step->runs++;
    pl_loop_defer(step->loop, task);
}

static void turn_runs_mail_then_timers_then_deferred(void **state)
{
    struct pl_loop loop;
    char text[8] = "";
    unsigned rings = 0;
    struct step mail = {.task = {.run = run_task}, .text = text, .letter = 'm'};
    struct step due = {.timer = {.run = run_timer}, .text = text, .letter = 't'};
    struct step late = {.timer = {.run = run_timer}, .text = text, .letter = 'l'};
    struct step deferred = {.task = {.run = run_task}, .text = text, .letter = 'd'};
    (void)state;

    pl_loop_init(&loop, 3, count_ring, &rings);
    assert_int_equal(loop.index, 3);
    pl_loop_defer(&loop, &deferred.task);
    pl_timers_arm(&loop.timers, &due.timer, pl_clock_now_us());
    pl_timers_arm(&loop.timers, &late.timer, INT64_MAX - 1);
    pl_mailbox_post(&loop.mailbox, &mail.task);
    assert_int_equal(rings, 1);
    pl_loop_turn(&loop);
    assert_string_equal(text, "mtd");
    pl_loop_turn(&loop);
    assert_string_equal(text, "mtd");
    pl_loop_fini(&loop);
}

static void deferred_task_may_defer_again_in_the_same_turn(void **state)
{
    struct pl_loop loop;
    char text[8] = "";
    unsigned rings = 0;
    struct step again = {.task = {.run = defer_again_once}, .loop = &loop, .text = text, .letter = 'a'};
    struct step other = {.task = {.run = run_task}, .text = text, .letter = 'b'};
    (void)state;

    pl_loop_init(&loop, 0, count_ring, &rings);
    pl_loop_defer(&loop, &again.task);
    pl_loop_defer(&loop, &other.task);
    pl_loop_turn(&loop);
    assert_string_equal(text, "aba");
    assert_int_equal(rings, 0);
    pl_loop_fini(&loop);
}

static void what_bulk_defers_runs_in_the_same_turn(void **state)
{
    struct pl_loop loop;
    char text[8] = "";
    unsigned rings = 0;
    struct step again = {.task = {.run = defer_again_once}, .loop = &loop, .text = text, .letter = 'a'};
    struct step bulk = {.task = {.run = run_task}, .text = text, .letter = 'b'};
    (void)state;

    pl_loop_init(&loop, 0, count_ring, &rings);
    pl_loop_defer_bulk(&loop, &again.task);
    pl_loop_defer_bulk(&loop, &bulk.task);
    pl_loop_turn(&loop);
    assert_string_equal(text, "aba");
    assert_int_equal(rings, 0);
    pl_loop_fini(&loop);
}

static void bulk_runs_behind_what_is_deferred_a_few_in_each_turn(void **state)
{
    struct pl_loop loop;
    char text[256] = "";
    unsigned rings = 0;
    struct step bulk[100];
    struct step soon = {.task = {.run = run_task}, .text = text, .letter = 's'};
    (void)state;

    pl_loop_init(&loop, 0, count_ring, &rings);
    for (unsigned i = 0; i < 100; i++) {
        bulk[i] = (struct step){.task = {.run = run_task}, .text = text, .letter = 'b'};
        pl_loop_defer_bulk(&loop, &bulk[i].task);
    }
    pl_loop_defer(&loop, &soon.task);
    pl_loop_turn(&loop);
    assert_int_equal(text[0], 's');
    size_t first = strlen(text);
    assert_in_range(first, 2, 100);
    assert_int_equal(rings, 1); /* so that the next turn comes */
    assert_false(pl_loop_is_idle(&loop));
    pl_loop_defer(&loop, &soon.task);
    pl_loop_turn(&loop);
    assert_int_equal(text[first], 's');
    assert_int_equal(strlen(text), 102);
    assert_int_equal(rings, 1);
    assert_true(pl_loop_is_idle(&loop));
    pl_loop_fini(&loop);
}

static void endless_deferring_ends_the_turn_and_rings(void **state)
{
    struct pl_loop loop;
    unsigned rings = 0;
    struct step endless = {.task = {.run = defer_for_ever}, .loop = &loop};
    (void)state;

    pl_loop_init(&loop, 0, count_ring, &rings);
    pl_loop_defer(&loop, &endless.task);
    pl_loop_turn(&loop);
    assert_int_equal(rings, 1);
    unsigned runs = endless.runs;
    pl_loop_turn(&loop);
    assert_true(endless.runs > runs);
    assert_int_equal(rings, 2);
    pl_loop_fini(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turn_runs_mail_then_timers_then_deferred),
        cmocka_unit_test(deferred_task_may_defer_again_in_the_same_turn),
        cmocka_unit_test(what_bulk_defers_runs_in_the_same_turn),
        cmocka_unit_test(bulk_runs_behind_what_is_deferred_a_few_in_each_turn),
        cmocka_unit_test(endless_deferring_ends_the_turn_and_rings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
