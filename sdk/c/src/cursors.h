/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How far a device is in each of its chats. The server sends the entries of a chat in order, from behind what the
 * device has acknowledged, so `have` (the last entry whose callback returned) is the end of a gap-free prefix and all
 * that must be known. An entry at or below it is a duplicate; it is acknowledged again, but never above what this
 * session was sent.
 *
 * A jump ahead up to where the log is said to begin is right. Another one may be right (the user was not a member in
 * between) or a lost entry. The first time it is reported as a
 * gap, and the session is to be opened again from `have`; when the server then answers with the same entry, there is
 * nothing in between.
 *
 * Not thread-safe: belongs to the stream's thread.
 */
#ifndef PL_SDK_CURSORS_H
#define PL_SDK_CURSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/uuid.h"

struct pl_cursor {
    struct pl_chat_id chat_id;
    int64_t seq;
};

struct pl_cursor_row;
TAILQ_HEAD(pl_cursor_rows, pl_cursor_row);

struct pl_cursors {
    struct pl_cursor_row *by_chat;
    struct pl_cursor_rows recent; /* all rows, the latest to move first */
    struct pl_cursor_rows dirty;  /* rows with something to acknowledge, the longest waiting first */
    unsigned entries_unacked;     /* since the last ack was taken */
};

enum pl_cursor_verdict { PL_CURSOR_NEXT, PL_CURSOR_DUPLICATE, PL_CURSOR_GAP };

void pl_cursors_init(struct pl_cursors *cursors);
void pl_cursors_fini(struct pl_cursors *cursors);
/* What an entry that came is. Remembers a gap. */
enum pl_cursor_verdict pl_cursors_check(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t seq);
/* The server no longer has what is behind the device's place and before first_seq, but for single entries. */
void pl_cursors_begin_log(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t first_seq);
/* The entry's callback has returned, or it is a duplicate: there is something to acknowledge. */
void pl_cursors_advance(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t seq);
/*
 * Cuts each place to what the device has of its chat; one of a chat that nothing has come of stays as it is. What is
 * before the first entry then is left out. How many are left, in their order.
 */
size_t pl_cursors_cut(const struct pl_cursors *cursors, struct pl_cursor *places, size_t count);
/* The end of what has come of a chat; 0 when nothing has. */
int64_t pl_cursors_have(const struct pl_cursors *cursors, const struct pl_chat_id *chat_id);
bool pl_cursors_dirty(const struct pl_cursors *cursors);
/* Takes at most max acknowledgements, the longest waiting first; how many. */
size_t pl_cursors_take_acks(struct pl_cursors *cursors, struct pl_cursor *ret_acks, size_t max);
/* At most max places for hello, the latest first; how many. */
size_t pl_cursors_resume(const struct pl_cursors *cursors, struct pl_cursor *ret_places, size_t max);
/* A new session: nothing was sent in it yet, nothing is to be acknowledged. */
void pl_cursors_begin_session(struct pl_cursors *cursors);
/* The server's log is another one: nothing is known. */
void pl_cursors_forget(struct pl_cursors *cursors);

#endif
