/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A token is base64url of: number (8 bytes, big-endian), id (16), and the first 16 bytes of the MAC
 * over list (1), subject (16), number, id. Every part has a fixed size, so no two inputs of the MAC
 * read alike.
 */
#include "auth/page_token.h"

#include <string.h>

#include "auth/base64url.h"
#include "auth/hmac.h"

#define CURSOR_BYTES 24
#define MAC_BYTES 16
#define TOKEN_BYTES (CURSOR_BYTES + MAC_BYTES)
#define TOKEN_CHARS PL_BASE64URL_CHARS(TOKEN_BYTES)

static void put_cursor(uint8_t *bytes, const struct pl_page_cursor *cursor)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)cursor->number >> (56 - 8 * i));
    memcpy(bytes + 8, cursor->id.bytes, sizeof(cursor->id.bytes));
}

static void get_cursor(const uint8_t *bytes, struct pl_page_cursor *ret_cursor)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    ret_cursor->number = (int64_t)number;
    memcpy(ret_cursor->id.bytes, bytes + 8, sizeof(ret_cursor->id.bytes));
}

static void make_mac(const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES], enum pl_page_list list, const struct pl_uuid *subject,
                     const uint8_t cursor[CURSOR_BYTES], uint8_t ret_mac[PL_HMAC_BYTES])
{
    uint8_t input[1 + sizeof(subject->bytes) + CURSOR_BYTES];

    input[0] = (uint8_t)list;
    memcpy(input + 1, subject->bytes, sizeof(subject->bytes));
    memcpy(input + 1 + sizeof(subject->bytes), cursor, CURSOR_BYTES);
    pl_hmac_sha256(key, PL_PAGE_TOKEN_KEY_BYTES, input, sizeof(input), ret_mac);
}

char *pl_page_token_format(const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES], enum pl_page_list list,
                           const struct pl_uuid *subject, const struct pl_page_cursor *cursor, struct pl_arena *arena)
{
    uint8_t token[TOKEN_BYTES];
    uint8_t mac[PL_HMAC_BYTES];
    char *text = pl_arena_alloc(arena, TOKEN_CHARS + 1);

    put_cursor(token, cursor);
    make_mac(key, list, subject, token, mac);
    memcpy(token + CURSOR_BYTES, mac, MAC_BYTES);
    pl_base64url_encode(token, sizeof(token), text);
    return text;
}

enum pl_status pl_page_token_parse(const uint8_t key[PL_PAGE_TOKEN_KEY_BYTES], enum pl_page_list list,
                                   const struct pl_uuid *subject, const char *token, struct pl_page_cursor *ret_cursor)
{
    uint8_t bytes[TOKEN_BYTES];
    uint8_t mac[PL_HMAC_BYTES];
    size_t byte_count;

    if (strnlen(token, TOKEN_CHARS + 1) != TOKEN_CHARS ||
        pl_base64url_decode(token, TOKEN_CHARS, bytes, sizeof(bytes), &byte_count) != PL_OK)
        return PL_INVALID_PAGE_TOKEN;
    make_mac(key, list, subject, bytes, mac);
    if (!pl_hmac_equal(mac, bytes + CURSOR_BYTES, MAC_BYTES))
        return PL_INVALID_PAGE_TOKEN;
    get_cursor(bytes, ret_cursor);
    return PL_OK;
}
