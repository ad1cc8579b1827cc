/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/websocket: one thread that runs a share of the sockets, with what these need of it. All of it
 * belongs to that thread, but for the mailbox.
 */
#ifndef PL_GATEWAY_WEBSOCKET_LANE_H
#define PL_GATEWAY_WEBSOCKET_LANE_H

#include <pthread.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/loop.h"
#include "base/metrics.h"
#include "gateway/websocket/websockets.h"
#include "sdk/c/src/bidi.h"

struct pl_websocket;

/* A connection to parleyd, which takes so many streams and no more. */
struct pl_ws_channel {
    struct pl_channel *channel;
    unsigned streams;
};

struct pl_ws_lane {
    const struct pl_websockets_options *options;
    struct pl_loop loop;
    pthread_t thread;
    int epoll_fd;
    int wake_fd;
    struct pl_bidi *bidi;
    struct pl_ws_channel *channels;
    unsigned channel_count;
    TAILQ_HEAD(, pl_websocket) sockets;
    struct pl_task drain_task;
    struct pl_task stop_task;
    bool draining;
    bool stopping;
    struct pl_arena scratch; /* of one frame */
    struct pl_buf text;      /* likewise */
};

/* PL_INVALID_ARGUMENT with a sentence in error: the endpoint. */
enum pl_status pl_ws_lane_open(struct pl_ws_lane *lane, const struct pl_websockets_options *options, unsigned index,
                               char *error, unsigned error_bytes) PL_MUST_CHECK;
/* Any thread: every socket is led to its end. */
void pl_ws_lane_drain(struct pl_ws_lane *lane);
/* No socket is open any more. Waits for the threads. */
void pl_ws_lane_close(struct pl_ws_lane *lane);

/* A channel with room for one more stream, which it counts: its index. */
unsigned pl_ws_lane_take_channel(struct pl_ws_lane *lane);

#endif
