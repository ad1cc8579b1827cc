/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A device as the protocol wants it: hello, welcome, entries in the order of seq, acknowledged in time, receipts. It
 * checks what it is told: no seq is missing, doubled or early, no receipt goes back or runs ahead. On its worker's
 * thread.
 */
#ifndef PL_TESTS_BENCH_DEVICE_H
#define PL_TESTS_BENCH_DEVICE_H

#include <sys/queue.h>

#include "base/timer.h"
#include "base/uuid.h"
#include "bench/stream.h"

struct bench_chat;
struct bench_worker;

struct bench_device {
    struct bench_stream stream;
    struct bench_worker *worker;
    struct bench_chat *chat;                /* NULL: it is in no chat that is used */
    struct bench_device *peer;              /* the other one in a chat of two */
    char user_text[PL_UUID_TEXT_CHARS + 1]; /* of those in chats */
    const char *bearer;
    bool said_hello;
    bool is_welcome;
    bool is_ready;    /* caught up */
    unsigned arrived; /* reconnect: entries */

    /* In the chat. */
    int64_t last_seq;           /* the end of the prefix that it has */
    int64_t acked_seq;          /* what it last acknowledged */
    int64_t peer_delivered_seq; /* chat of two: the receipt of the peer */

    int32_t ack_interval_ms; /* from welcome */
    int ack_entries_max;
    struct pl_timer ack_timer;
    bool ack_is_due;

    bool is_dirty; /* in the worker's list of devices that have something to say */
    TAILQ_ENTRY(bench_device) dirty;
};
TAILQ_HEAD(bench_device_list, bench_device);

void bench_device_connect(struct bench_device *device, struct bench_connection *connection);
/* Writes what it has to say. */
void bench_device_flush(struct bench_device *device);

#endif
