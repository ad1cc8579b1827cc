/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The connections of one thread, each a socket with nghttp2's client session, and the epoll that waits for all of them.
 * What is said in a turn gathers and leaves in one system call for each connection. A connection that breaks, or that
 * the server takes no more streams on, ends the run.
 */
#ifndef PL_TESTS_BENCH_CONNECTION_H
#define PL_TESTS_BENCH_CONNECTION_H

#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/buf.h"

struct bench_poll;

struct bench_connection {
    struct bench_poll *poll;
    nghttp2_session *session;
    int fd;
    struct pl_buf out; /* what the session said and the socket has not yet */
    bool is_blocked;   /* the socket has no room */
    bool is_dirty;
    TAILQ_ENTRY(bench_connection) dirty;
};
TAILQ_HEAD(bench_connection_list, bench_connection);

struct bench_poll {
    int fd;
    struct bench_connection_list dirty; /* have something to say */
};

/* On the thread that will wait, which is then woken as exactly as the machine can. */
void bench_poll_open(struct bench_poll *poll);
/* When its connections are closed. */
void bench_poll_close(struct bench_poll *poll);
/* Until a socket is ready or the time is over; then takes what the ready ones have, and the streams' callbacks run. */
void bench_poll_wait(struct bench_poll *poll, int64_t wait_us);
/* Sends what the connections have to say, as far as there is room. */
void bench_poll_flush(struct bench_poll *poll);

/* To a server at host:port or unix:/path. Blocks until it is there. */
void bench_connection_open(struct bench_connection *connection, struct bench_poll *poll, const char *endpoint);
/* With the streams on it, of which nothing comes any more. */
void bench_connection_close(struct bench_connection *connection);
/* The session may have something to say: it is asked by the next flush. */
void bench_connection_soil(struct bench_connection *connection);

#endif
