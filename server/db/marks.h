/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Marks that gather until they are flushed: one row for each (chat, user, device), the highest
 * values of all its marks, and who waits for them. One thread.
 */
#ifndef PL_DB_MARKS_H
#define PL_DB_MARKS_H

#include <uthash.h>

#include "base/timer.h"
#include "db/db.h"

struct pl_mark_key {
    struct pl_chat_id chat_id;
    struct pl_user_id user_id;
    struct pl_device_id device_id; /* nil: only the user's watermark */
};

struct pl_mark_row {
    struct pl_mark_key key;
    int64_t cursor_seq;
    int64_t read_seq;
};

struct pl_gathered_mark {
    struct pl_mark_row row;
    UT_hash_handle hh;
};

/* A chat's marks are flushed together. */
struct pl_chat_marks {
    struct pl_chat_id chat_id;
    struct pl_marks *marks;
    struct pl_timer timer;
    bool ready; /* on the ready list */
    struct pl_gathered_mark *rows;
    struct pl_task_list waiters; /* marks with done */
    TAILQ_ENTRY(pl_chat_marks) next_ready;
    UT_hash_handle hh;
};
TAILQ_HEAD(pl_chat_marks_list, pl_chat_marks);

struct pl_marks {
    struct pl_timers timers;
    struct pl_chat_marks *by_chat;
    struct pl_chat_marks_list ready;
    size_t row_count;
};

void pl_marks_init(struct pl_marks *marks);
/* What is gathered is forgotten; nobody may be waiting. */
void pl_marks_fini(struct pl_marks *marks);
/* A mark without done is freed; one with done waits in its chat, which is then ready. */
void pl_marks_add(struct pl_marks *marks, struct pl_mark *mark, int64_t now_us);
/* Chats whose time has come are ready. */
void pl_marks_tick(struct pl_marks *marks, int64_t now_us);
/* Every chat is ready. */
void pl_marks_ripen(struct pl_marks *marks);
/* Moves everybody who waits behind waiters; their values stay gathered. */
void pl_marks_take_waiters(struct pl_marks *marks, struct pl_task_list *waiters);
/*
 * Takes whole ready chats until there are at least 512 rows; the rows sorted by key, in the arena.
 * Who waits for them is moved behind waiters. NULL when no chat is ready.
 */
struct pl_mark_row *pl_marks_take(struct pl_marks *marks, struct pl_arena *arena, struct pl_task_list *waiters,
                                  unsigned *ret_count);

#endif
