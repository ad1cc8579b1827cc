/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Read marks on their way: the highest seq for each chat, repeated until the server says that it is on disk. Not
 * thread-safe: belongs to the stream's thread.
 */
#ifndef PL_SDK_READS_H
#define PL_SDK_READS_H

#include "sdk/c/src/cursors.h"

/* A mark is said again after so long without an answer. */
#define PL_READS_REPEAT_US 5000000

struct pl_read_row;
TAILQ_HEAD(pl_read_rows, pl_read_row);

struct pl_reads {
    struct pl_read_row *by_chat;
    struct pl_read_rows waiting; /* by due time */
};

void pl_reads_init(struct pl_reads *reads);
void pl_reads_fini(struct pl_reads *reads);
/* Due at once, unless a mark as high is on its way. */
void pl_reads_put(struct pl_reads *reads, const struct pl_cursor *mark);
/* The server has stored up to mark. */
void pl_reads_done(struct pl_reads *reads, const struct pl_cursor *mark);
/* Takes at most max that are due; they are due again PL_READS_REPEAT_US later. */
size_t pl_reads_take(struct pl_reads *reads, int64_t now_us, struct pl_cursor *ret_marks, size_t max);
/* INT64_MAX when there is none. */
int64_t pl_reads_next_due_us(const struct pl_reads *reads);
/* A new session: everything is due. */
void pl_reads_begin_session(struct pl_reads *reads);

#endif
