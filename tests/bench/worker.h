/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A thread of the generator: its connections and the devices on them. All devices of a chat are on the same thread, so
 * that times are of one clock and nothing is locked. It wakes when a socket is ready, or exactly when a message or an
 * acknowledgement is due; what it has to say in a turn leaves at the turn's end, in one write for each connection.
 */
#ifndef PL_TESTS_BENCH_WORKER_H
#define PL_TESTS_BENCH_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "bench/chat.h"
#include "bench/histogram.h"
#include "bench/setup.h"

enum bench_phase {
    BENCH_CONNECTING,
    BENCH_RUNNING,  /* messages are sent */
    BENCH_DRAINING, /* none are; what is in flight arrives */
    BENCH_STOPPING  /* the streams end */
};

/* What all workers share. */
struct bench_load {
    const struct bench_options *options;
    const struct bench_app *app;
    const struct bench_log *logs; /* of each chat; NULL: the devices are idle */
    unsigned chat_count;
    unsigned member_count; /* of each chat */
    atomic_int phase;      /* enum bench_phase */
    atomic_int window;     /* of the measured window; -1: none */
    int64_t start_us;      /* of the open loop's schedule; set before phase is BENCH_RUNNING */
    sem_t connected;       /* posted by each worker when its devices have caught up */
    sem_t drained;         /* posted by each worker when its chats are settled */
};

/* Of one measured window. */
struct bench_tally {
    struct bench_histogram delivered_us, sent_us;
    struct bench_histogram last_us; /* until the last receiver had it */
    int64_t frames_to_server, frames_from_server;
};

struct bench_worker {
    struct bench_load *load;
    pthread_t thread;
    struct bench_poll poll;
    struct bench_connection *connections;
    unsigned connection_count; /* that are open */
    struct pl_arena in_arena, out_arena;
    struct bench_chat *chats;
    unsigned chat_count;
    unsigned next_chat;            /* open loop: whose message is due next */
    unsigned settled_count;        /* the first ones, while draining */
    struct bench_device **devices; /* the chats', or idle ones */
    unsigned device_count;
    unsigned connect_count; /* of devices, how many were told to connect */
    unsigned ready_count;
    struct pl_timers acking;
    struct bench_device_list dirty;
    uint64_t delivered;       /* since the start */
    _Atomic uint64_t arrived; /* reconnect: entries */
    struct bench_tally *tallies;
    enum bench_phase seen_phase;
    int64_t drain_until_us;
};

/* Chats (or idle devices) first, first + 1, ... of the run; starts the thread. */
void bench_worker_start(struct bench_worker *worker, struct bench_load *load, unsigned first, unsigned count);
/* When the phase is BENCH_STOPPING: waits for the thread's end and frees all but the tallies. */
void bench_worker_join(struct bench_worker *worker);

/* ---- for devices and chats ---- */
/* The device may have something to say: it is asked at the end of the turn. */
void bench_worker_soil(struct bench_worker *worker, struct bench_device *device);
/* The device got an entry and is to acknowledge it within so long. */
void bench_worker_owe_ack(struct bench_worker *worker, struct bench_device *device, int32_t interval_ms);
void bench_worker_ready(struct bench_worker *worker, struct bench_device *device);
/* A message of the chat is done. */
void bench_worker_retired(struct bench_worker *worker, struct bench_chat *chat);
/* Where latencies go now; NULL when no window is measured. */
struct bench_tally *bench_worker_tally(struct bench_worker *worker);

#endif
