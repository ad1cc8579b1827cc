/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The reader threads: one connection each, one queue for all. Several queries are in flight on a connection, each its
 * own transaction, so a thread never waits for one before it sends the next. Except behind a query that is composed: it
 * may wait for a row that another transaction holds, so nothing follows it on its connection until it is answered, and
 * one reader is always left for queries that are not composed (if there are two).
 */
#ifndef PL_DB_READER_H
#define PL_DB_READER_H

#include <pthread.h>

#include "db/homes.h"
#include "db/link.h"

#define PL_READER_IN_FLIGHT_MAX 16

struct pl_readers;

struct pl_reader {
    struct pl_readers *all;
    pthread_t thread;
    struct pl_wake wake;
    bool asleep; /* under all->lock: would take more, and waits to be rung */
    bool alone;  /* under all->lock: the last in flight is composed */
    /* The thread's own. */
    struct pl_link link;
    struct pl_homes homes;
    struct pl_task_list held; /* taken, not sent */
    struct pl_task_list in_flight;
    unsigned in_flight_count; /* of both lists; read by others under all->lock */
    bool open;                /* the last in flight is not committed before it is composed */
    /* About the first in flight, whose results are coming. */
    unsigned step;
    enum pl_status status;
    int64_t since_us;
};

struct pl_readers {
    struct pl_db_context *context;
    struct pl_circuit circuit;
    pthread_mutex_t lock; /* guards the following, and asleep and alone of each */
    struct pl_task_list queue;
    struct pl_task_list to_compose;
    unsigned queued; /* in both */
    unsigned alone;  /* readers that are */
    unsigned count;
    struct pl_reader *each;
};

void pl_readers_init(struct pl_readers *readers, struct pl_db_context *context);
void pl_readers_fini(struct pl_readers *readers);
/* Connects all, then starts the threads. *ret_error is borrowed. */
enum pl_status pl_readers_start(struct pl_readers *readers, int64_t deadline_us, const char **ret_error) PL_MUST_CHECK;
/* After context->stopping was set: waits until everything is answered. */
void pl_readers_join(struct pl_readers *readers);
/* Any thread: each looks at the context again. */
void pl_readers_ring(struct pl_readers *readers);
/* Any thread. */
void pl_readers_submit(struct pl_readers *readers, struct pl_query *query);

#endif
