/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The thread that raises cursors and watermarks. While a flush is in flight everything else
 * gathers and goes with the next one.
 */
#ifndef PL_DB_CURSORS_H
#define PL_DB_CURSORS_H

#include <pthread.h>

#include "db/flush.h"
#include "db/homes.h"
#include "db/link.h"
#include "db/marks.h"
#include "db/sweep.h"

struct pl_cursors {
    struct pl_db_context *context;
    pthread_t thread;
    struct pl_wake wake;
    struct pl_mailbox mailbox;
    struct pl_circuit circuit;
    atomic_uint waiting;   /* marks with done, submitted and not yet answered */
    atomic_uint in_mail;   /* marks without done that are not gathered yet */
    atomic_bool flush_all; /* pl_db_flush_marks was called */
    /* The thread's own. */
    struct pl_link link;
    struct pl_homes homes;
    struct pl_marks marks;
    struct pl_flush flush;
    struct pl_sweep sweep;       /* of receipt_moves */
    struct pl_task_list waiters; /* for the flush in work */
    int64_t failing_since_us;    /* 0: the last transaction worked */
    int64_t stopping_since_us;   /* 0: every flush worked since stopping began */
};

void pl_cursors_init(struct pl_cursors *cursors, struct pl_db_context *context);
void pl_cursors_fini(struct pl_cursors *cursors);
/* Connects, then starts the thread. *ret_error is borrowed. */
enum pl_status pl_cursors_start(struct pl_cursors *cursors, int64_t deadline_us, const char **ret_error) PL_MUST_CHECK;
/* After context->stopping was set: flushes, waits until everything is answered. */
void pl_cursors_join(struct pl_cursors *cursors);
/* Any thread. */
void pl_cursors_submit(struct pl_cursors *cursors, struct pl_mark *mark);
void pl_cursors_flush_all(struct pl_cursors *cursors);

#endif
