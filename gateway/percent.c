/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A decoded text is never longer than the encoded one, so one allocation of that size does. */
#include "gateway/percent.h"

#include <ctype.h>

#include "base/utf8.h"

static int digit(char character)
{
    if (!isxdigit((unsigned char)character))
        return -1;
    return isdigit((unsigned char)character) ? character - '0' : (character | 0x20) - 'a' + 10;
}

/* The byte behind a '%'; -1 when it is none. */
static int escaped(const char *text, size_t left)
{
    int high = left >= 3 ? digit(text[1]) : -1;
    int low = high >= 0 ? digit(text[2]) : -1;
    return low < 0 ? -1 : high * 16 + low;
}

enum pl_status pl_percent_decode(const char *text, size_t bytes, bool plus, struct pl_arena *arena,
                                 const char **ret_text)
{
    char *decoded = pl_arena_alloc(arena, bytes + 1);
    size_t used = 0;
    for (size_t at = 0; at < bytes; at++) {
        int byte = (unsigned char)text[at];
        if (byte == '%') {
            byte = escaped(text + at, bytes - at);
            at += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (byte <= 0)
            return PL_MALFORMED_REQUEST;
        decoded[used++] = (char)byte;
    }
    if (!pl_utf8_valid(decoded, used))
        return PL_INVALID_TEXT;
    *ret_text = decoded;
    return PL_OK;
}
