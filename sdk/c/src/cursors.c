/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How far a device is in each of its chats. */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "sdk/c/src/cursors.h"

struct pl_cursor_row {
    struct pl_chat_id chat_id;
    int64_t have;        /* callback returned for all up to here */
    int64_t session_seq; /* the highest seq at or below have that this session was sent; 0: none */
    int64_t gap_seq;     /* the entry that jumped ahead; 0: none */
    int64_t first_seq;   /* below it the log has gaps; 0: nowhere */
    bool is_dirty;
    TAILQ_ENTRY(pl_cursor_row) recent;
    TAILQ_ENTRY(pl_cursor_row) dirty;
    UT_hash_handle hh;
};

static struct pl_cursor_row *find(const struct pl_cursors *cursors, const struct pl_chat_id *chat_id)
{
    struct pl_cursor_row *row = NULL;
    HASH_FIND(hh, cursors->by_chat, chat_id, sizeof *chat_id, row);
    return row;
}

/* The first entry of a chat says where the device's view starts. */
static struct pl_cursor_row *find_or_add(struct pl_cursors *cursors, const struct pl_chat_id *chat_id,
                                         int64_t first_seq)
{
    struct pl_cursor_row *row = find(cursors, chat_id);
    if (row != NULL)
        return row;
    row = calloc(1, sizeof *row);
    pl_assert(row != NULL);
    row->chat_id = *chat_id;
    row->have = first_seq - 1;
    HASH_ADD(hh, cursors->by_chat, chat_id, sizeof row->chat_id, row);
    TAILQ_INSERT_HEAD(&cursors->recent, row, recent);
    return row;
}

void pl_cursors_init(struct pl_cursors *cursors)
{
    *cursors = (struct pl_cursors){.by_chat = NULL};
    TAILQ_INIT(&cursors->recent);
    TAILQ_INIT(&cursors->dirty);
}

void pl_cursors_fini(struct pl_cursors *cursors)
{
    struct pl_cursor_row *row;
    struct pl_cursor_row *next;
    HASH_CLEAR(hh, cursors->by_chat);
    for (row = TAILQ_FIRST(&cursors->recent); row != NULL; row = next) {
        next = TAILQ_NEXT(row, recent);
        free(row);
    }
}

enum pl_cursor_verdict pl_cursors_check(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t seq)
{
    struct pl_cursor_row *row = find_or_add(cursors, chat_id, seq);
    if (seq <= row->have)
        return PL_CURSOR_DUPLICATE;
    bool is_behind_start = row->have + 1 < row->first_seq && seq <= row->first_seq;
    if (seq == row->have + 1 || seq == row->gap_seq || is_behind_start)
        return PL_CURSOR_NEXT;
    row->gap_seq = seq;
    return PL_CURSOR_GAP;
}

void pl_cursors_begin_log(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t first_seq)
{
    find_or_add(cursors, chat_id, 1)->first_seq = first_seq;
}

void pl_cursors_advance(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t seq)
{
    struct pl_cursor_row *row = find_or_add(cursors, chat_id, seq);
    if (seq > row->have)
        row->have = seq;
    if (seq > row->session_seq)
        row->session_seq = seq;
    row->gap_seq = 0;
    if (!row->is_dirty)
        TAILQ_INSERT_TAIL(&cursors->dirty, row, dirty);
    row->is_dirty = true;
    TAILQ_REMOVE(&cursors->recent, row, recent);
    TAILQ_INSERT_HEAD(&cursors->recent, row, recent);
    cursors->entries_unacked++;
}

size_t pl_cursors_cut(const struct pl_cursors *cursors, struct pl_cursor *places, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        const struct pl_cursor_row *row = find(cursors, &places[i].chat_id);
        struct pl_cursor place = places[i];
        if (row != NULL && row->have < place.seq)
            place.seq = row->have;
        if (place.seq > 0)
            places[left++] = place;
    }
    return left;
}

int64_t pl_cursors_have(const struct pl_cursors *cursors, const struct pl_chat_id *chat_id)
{
    const struct pl_cursor_row *row = find(cursors, chat_id);
    return row != NULL ? row->have : 0;
}

bool pl_cursors_dirty(const struct pl_cursors *cursors)
{
    return !TAILQ_EMPTY(&cursors->dirty);
}

size_t pl_cursors_take_acks(struct pl_cursors *cursors, struct pl_cursor *ret_acks, size_t max)
{
    size_t count = 0;
    while (count < max && !TAILQ_EMPTY(&cursors->dirty)) {
        struct pl_cursor_row *row = TAILQ_FIRST(&cursors->dirty);
        TAILQ_REMOVE(&cursors->dirty, row, dirty);
        row->is_dirty = false;
        ret_acks[count++] = (struct pl_cursor){.chat_id = row->chat_id, .seq = row->session_seq};
    }
    cursors->entries_unacked = 0;
    return count;
}

size_t pl_cursors_resume(const struct pl_cursors *cursors, struct pl_cursor *ret_places, size_t max)
{
    size_t count = 0;
    const struct pl_cursor_row *row;
    TAILQ_FOREACH (row, &cursors->recent, recent) {
        if (count == max)
            break;
        if (row->have > 0)
            ret_places[count++] = (struct pl_cursor){.chat_id = row->chat_id, .seq = row->have};
    }
    return count;
}

void pl_cursors_begin_session(struct pl_cursors *cursors)
{
    struct pl_cursor_row *row;
    TAILQ_FOREACH (row, &cursors->recent, recent) {
        row->session_seq = 0;
        row->is_dirty = false;
    }
    TAILQ_INIT(&cursors->dirty);
    cursors->entries_unacked = 0;
}

void pl_cursors_forget(struct pl_cursors *cursors)
{
    pl_cursors_fini(cursors);
    pl_cursors_init(cursors);
}
