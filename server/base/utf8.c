/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Validation eight bytes at a time while the text is ASCII, else by the table of well-formed sequences (Unicode 15,
 * table 3-7): the lead byte gives the length and the range of the second byte, which rules out overlong forms,
 * surrogates and what is above U+10FFFF.
 */
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* True when none of eight bytes is NUL or above 0x7f. */
static bool plain_ascii(const unsigned char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    uint64_t holds_nul = (word - UINT64_C(0x0101010101010101)) & ~word;
    return ((word | holds_nul) & UINT64_C(0x8080808080808080)) == 0;
}

static bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

static size_t sequence_bytes(unsigned char lead)
{
    if (in_range(lead, 0x01, 0x7f))
        return 1;
    if (in_range(lead, 0xc2, 0xdf))
        return 2;
    if (in_range(lead, 0xe0, 0xef))
        return 3;
    return in_range(lead, 0xf0, 0xf4) ? 4 : 0;
}

static bool second_byte_valid(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xe0:
        return in_range(second, 0xa0, 0xbf);
    case 0xed:
        return in_range(second, 0x80, 0x9f);
    case 0xf0:
        return in_range(second, 0x90, 0xbf);
    case 0xf4:
        return in_range(second, 0x80, 0x8f);
    default:
        return in_range(second, 0x80, 0xbf);
    }
}

/* The length of the sequence at the start of text; 0 when it is not well-formed. */
static size_t valid_sequence(const unsigned char *text, size_t bytes)
{
    size_t length = sequence_bytes(text[0]);

    if (length == 0 || length > bytes)
        return 0;
    if (length > 1 && !second_byte_valid(text[0], text[1]))
        return 0;
    for (size_t i = 2; i < length; i++)
        if (!in_range(text[i], 0x80, 0xbf))
            return 0;
    return length;
}

bool pl_utf8_valid(const char *text, size_t bytes)
{
    const unsigned char *at = (const unsigned char *)text;

    while (bytes > 0) {
        size_t length = bytes >= 8 && plain_ascii(at) ? 8 : valid_sequence(at, bytes);
        if (length == 0)
            return false;
        at += length;
        bytes -= length;
    }
    return true;
}

size_t pl_utf8_chars(const char *text)
{
    size_t chars = 0;

    for (; *text != '\0'; text++)
        chars += ((unsigned char)*text & 0xc0) != 0x80;
    return chars;
}
