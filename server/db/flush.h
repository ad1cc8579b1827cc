/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The transaction that raises cursors and watermarks, and keeps when watermarks moved. It is repeated until its
 * outcome is known; all it does is take the greater of two values, so repeating does no harm. One thread.
 */
#ifndef PL_DB_FLUSH_H
#define PL_DB_FLUSH_H

#include "db/conn.h"
#include "db/marks.h"

/* A user's watermarks in one chat, and the rows that concern them. */
struct pl_mark_user {
    struct pl_chat_id chat_id;
    struct pl_user_id user_id;
    struct pl_mark_row *rows;
    unsigned row_count;
    int64_t delivered_seq; /* asked for; stored, once settled */
    int64_t read_seq;
    bool settled;
    enum pl_status status;
};

struct pl_flush {
    struct pl_arena arena;
    struct pl_mark_user *users;
    unsigned user_count; /* 0: nothing in work */
    bool is_awaited;     /* pl_flush_look_up will be asked */
    bool uncertain;      /* an earlier attempt may have committed */
};

void pl_flush_init(struct pl_flush *flush);
void pl_flush_fini(struct pl_flush *flush);
/* rows: sorted, in the flush's arena. */
void pl_flush_begin(struct pl_flush *flush, struct pl_mark_row *rows, unsigned count, bool is_awaited);
/* Runs what is not settled, tells the listener of what moved. PL_FAILURE_NONE: all is settled. */
enum pl_failure pl_flush_run(struct pl_flush *flush, struct pl_conn *conn,
                             const struct pl_db_listener *listener) PL_MUST_CHECK;
/* What became of this mark: its status and watermarks. Of a flush that is awaited. */
void pl_flush_look_up(const struct pl_flush *flush, struct pl_mark *mark);
/* Nothing is in work afterwards. */
void pl_flush_end(struct pl_flush *flush);

#endif
