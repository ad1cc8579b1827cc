/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Individual chats that are created because a message is on its way to them: chat, participants
 * and user_chats in one transaction. Two who do it at once end with one chat. One thread.
 */
#ifndef PL_DB_CREATE_CHATS_H
#define PL_DB_CREATE_CHATS_H

#include "db/append.h"

struct pl_new_chat {
    struct pl_chat_id chat_id;
    struct pl_app_id app_id;
    struct pl_user_id user_low;
    struct pl_user_id user_high;
};

struct pl_creation {
    unsigned count; /* not 0 between transactions: the outcome of the last one is unknown */
    struct pl_new_chat chats[PL_BATCH_ITEMS_MAX];
};

/*
 * Creates the chats of slots with PL_VERDICT_NO_CHAT, where both users are in the app and neither blocks the other, and
 * tells the listener of both users' new chats. PL_FAILURE_NONE: tried; those slots' appends are chat_tried, or
 * refused (PL_VERDICT_REFUSED) when their chat's rows are, or there is a block. With PL_FAILURE_LOST and
 * PL_FAILURE_UNKNOWN the chats are remembered for pl_creation_recover.
 */
enum pl_failure pl_creation_run(struct pl_creation *creation, struct pl_batch *batch,
                                const struct pl_db_listener *listener) PL_MUST_CHECK;
/*
 * Creates the remembered chats once more, which waits for what may still run on the server, and
 * tells the listener of all of them, for nobody was told when the first attempt committed.
 */
enum pl_failure pl_creation_recover(struct pl_creation *creation, struct pl_conn *conn,
                                    const struct pl_db_listener *listener) PL_MUST_CHECK;

#endif
