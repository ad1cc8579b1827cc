/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* By code points of Unicode 15. Joiners, selectors and tags are part of emojis, but none by themselves. */
#include "messages/emoji.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"

struct range {
    uint32_t first;
    uint32_t last;
};

/* General categories Cc, Zs, Zl and Zp, and what is as little to be seen or turns the text around it. */
static const struct range refused[] = {
    {0x0, 0x20},      {0x7F, 0xA0},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x115F, 0x1160}, {0x1680, 0x1680},
    {0x180E, 0x180E}, {0x2000, 0x200C}, {0x200E, 0x200F}, {0x2028, 0x202F}, {0x205F, 0x206F}, {0x2800, 0x2800},
    {0x3000, 0x3000}, {0x3164, 0x3164}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB},
};

/* What only changes the character before it: joiner, keycap and the like, selectors, tags. */
static const struct range following[] = {{0x200D, 0x200D}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xE0000, 0xE01EF}};

static bool is_within(uint32_t point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* The character at text, which is valid; *ret_bytes: how long it is. */
static uint32_t read_point(const unsigned char *text, size_t *ret_bytes)
{
    size_t bytes = text[0] < 0x80 ? 1 : text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    uint32_t point = bytes == 1 ? text[0] : text[0] & (0x7FU >> bytes);
    for (size_t i = 1; i < bytes; i++)
        point = point << 6 | (text[i] & 0x3FU);
    *ret_bytes = bytes;
    return point;
}

bool pl_emoji_valid(const char *emoji)
{
    size_t bytes = strlen(emoji);
    size_t point_bytes = 0;
    if (bytes < 1 || bytes > PL_EMOJI_BYTES_MAX)
        return false;
    for (size_t i = 0; i < bytes; i += point_bytes) {
        uint32_t point = read_point((const unsigned char *)emoji + i, &point_bytes);
        if (is_within(point, refused, sizeof(refused) / sizeof(refused[0])) ||
            (i == 0 && is_within(point, following, sizeof(following) / sizeof(following[0]))))
            return false;
    }
    return true;
}
