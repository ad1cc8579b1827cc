/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Chats in which the user writes, and when that is to be said: at once, and again when the application says so three
 * seconds later; that the user has stopped, once. Few chats at a time: what is of another one is dropped, as the server
 * would. Not thread-safe: belongs to the stream's thread.
 */
#ifndef PL_SDK_TYPINGS_H
#define PL_SDK_TYPINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/uuid.h"

#define PL_TYPINGS_MAX 4
#define PL_TYPINGS_EVERY_US 3000000

struct pl_typing {
    struct pl_chat_id chat_id;
    bool is_typing;
};

struct pl_typings {
    struct {
        struct pl_typing typing;
        int64_t said_us; /* 0: the place is free */
    } said[PL_TYPINGS_MAX];
    size_t due_count;
    struct pl_typing due[PL_TYPINGS_MAX];
};

void pl_typings_init(struct pl_typings *typings);
/* A new session: what was to be said is over. */
void pl_typings_begin_session(struct pl_typings *typings);
void pl_typings_put(struct pl_typings *typings, const struct pl_typing *typing, int64_t now_us);
/* Takes all that is to be said now, at most PL_TYPINGS_MAX. */
size_t pl_typings_take(struct pl_typings *typings, struct pl_typing *ret_typings);

#endif
