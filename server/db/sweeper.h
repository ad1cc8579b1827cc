/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A thread that empties messages whose time is over: of the row everything that was said goes, its place stays. Nobody
 * waits for it, because who answers looks at the clock (pl_message_is_expired): it may be late, or away.
 *
 * Then it goes through the chats that may have entries to be rid of, in rounds. What an app keeps no longer, it empties
 * from the beginning of the log on, as far as everything is over (chats.swept_seq). What is empty for so long that
 * nobody sends it again (tombstone_s) leaves, from the beginning on, too: chats.first_seq rises. Of what leaves, who
 * came and went stays in chat_controls.
 *
 * Of all nodes of a database one sweeps, the one whose connection holds an advisory lock. It works in batches that are
 * transactions of their own, with a pause behind each: rows that somebody else has locked are left for the next time,
 * and a node that dies in between leaves whole batches.
 */
#ifndef PL_DB_SWEEPER_H
#define PL_DB_SWEEPER_H

#include <pthread.h>

#include "db/conn.h"
#include "db/context.h"

struct pl_sweeper {
    struct pl_db_context *context;
    struct pl_conn conn;
    bool has_turn;            /* the connection holds the lock */
    struct pl_chat_id behind; /* the chats of this round up to it are done; nil: a round begins */
    struct pl_rows page;      /* those behind it that are looked at */
    int page_row;             /* the next of them; 0: none are looked at yet */
    bool page_was_busy;       /* one of them had something to do */
    struct pl_arena *arena;   /* of the batch */
    struct pl_wake wake;
    _Atomic int64_t until_us; /* pl_clock_now_us; the thread ends. INT64_MAX: not yet */
    pthread_t thread;
};

void pl_sweeper_init(struct pl_sweeper *sweeper, struct pl_db_context *context);
void pl_sweeper_fini(struct pl_sweeper *sweeper);
void pl_sweeper_start(struct pl_sweeper *sweeper);
/* Lets go of a batch in flight. join waits for the thread: at most a second. */
void pl_sweeper_stop(struct pl_sweeper *sweeper);
void pl_sweeper_join(struct pl_sweeper *sweeper);

#endif
