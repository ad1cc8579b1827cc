/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Chats that the server told to go on without pushing their entries, and when each is to be fetched: at once while the
 * application shows the chat, else five seconds after it was last fetched or first told. Not thread-safe: belongs to
 * the stream's thread.
 */
#ifndef PL_SDK_FETCHES_H
#define PL_SDK_FETCHES_H

#include "sdk/c/src/cursors.h"

#define PL_FETCHES_WAIT_US 5000000

struct pl_fetch_row;

struct pl_fetches {
    struct pl_fetch_row *by_chat;
    struct pl_chat_id shown; /* nil: none */
};

void pl_fetches_init(struct pl_fetches *fetches);
/* A new session: what is to be fetched will be told anew. What is shown stays. */
void pl_fetches_begin_session(struct pl_fetches *fetches);
/* The server told the chat's end. */
void pl_fetches_put(struct pl_fetches *fetches, const struct pl_cursor *end, int64_t now_us);
/* The application shows this chat now; nil: none. */
void pl_fetches_show(struct pl_fetches *fetches, const struct pl_chat_id *chat_id);
/* Takes at most max chats that are due. */
size_t pl_fetches_take(struct pl_fetches *fetches, int64_t now_us, struct pl_chat_id *ret_chats, size_t max);
/* INT64_MAX when there is none. */
int64_t pl_fetches_next_due_us(const struct pl_fetches *fetches);

#endif
