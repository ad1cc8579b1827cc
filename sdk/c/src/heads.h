/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What the server says of the ends of logs, against what the stream has brought: the last safeguard against an entry
 * that was lost on the way. A chat whose end stays above what came is reported once for each end, so that a server that
 * means it is not asked for ever.
 *
 * Of a chat that nothing has come of, the first complete check cannot tell what the device has from before: it
 * believes.
 *
 * Not thread-safe: belongs to the stream's thread.
 */
#ifndef PL_SDK_HEADS_H
#define PL_SDK_HEADS_H

#include "sdk/c/src/cursors.h"

struct pl_head_row;

struct pl_heads {
    struct pl_head_row *by_chat;
    bool has_checked;    /* one check was complete */
    unsigned late_count; /* chats whose end was above what had come */
};

void pl_heads_init(struct pl_heads *heads);
void pl_heads_fini(struct pl_heads *heads);
/* The server's log is another one: nothing is known. */
void pl_heads_forget(struct pl_heads *heads);
/* A new check begins. */
void pl_heads_begin(struct pl_heads *heads);
/* One chat's end, as the server says it, and where its log begins: above the end when everything is gone. */
void pl_heads_put(struct pl_heads *heads, const struct pl_cursors *cursors, const struct pl_cursor *head,
                  int64_t first_seq);
/* Every chat was put. True when some are late: ask pl_heads_still_late after a while. */
bool pl_heads_end(struct pl_heads *heads);
/* True when one of those that were late still is; each is told once. */
bool pl_heads_still_late(struct pl_heads *heads, const struct pl_cursors *cursors);

#endif
