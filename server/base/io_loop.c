/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The mailbox rings by an eventfd among the sources. Events of a turn are taken before any runs, so a source that is
 * removed by another is looked for among those that are still to run.
 */
#include "base/io_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"

static void ring(void *owner)
{
    const struct pl_io_loop *loop = owner;
    pl_assert(eventfd_write(loop->bell_fd, 1) == 0);
}

static void quit(struct pl_task *task)
{
    pl_container_of(task, struct pl_io_loop, quit)->quitting = true;
}

/* The sooner of the timers and the step; -1 for neither. */
static int wait_ms(const struct pl_io_loop *loop)
{
    int64_t due_us = pl_timers_next_due_us(&loop->loop.timers);
    int wait = loop->step != NULL ? loop->step_wait_ms : -1;
    int64_t left_us;
    if (due_us == INT64_MAX)
        return wait;
    left_us = due_us - pl_clock_now_us();
    if (left_us <= 0)
        return 0;
    return wait >= 0 && wait <= left_us / 1000 ? wait : (int)(left_us / 1000 + 1);
}

/* The bell has no source. */
static void take_events(struct pl_io_loop *loop)
{
    struct epoll_event events[PL_IO_EVENTS_MAX];
    int count = epoll_wait(loop->epoll_fd, events, PL_IO_EVENTS_MAX, wait_ms(loop));
    pl_assert(count >= 0 || errno == EINTR);
    loop->ready_count = count > 0 ? (unsigned)count : 0;
    for (unsigned i = 0; i < loop->ready_count; i++)
        loop->ready[i] = events[i].data.ptr;
    for (unsigned i = 0; i < loop->ready_count; i++) {
        struct pl_source *source = loop->ready[i];
        eventfd_t rung;
        if (events[i].data.ptr == NULL)
            (void)eventfd_read(loop->bell_fd, &rung);
        else if (source != NULL)
            source->ready(source, events[i].events);
    }
    loop->ready_count = 0;
}

static void *run(void *argument)
{
    struct pl_io_loop *loop = argument;
    while (!loop->quitting) {
        take_events(loop);
        if (loop->step != NULL)
            loop->step_wait_ms = loop->step->run(loop->step);
        pl_loop_turn(&loop->loop);
    }
    return NULL;
}

enum pl_status pl_io_loop_start(struct pl_io_loop *loop, unsigned index, const char *name)
{
    struct epoll_event bell = {.events = EPOLLIN};
    pl_loop_init(&loop->loop, index, ring, loop);
    loop->quit.run = quit;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd >= 0 && loop->bell_fd >= 0 &&
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->bell_fd, &bell) == 0 &&
        pl_thread_start(&loop->thread, name, run, loop))
        return PL_OK;
    pl_io_loop_fini(loop);
    return PL_UNAVAILABLE;
}

void pl_io_loop_join(struct pl_io_loop *loop)
{
    pl_mailbox_post(&loop->loop.mailbox, &loop->quit);
    pthread_join(loop->thread, NULL);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void pl_io_loop_fini(struct pl_io_loop *loop)
{
    while (!pl_loop_is_idle(&loop->loop))
        pl_loop_turn(&loop->loop);
    pl_assert(loop->step == NULL);
    pl_loop_fini(&loop->loop);
    close_fd(loop->epoll_fd);
    close_fd(loop->bell_fd);
}

struct pl_io_loops *pl_io_loops_open(unsigned count, const char *name)
{
    struct pl_io_loops *loops = calloc(1, sizeof *loops + count * sizeof loops->loops[0]);
    pl_assert(loops != NULL && count > 0);
    while (loops->count < count && pl_io_loop_start(&loops->loops[loops->count], loops->count, name) == PL_OK)
        loops->count++;
    if (loops->count == count)
        return loops;
    pl_io_loops_close(loops);
    return NULL;
}

void pl_io_loops_close(struct pl_io_loops *loops)
{
    if (loops == NULL)
        return;
    for (unsigned i = 0; i < loops->count; i++)
        pl_io_loop_join(&loops->loops[i]);
    for (unsigned i = 0; i < loops->count; i++)
        pl_io_loop_fini(&loops->loops[i]);
    free(loops);
}

void pl_io_loop_wake(struct pl_io_loop *loop)
{
    if (pthread_equal(pthread_self(), loop->thread))
        loop->step_wait_ms = 0;
    else
        ring(loop);
}

struct visit {
    struct pl_task task;
    void (*function)(void *context);
    void *context;
    pthread_mutex_t lock; /* guards over */
    pthread_cond_t changed;
    bool over;
};

static void run_visit(struct pl_task *task)
{
    struct visit *visit = pl_container_of(task, struct visit, task);
    visit->function(visit->context);
    pthread_mutex_lock(&visit->lock);
    visit->over = true;
    pthread_cond_signal(&visit->changed);
    pthread_mutex_unlock(&visit->lock);
}

void pl_io_loop_call(struct pl_io_loop *loop, void (*function)(void *context), void *context)
{
    struct visit visit = {.task.run = run_visit, .function = function, .context = context};
    pthread_mutex_init(&visit.lock, NULL);
    pthread_cond_init(&visit.changed, NULL);
    pl_mailbox_post(&loop->loop.mailbox, &visit.task);
    pthread_mutex_lock(&visit.lock);
    while (!visit.over)
        pthread_cond_wait(&visit.changed, &visit.lock);
    pthread_mutex_unlock(&visit.lock);
    pthread_cond_destroy(&visit.changed);
    pthread_mutex_destroy(&visit.lock);
}

void pl_io_loop_add(struct pl_io_loop *loop, struct pl_source *source, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    pl_assert(epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0);
}

void pl_io_loop_change(struct pl_io_loop *loop, struct pl_source *source, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    pl_assert(epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0);
}

void pl_io_loop_remove(struct pl_io_loop *loop, struct pl_source *source, int fd)
{
    pl_assert(epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL) == 0);
    for (unsigned i = 0; i < loop->ready_count; i++)
        if (loop->ready[i] == source)
            loop->ready[i] = NULL;
}

void pl_io_loop_set_step(struct pl_io_loop *loop, struct pl_io_step *step)
{
    pl_assert(step == NULL || loop->step == NULL);
    loop->step = step;
    loop->step_wait_ms = 0;
}
