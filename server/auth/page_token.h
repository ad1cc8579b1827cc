/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Page tokens: base64url of a cursor and a truncated HMAC-SHA256 over it and what the list is of,
 * so that a token cannot be made up, altered, or used with another list.
 */
#ifndef PL_AUTH_PAGE_TOKEN_H
#define PL_AUTH_PAGE_TOKEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/uuid.h"

#define PL_PAGE_TOKEN_KEY_BYTES 32

/* Which method's list; part of the MAC. Numbers are for ever. */
enum pl_page_list {
    PL_PAGE_MESSAGES = 1,
    PL_PAGE_CHATS = 2,
    PL_PAGE_SIGNING_KEYS = 3,
    PL_PAGE_USERS = 4,
    PL_PAGE_DEVICES = 5,
    PL_PAGE_API_KEYS = 6,
    PL_PAGE_PARTICIPANTS = 10,
    PL_PAGE_HEADS = 20,
    PL_PAGE_RECEIPTS = 21,
    PL_PAGE_REACTIONS = 22,
    PL_PAGE_BLOCKS = 30,
};

/* Where the next page begins; each list gives both fields its own meaning. */
struct pl_page_cursor {
    int64_t number;
    struct pl_uuid id;
};

/* subject: whose list it is (the chat of messages, the user of chats). In the arena. */
char *pl_page_token_format(const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES], enum pl_page_list list,
                           const struct pl_uuid *subject, const struct pl_page_cursor *cursor, struct pl_arena *arena);
/* PL_INVALID_PAGE_TOKEN for anything that format did not make with the same key, list and subject.
 */
enum pl_status pl_page_token_parse(const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES], enum pl_page_list list,
                                   const struct pl_uuid *subject, const char *token,
                                   struct pl_page_cursor *ret_cursor) PL_MUST_CHECK;

#endif
