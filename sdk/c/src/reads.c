/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Read marks on their way. */
#include <stdlib.h>
#include <uthash.h>

#include "sdk/c/src/reads.h"

struct pl_read_row {
    struct pl_chat_id chat_id;
    int64_t seq;
    int64_t due_us;
    TAILQ_ENTRY(pl_read_row) waiting;
    UT_hash_handle hh;
};

static struct pl_read_row *find(const struct pl_reads *reads, const struct pl_chat_id *chat_id)
{
    struct pl_read_row *row = NULL;
    HASH_FIND(hh, reads->by_chat, chat_id, sizeof *chat_id, row);
    return row;
}

void pl_reads_init(struct pl_reads *reads)
{
    reads->by_chat = NULL;
    TAILQ_INIT(&reads->waiting);
}

void pl_reads_fini(struct pl_reads *reads)
{
    HASH_CLEAR(hh, reads->by_chat);
    while (!TAILQ_EMPTY(&reads->waiting)) {
        struct pl_read_row *row = TAILQ_FIRST(&reads->waiting);
        TAILQ_REMOVE(&reads->waiting, row, waiting);
        free(row);
    }
}

void pl_reads_put(struct pl_reads *reads, const struct pl_cursor *mark)
{
    struct pl_read_row *row = find(reads, &mark->chat_id);
    if (row != NULL && row->seq >= mark->seq)
        return;
    if (row == NULL) {
        row = calloc(1, sizeof *row);
        pl_assert(row != NULL);
        row->chat_id = mark->chat_id;
        HASH_ADD(hh, reads->by_chat, chat_id, sizeof row->chat_id, row);
    } else {
        TAILQ_REMOVE(&reads->waiting, row, waiting);
    }
    row->seq = mark->seq;
    row->due_us = 0;
    TAILQ_INSERT_HEAD(&reads->waiting, row, waiting);
}

void pl_reads_done(struct pl_reads *reads, const struct pl_cursor *mark)
{
    struct pl_read_row *row = find(reads, &mark->chat_id);
    if (row == NULL || row->seq > mark->seq)
        return;
    HASH_DEL(reads->by_chat, row);
    TAILQ_REMOVE(&reads->waiting, row, waiting);
    free(row);
}

size_t pl_reads_take(struct pl_reads *reads, int64_t now_us, struct pl_cursor *ret_marks, size_t max)
{
    size_t count = 0;
    while (count < max && pl_reads_next_due_us(reads) <= now_us) {
        struct pl_read_row *row = TAILQ_FIRST(&reads->waiting);
        ret_marks[count++] = (struct pl_cursor){.chat_id = row->chat_id, .seq = row->seq};
        row->due_us = now_us + PL_READS_REPEAT_US;
        TAILQ_REMOVE(&reads->waiting, row, waiting);
        TAILQ_INSERT_TAIL(&reads->waiting, row, waiting);
    }
    return count;
}

int64_t pl_reads_next_due_us(const struct pl_reads *reads)
{
    return TAILQ_EMPTY(&reads->waiting) ? INT64_MAX : TAILQ_FIRST(&reads->waiting)->due_us;
}

void pl_reads_begin_session(struct pl_reads *reads)
{
    struct pl_read_row *row;
    TAILQ_FOREACH (row, &reads->waiting, waiting)
        row->due_us = 0;
}
