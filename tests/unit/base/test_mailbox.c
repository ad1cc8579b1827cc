/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Mailbox: order, when it rings, and many posters at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <semaphore.h>

#include "base/mailbox.h"
#include "base/status.h"

enum { POSTERS = 4, TASKS_EACH = 5000 };

struct item {
    struct pl_task task;
    struct pl_mailbox *mailbox;
    unsigned *order; /* Where the number of the run is written, then raised. */
    unsigned ran_as;
};

static void count_ring(void *owner)
{
    ++*(unsigned *)owner;
}

static void note_order(struct pl_task *task)
{
    struct item *item = pl_container_of(task, struct item, task);

    item->ran_as = ++*item->order;
}

static void post_again(struct pl_task *task)
{
    struct item *item = pl_container_of(task, struct item, task);

    note_order(task);
    pl_mailbox_post(item->mailbox, task);
}

static void tasks_run_first_in_first_out(void **state)
{
    struct pl_mailbox mailbox;
    unsigned rings = 0;
    unsigned order = 0;
    struct item items[3];
    (void)state;

    pl_mailbox_init(&mailbox, count_ring, &rings);
    for (unsigned i = 0; i < 3; i++) {
        items[i] = (struct item){.task = {.run = note_order}, .order = &order};
        pl_mailbox_post(&mailbox, &items[i].task);
    }
    assert_int_equal(pl_mailbox_run(&mailbox), 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(items[i].ran_as, i + 1);
    assert_int_equal(pl_mailbox_run(&mailbox), 0);
    pl_mailbox_fini(&mailbox);
}

static void rings_only_when_it_was_empty(void **state)
{
    struct pl_mailbox mailbox;
    unsigned rings = 0;
    unsigned order = 0;
    struct item items[3];
    struct pl_task_list list = STAILQ_HEAD_INITIALIZER(list);
    (void)state;

    pl_mailbox_init(&mailbox, count_ring, &rings);
    for (unsigned i = 0; i < 3; i++)
        items[i] = (struct item){.task = {.run = note_order}, .order = &order};
    pl_mailbox_post_list(&mailbox, &list);
    assert_int_equal(rings, 0);
    pl_mailbox_post(&mailbox, &items[0].task);
    assert_int_equal(rings, 1);
    STAILQ_INSERT_TAIL(&list, &items[1].task, next);
    pl_mailbox_post_list(&mailbox, &list);
    assert_int_equal(rings, 1);
    assert_true(STAILQ_EMPTY(&list));
    assert_true(pl_mailbox_take(&mailbox, &list));
    assert_false(pl_mailbox_take(&mailbox, &list));
    STAILQ_INSERT_TAIL(&list, &items[2].task, next);
    pl_mailbox_post_list(&mailbox, &list);
    assert_int_equal(rings, 2);
    assert_int_equal(pl_mailbox_run(&mailbox), 1);
    pl_mailbox_fini(&mailbox);
}

static void task_posted_while_running_waits_for_the_next_run(void **state)
{
    struct pl_mailbox mailbox;
    unsigned rings = 0;
    unsigned order = 0;
    struct item item = {.task = {.run = post_again}, .mailbox = &mailbox, .order = &order};
    (void)state;

    pl_mailbox_init(&mailbox, count_ring, &rings);
    pl_mailbox_post(&mailbox, &item.task);
    assert_int_equal(pl_mailbox_run(&mailbox), 1);
    assert_int_equal(rings, 2);
    item.task.run = note_order;
    assert_int_equal(pl_mailbox_run(&mailbox), 1);
    pl_mailbox_fini(&mailbox);
}

struct poster {
    struct pl_mailbox *mailbox;
    unsigned ran; /* How many of tasks have run; written by the owner. */
    bool disordered;
    struct numbered {
        struct pl_task task;
        struct poster *poster;
        unsigned number;
    } tasks[TASKS_EACH];
};

static void check_number(struct pl_task *task)
{
    struct numbered *numbered = pl_container_of(task, struct numbered, task);
    struct poster *poster = numbered->poster;

    poster->disordered |= numbered->number != poster->ran;
    poster->ran++;
}

static void *post_all(void *argument)
{
    struct poster *poster = argument;

    for (unsigned i = 0; i < TASKS_EACH; i++) {
        poster->tasks[i] = (struct numbered){.task = {.run = check_number}, .poster = poster, .number = i};
        pl_mailbox_post(poster->mailbox, &poster->tasks[i].task);
    }
    return NULL;
}

static void raise_semaphore(void *owner)
{
    sem_post(owner);
}

static void many_posters_lose_nothing_and_keep_their_order(void **state)
{
    static struct poster posters[POSTERS];
    pthread_t threads[POSTERS];
    struct pl_mailbox mailbox;
    sem_t bell;
    (void)state;

    sem_init(&bell, 0, 0);
    pl_mailbox_init(&mailbox, raise_semaphore, &bell);
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i].mailbox = &mailbox;
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    for (size_t ran = 0; ran < (size_t)POSTERS * TASKS_EACH;) {
        sem_wait(&bell);
        ran += pl_mailbox_run(&mailbox);
    }
    for (unsigned i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(posters[i].ran, TASKS_EACH);
        assert_false(posters[i].disordered);
    }
    pl_mailbox_fini(&mailbox);
    sem_destroy(&bell);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_first_in_first_out),
        cmocka_unit_test(rings_only_when_it_was_empty),
        cmocka_unit_test(task_posted_while_running_waits_for_the_next_run),
        cmocka_unit_test(many_posters_lose_nothing_and_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
