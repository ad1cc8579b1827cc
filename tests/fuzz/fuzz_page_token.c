/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Two uses of an input. First byte even: the rest is a token; if it is taken, format must make the
 * very same one of its cursor. Odd: the rest is a cursor, which must come back from its token, and
 * must not from the token with one bit of a character changed.
 */
#include <string.h>

#include "auth/page_token.h"
#include "fuzz.h"

static const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES] = "0123456789abcdef0123456789abcdef";
static const struct pl_uuid subject = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void parse_text(const char *token, struct pl_arena *arena)
{
    struct pl_page_cursor cursor;

    if (pl_page_token_parse(key, PL_PAGE_MESSAGES, &subject, token, &cursor) == PL_OK)
        pl_assert(strcmp(pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, arena), token) == 0);
    pl_assert(pl_page_token_parse(key, PL_PAGE_CHATS, &subject, token, &cursor) != PL_OK);
}

static void change_token(const uint8_t *data, size_t bytes, struct pl_arena *arena)
{
    struct pl_page_cursor cursor, back;
    size_t at = data[0] / 2;
    char *token;

    if (bytes < 1 + sizeof(cursor.number) + sizeof(cursor.id))
        return;
    memcpy(&cursor.number, data + 1, sizeof(cursor.number));
    memcpy(&cursor.id, data + 1 + sizeof(cursor.number), sizeof(cursor.id));
    token = pl_page_token_format(key, PL_PAGE_MESSAGES, &subject, &cursor, arena);
    pl_assert(pl_page_token_parse(key, PL_PAGE_MESSAGES, &subject, token, &back) == PL_OK);
    pl_assert(back.number == cursor.number && pl_uuid_equal(&back.id, &cursor.id));
    token[at % strlen(token)] ^= (char)(1 << at % 7);
    pl_assert(pl_page_token_parse(key, PL_PAGE_MESSAGES, &subject, token, &back) == PL_INVALID_PAGE_TOKEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_arena arena;

    if (bytes == 0)
        return 0;
    pl_arena_init(&arena, 1 << 20);
    if (data[0] % 2 == 0)
        parse_text(pl_arena_copy(&arena, data + 1, bytes - 1), &arena);
    else
        change_token(data, bytes, &arena);
    pl_arena_fini(&arena);
    return 0;
}
