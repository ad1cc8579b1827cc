/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a turn runs, in which order, and what wakes it. */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/io_loop.h"
#include "support/cmocka.h"

struct rig {
    struct pl_io_loops *loops;
    struct pl_io_loop *loop;
    struct pl_io_step step;
    struct pl_source sources[2];
    int fds[2];
    struct pl_task late;  /* deferred by the first source */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    unsigned steps;
    unsigned runs[2];        /* of the sources */
    unsigned steps_at_late;  /* how many steps had run when late did; 0: it has not */
    unsigned steps_at_ready; /* likewise, the first source */
    bool removes;            /* the source that runs removes the other one */
};

static void signal_change(struct rig *rig)
{
    pthread_cond_broadcast(&rig->changed);
    pthread_mutex_unlock(&rig->lock);
}

static int on_step(struct pl_io_step *step)
{
    struct rig *rig = pl_container_of(step, struct rig, step);
    pthread_mutex_lock(&rig->lock);
    rig->steps++;
    signal_change(rig);
    return -1;
}

static void on_late(struct pl_task *task)
{
    struct rig *rig = pl_container_of(task, struct rig, late);
    pthread_mutex_lock(&rig->lock);
    rig->steps_at_late = rig->steps;
    signal_change(rig);
}

static void on_source(struct rig *rig, unsigned index)
{
    eventfd_t count;
    assert_int_equal(eventfd_read(rig->fds[index], &count), 0);
    if (rig->removes)
        pl_io_loop_remove(rig->loop, &rig->sources[1 - index], rig->fds[1 - index]);
    else
        pl_loop_defer(&rig->loop->loop, &rig->late);
    pthread_mutex_lock(&rig->lock);
    rig->runs[index]++;
    rig->steps_at_ready = rig->steps;
    signal_change(rig);
}

static void on_first(struct pl_source *source, uint32_t events)
{
    (void)events;
    on_source(pl_container_of(source, struct rig, sources[0]), 0);
}

static void on_second(struct pl_source *source, uint32_t events)
{
    (void)events;
    on_source(pl_container_of(source, struct rig, sources[1]), 1);
}

static void attach(void *context)
{
    struct rig *rig = context;
    pl_io_loop_set_step(rig->loop, &rig->step);
    for (unsigned i = 0; i < 2; i++)
        pl_io_loop_add(rig->loop, &rig->sources[i], rig->fds[i], EPOLLIN);
}

static void rig_open(struct rig *rig)
{
    *rig = (struct rig){.step.run = on_step, .sources = {{on_first}, {on_second}}, .late.run = on_late};
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->changed, NULL);
    rig->loops = pl_io_loops_open(1, "test");
    rig->loop = &rig->loops->loops[0];
    for (unsigned i = 0; i < 2; i++)
        rig->fds[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pl_io_loop_call(rig->loop, attach, rig);
}

static void drop_step(void *context)
{
    struct rig *rig = context;
    pl_io_loop_set_step(rig->loop, NULL);
}

static void rig_close(struct rig *rig)
{
    pl_io_loop_call(rig->loop, drop_step, rig);
    pl_io_loops_close(rig->loops);
    close(rig->fds[0]);
    close(rig->fds[1]);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->lock);
}

/* Until one of the rig's counters is above a number. */
static void await(struct rig *rig, const unsigned *counter, unsigned above)
{
    pthread_mutex_lock(&rig->lock);
    while (*counter <= above)
        pthread_cond_wait(&rig->changed, &rig->lock);
    pthread_mutex_unlock(&rig->lock);
}

static unsigned steps_of(struct rig *rig)
{
    pthread_mutex_lock(&rig->lock);
    unsigned steps = rig->steps;
    pthread_mutex_unlock(&rig->lock);
    return steps;
}

static void source_step_and_what_was_deferred_run_in_this_order(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig);
    assert_int_equal(eventfd_write(rig.fds[0], 1), 0);
    await(&rig, &rig.steps_at_late, 0);
    assert_int_equal(rig.steps_at_late, rig.steps_at_ready + 1);
    rig_close(&rig);
}

static void wake_brings_a_step(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig);
    for (unsigned i = 0; i < 100; i++) {
        unsigned steps = steps_of(&rig);
        pl_io_loop_wake(rig.loop);
        await(&rig, &rig.steps, steps);
    }
    rig_close(&rig);
}

static void wake_within(void *context)
{
    struct rig *rig = context;
    pthread_mutex_lock(&rig->lock);
    rig->steps = 0;
    pthread_mutex_unlock(&rig->lock);
    pl_io_loop_wake(rig->loop);
}

/* A call runs behind the step of its turn. */
static void wake_from_the_loop_itself_brings_another_step(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig);
    pl_io_loop_call(rig.loop, wake_within, &rig);
    await(&rig, &rig.steps, 0);
    rig_close(&rig);
}

static void make_both_ready(void *context)
{
    struct rig *rig = context;
    rig->removes = true;
    assert_int_equal(eventfd_write(rig->fds[0], 1), 0);
    assert_int_equal(eventfd_write(rig->fds[1], 1), 0);
}

/* On the loop's thread, so that both are found in one turn. */
static void source_that_was_removed_does_not_run(void **state)
{
    struct rig rig;
    (void)state;
    rig_open(&rig);
    pl_io_loop_call(rig.loop, make_both_ready, &rig);
    pthread_mutex_lock(&rig.lock);
    while (rig.runs[0] + rig.runs[1] == 0)
        pthread_cond_wait(&rig.changed, &rig.lock);
    pthread_mutex_unlock(&rig.lock);
    rig_close(&rig);
    assert_int_equal(rig.runs[0] + rig.runs[1], 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_step_and_what_was_deferred_run_in_this_order),
        cmocka_unit_test(wake_brings_a_step),
        cmocka_unit_test(wake_from_the_loop_itself_brings_another_step),
        cmocka_unit_test(source_that_was_removed_does_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
