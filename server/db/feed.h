/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A writer's place in append_feed, and the chats whose last transaction it does not know the
 * outcome of. While there are such chats nothing else is appended: pl_feed_recover waits for what
 * may still run on the server and learns what became of it. One thread.
 */
#ifndef PL_DB_FEED_H
#define PL_DB_FEED_H

#include "db/conn.h"
#include "db/context.h"
#include "db/sweep.h"

#define PL_BATCH_ITEMS_MAX 256

struct pl_feed {
    struct pl_uuid writer; /* new with each start */
    int64_t n;             /* of the last row that is committed */
    struct pl_sweep sweep; /* of rows older than 10 minutes */
    unsigned unsettled_count;
    struct pl_chat_id unsettled[PL_BATCH_ITEMS_MAX];
};

void pl_feed_init(struct pl_feed *feed);
/*
 * Locks the unsettled chats' rows, so that a transaction of a lost connection has ended, then reads
 * how far this writer's feed and the chats' logs are, and tells the listener.
 */
enum pl_failure pl_feed_recover(struct pl_feed *feed, struct pl_conn *conn,
                                const struct pl_db_listener *listener) PL_MUST_CHECK;

#endif
