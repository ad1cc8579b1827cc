/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One thread with one connection that appends. Takes what is queued, commits it, and meanwhile the
 * next batch gathers: group commit without timers. The appends of one chat keep their order.
 */
#ifndef PL_DB_WRITER_H
#define PL_DB_WRITER_H

#include <pthread.h>

#include "db/create_chats.h"
#include "db/feed.h"
#include "db/homes.h"
#include "db/link.h"

struct pl_writer {
    struct pl_db_context *context;
    atomic_uint *queued; /* of all writers: submitted and not yet answered */
    pthread_t thread;
    struct pl_wake wake;
    struct pl_mailbox mailbox;
    struct pl_circuit circuit;
    /* The thread's own. */
    struct pl_link link;
    struct pl_feed feed;
    struct pl_creation creation;
    struct pl_arena arena;
    struct pl_homes homes;
    struct pl_task_list waiting;
    bool failing; /* the last transaction failed: who waits too long is answered */
    unsigned failures;
    struct pl_slot slots[PL_BATCH_ITEMS_MAX];
};

void pl_writer_init(struct pl_writer *writer, struct pl_db_context *context, atomic_uint *queued);
void pl_writer_fini(struct pl_writer *writer);
/* Connects, then starts the thread. *ret_error is borrowed. */
enum pl_status pl_writer_start(struct pl_writer *writer, int64_t deadline_us, const char **ret_error) PL_MUST_CHECK;
/* Ring the wake after context->stopping was set; the thread ends when everything is answered. */
void pl_writer_join(struct pl_writer *writer);
/* Any thread. */
void pl_writer_submit(struct pl_writer *writer, struct pl_append *append);

#endif
