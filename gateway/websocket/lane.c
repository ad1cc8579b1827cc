/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The thread waits for its sockets; what parleyd says comes by mail from the thread of the completion queue, and the
 * mailbox rings by an eventfd among the sockets.
 */
#include "gateway/websocket/lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "gateway/websocket/websocket.h"

enum {
    EVENTS_MAX = 128,
    STREAMS_PER_CHANNEL = 500, /* parleyd takes 1000 on a connection */
    SCRATCH_BYTES_MAX = 128 << 20,
    TEXT_BYTES_MAX = 64 << 20,
    TEXT_BYTES_KEPT = 256 << 10,
};

static void ring(void *owner)
{
    const struct pl_ws_lane *lane = owner;
    pl_assert(eventfd_write(lane->wake_fd, 1) == 0);
}

/* gRPC lets channels that are alike share a connection; their names make these differ. */
static enum pl_status add_channel(struct pl_ws_lane *lane, char *error, unsigned error_bytes)
{
    char name[64];
    struct parley_options options = {.endpoint = (char *)(uintptr_t)lane->options->endpoint, .client_name = name};
    struct pl_ws_channel added = {.streams = 0};
    parley_error failure;
    snprintf(name, sizeof name, "parley-gateway/stream-%u-%u", lane->loop.index, lane->channel_count);
    if (pl_channel_open(&options, &added.channel, &failure) != PARLEY_OK) {
        snprintf(error, error_bytes, "upstream: %s", failure.sentence);
        return PL_INVALID_ARGUMENT;
    }
    lane->channels = realloc(lane->channels, (lane->channel_count + 1) * sizeof added);
    pl_assert(lane->channels != NULL);
    lane->channels[lane->channel_count++] = added;
    return PL_OK;
}

unsigned pl_ws_lane_take_channel(struct pl_ws_lane *lane)
{
    unsigned index = 0;
    while (index < lane->channel_count && lane->channels[index].streams == STREAMS_PER_CHANNEL)
        index++;
    /* The endpoint was good when the lane was opened. */
    if (index == lane->channel_count)
        pl_assert(add_channel(lane, NULL, 0) == PL_OK);
    lane->channels[index].streams++;
    return index;
}

static int wait_ms(const struct pl_ws_lane *lane)
{
    int64_t due_us = pl_timers_next_due_us(&lane->loop.timers);
    int64_t now_us = pl_clock_now_us();
    if (due_us == INT64_MAX)
        return -1;
    return due_us <= now_us ? 0 : (int)((due_us - now_us) / 1000 + 1);
}

/* A buffer that one large frame has made long is given back. */
static void tidy(struct pl_ws_lane *lane)
{
    if (lane->text.capacity <= TEXT_BYTES_KEPT)
        return;
    pl_buf_fini(&lane->text);
    pl_buf_init(&lane->text, TEXT_BYTES_MAX);
}

static void turn(struct pl_ws_lane *lane)
{
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(lane->epoll_fd, events, EVENTS_MAX, wait_ms(lane));
    pl_assert(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; i++) {
        eventfd_t rung;
        if (events[i].data.ptr == NULL)
            eventfd_read(lane->wake_fd, &rung);
        else
            pl_websocket_run(events[i].data.ptr, events[i].events);
    }
    pl_loop_turn(&lane->loop);
    tidy(lane);
}

static void *run(void *argument)
{
    struct pl_ws_lane *lane = argument;
    while (!lane->stopping || !TAILQ_EMPTY(&lane->sockets))
        turn(lane);
    return NULL;
}

static void drain(struct pl_task *task)
{
    struct pl_ws_lane *lane = pl_container_of(task, struct pl_ws_lane, drain_task);
    struct pl_websocket *websocket = TAILQ_FIRST(&lane->sockets);
    lane->draining = true;
    while (websocket != NULL) {
        struct pl_websocket *next = TAILQ_NEXT(websocket, of_lane);
        pl_websocket_drain(websocket);
        websocket = next;
    }
}

/* There may still be calls whose clients have gone. */
static void stop(struct pl_task *task)
{
    struct pl_ws_lane *lane = pl_container_of(task, struct pl_ws_lane, stop_task);
    struct pl_websocket *websocket;
    lane->stopping = true;
    TAILQ_FOREACH (websocket, &lane->sockets, of_lane)
        pl_bidi_call_cancel(websocket->call);
}

static void close_parts(struct pl_ws_lane *lane)
{
    for (unsigned i = 0; i < lane->channel_count; i++)
        pl_channel_close(lane->channels[i].channel);
    free(lane->channels);
    pl_arena_fini(&lane->scratch);
    pl_buf_fini(&lane->text);
    pl_loop_fini(&lane->loop);
    close(lane->epoll_fd);
    close(lane->wake_fd);
}

enum pl_status pl_ws_lane_open(struct pl_ws_lane *lane, const struct pl_websockets_options *options, unsigned index,
                               char *error, unsigned error_bytes)
{
    struct epoll_event wake = {.events = EPOLLIN};
    *lane = (struct pl_ws_lane){.options = options, .drain_task.run = drain, .stop_task.run = stop};
    TAILQ_INIT(&lane->sockets);
    pl_loop_init(&lane->loop, index, ring, lane);
    pl_arena_init(&lane->scratch, SCRATCH_BYTES_MAX);
    pl_buf_init(&lane->text, TEXT_BYTES_MAX);
    lane->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    lane->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pl_assert(lane->epoll_fd >= 0 && lane->wake_fd >= 0);
    pl_assert(epoll_ctl(lane->epoll_fd, EPOLL_CTL_ADD, lane->wake_fd, &wake) == 0);
    if (add_channel(lane, error, error_bytes) != PL_OK) {
        close_parts(lane);
        return PL_INVALID_ARGUMENT;
    }
    lane->bidi = pl_bidi_open(&lane->loop.mailbox);
    pl_assert(pl_thread_start(&lane->thread, "websocket", run, lane));
    return PL_OK;
}

void pl_ws_lane_drain(struct pl_ws_lane *lane)
{
    pl_mailbox_post(&lane->loop.mailbox, &lane->drain_task);
}

void pl_ws_lane_close(struct pl_ws_lane *lane)
{
    pl_mailbox_post(&lane->loop.mailbox, &lane->stop_task);
    pthread_join(lane->thread, NULL);
    pl_assert(TAILQ_EMPTY(&lane->sockets));
    pl_bidi_close(lane->bidi);
    close_parts(lane);
}
