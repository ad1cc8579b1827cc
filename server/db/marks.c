/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/marks.h"

#include <stdlib.h>
#include <string.h>

#define FLUSH_ROWS 512
#define DELAY_US 100000
#define DELAY_US_PER_MEMBER 4000

void pl_marks_init(struct pl_marks *marks)
{
    memset(marks, 0, sizeof(*marks));
    pl_timers_init(&marks->timers);
    TAILQ_INIT(&marks->ready);
}

static void ripen(struct pl_chat_marks *chat)
{
    if (chat->ready)
        return;
    chat->ready = true;
    pl_timers_disarm(&chat->marks->timers, &chat->timer);
    TAILQ_INSERT_TAIL(&chat->marks->ready, chat, next_ready);
}

static void on_timer(struct pl_timer *timer)
{
    ripen(pl_container_of(timer, struct pl_chat_marks, timer));
}

static struct pl_chat_marks *chat_of(struct pl_marks *marks, const struct pl_mark *mark, int64_t now_us)
{
    struct pl_chat_marks *chat = NULL;
    HASH_FIND(hh, marks->by_chat, &mark->chat_id, sizeof(mark->chat_id), chat);
    if (chat != NULL)
        return chat;
    chat = calloc(1, sizeof(*chat));
    pl_assert(chat != NULL);
    chat->chat_id = mark->chat_id;
    chat->marks = marks;
    chat->timer.run = on_timer;
    STAILQ_INIT(&chat->waiters);
    HASH_ADD(hh, marks->by_chat, chat_id, sizeof(chat->chat_id), chat);
    int64_t members = mark->members == 0 ? 2 : mark->members;
    pl_timers_arm(&marks->timers, &chat->timer, now_us + DELAY_US + DELAY_US_PER_MEMBER * members);
    return chat;
}

static struct pl_gathered_mark *row_of(struct pl_chat_marks *chat, const struct pl_mark_key *key)
{
    struct pl_gathered_mark *gathered = NULL;
    HASH_FIND(hh, chat->rows, key, sizeof(*key), gathered);
    if (gathered != NULL)
        return gathered;
    gathered = calloc(1, sizeof(*gathered));
    pl_assert(gathered != NULL);
    gathered->row.key = *key;
    HASH_ADD(hh, chat->rows, row.key, sizeof(*key), gathered);
    chat->marks->row_count++;
    return gathered;
}

void pl_marks_add(struct pl_marks *marks, struct pl_mark *mark, int64_t now_us)
{
    struct pl_mark_key key = {mark->chat_id, mark->user_id, mark->device_id};
    struct pl_chat_marks *chat = chat_of(marks, mark, now_us);
    struct pl_mark_row *row = &row_of(chat, &key)->row;
    if (row->cursor_seq < mark->cursor_seq)
        row->cursor_seq = mark->cursor_seq;
    if (row->read_seq < mark->read_seq)
        row->read_seq = mark->read_seq;
    if (mark->done == NULL) {
        free(mark);
        return;
    }
    STAILQ_INSERT_TAIL(&chat->waiters, &mark->task, next);
    ripen(chat);
}

void pl_marks_tick(struct pl_marks *marks, int64_t now_us)
{
    pl_timers_run(&marks->timers, now_us);
}

void pl_marks_ripen(struct pl_marks *marks)
{
    struct pl_chat_marks *chat;
    struct pl_chat_marks *next;
    HASH_ITER (hh, marks->by_chat, chat, next)
        ripen(chat);
}

void pl_marks_take_waiters(struct pl_marks *marks, struct pl_task_list *waiters)
{
    struct pl_chat_marks *chat;
    TAILQ_FOREACH (chat, &marks->ready, next_ready)
        STAILQ_CONCAT(waiters, &chat->waiters);
}

static int by_key(const void *a, const void *b)
{
    const struct pl_mark_row *left = a;
    const struct pl_mark_row *right = b;
    return memcmp(&left->key, &right->key, sizeof(left->key));
}

/* Copies the chat's rows to rows (may be NULL) and forgets the chat. */
static void empty_chat(struct pl_chat_marks *chat, struct pl_mark_row *rows)
{
    struct pl_marks *marks = chat->marks;
    struct pl_gathered_mark *gathered;
    struct pl_gathered_mark *next;
    HASH_ITER (hh, chat->rows, gathered, next) {
        if (rows != NULL)
            *rows++ = gathered->row;
        HASH_DELETE(hh, chat->rows, gathered);
        free(gathered);
        marks->row_count--;
    }
    pl_timers_disarm(&marks->timers, &chat->timer);
    if (chat->ready)
        TAILQ_REMOVE(&marks->ready, chat, next_ready);
    HASH_DELETE(hh, marks->by_chat, chat);
    free(chat);
}

struct pl_mark_row *pl_marks_take(struct pl_marks *marks, struct pl_arena *arena, struct pl_task_list *waiters,
                                  unsigned *ret_count)
{
    unsigned count = 0;
    unsigned chats = 0;
    struct pl_chat_marks *chat;
    TAILQ_FOREACH (chat, &marks->ready, next_ready) {
        if (count >= FLUSH_ROWS)
            break;
        count += HASH_COUNT(chat->rows);
        chats++;
    }
    *ret_count = count;
    if (count == 0)
        return NULL;
    struct pl_mark_row *rows = pl_arena_array(arena, struct pl_mark_row, count);
    unsigned taken = 0;
    for (; chats > 0; chats--) {
        chat = TAILQ_FIRST(&marks->ready);
        STAILQ_CONCAT(waiters, &chat->waiters);
        unsigned of_chat = HASH_COUNT(chat->rows);
        empty_chat(chat, rows + taken);
        taken += of_chat;
    }
    qsort(rows, count, sizeof(*rows), by_key);
    return rows;
}

void pl_marks_fini(struct pl_marks *marks)
{
    struct pl_chat_marks *chat;
    struct pl_chat_marks *next;
    HASH_ITER (hh, marks->by_chat, chat, next) {
        pl_assert(STAILQ_EMPTY(&chat->waiters));
        empty_chat(chat, NULL);
    }
    pl_timers_fini(&marks->timers);
}
