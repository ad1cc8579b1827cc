/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The memory doubles from 256 bytes. One byte more than asked for is always there, so that printf may write its NUL
 * behind the string. Once overflowed, every later append is ignored: the string stays a prefix of what was meant.
 */
#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { CAPACITY_MIN = 256 };

void pl_buf_init(struct pl_buf *buf, size_t bytes_max)
{
    pl_assert(bytes_max <= SIZE_MAX / 4);
    *buf = (struct pl_buf){.bytes_max = bytes_max};
}

void pl_buf_fini(struct pl_buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->bytes = 0;
    buf->capacity = 0;
}

void pl_buf_reset(struct pl_buf *buf)
{
    buf->bytes = 0;
    buf->overflowed = false;
}

/* Room for bytes and a NUL behind what is there; false, and latched, past bytes_max. */
static bool reserve(struct pl_buf *buf, size_t bytes)
{
    if (buf->overflowed || bytes > buf->bytes_max - buf->bytes) {
        buf->overflowed = true;
        return false;
    }
    size_t needed = buf->bytes + bytes + 1;
    if (needed <= buf->capacity)
        return true;
    size_t capacity = buf->capacity == 0 ? CAPACITY_MIN : buf->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    uint8_t *data = realloc(buf->data, capacity);
    pl_assert(data != NULL);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

uint8_t *pl_buf_extend(struct pl_buf *buf, size_t bytes)
{
    if (!reserve(buf, bytes))
        return NULL;
    uint8_t *start = buf->data + buf->bytes;
    buf->bytes += bytes;
    return start;
}

void pl_buf_put(struct pl_buf *buf, const void *data, size_t bytes)
{
    uint8_t *room = pl_buf_extend(buf, bytes);

    if (room != NULL && bytes > 0)
        memcpy(room, data, bytes);
}

void pl_buf_put_u8(struct pl_buf *buf, uint8_t value)
{
    pl_buf_put(buf, &value, sizeof(value));
}

void pl_buf_put_u32(struct pl_buf *buf, uint32_t value)
{
    uint32_t big_endian = htobe32(value);

    pl_buf_put(buf, &big_endian, sizeof(big_endian));
}

size_t pl_varint_put(uint8_t *at, uint64_t value)
{
    size_t bytes = 0;

    for (; value >= 0x80; value >>= 7)
        at[bytes++] = (uint8_t)(value | 0x80);
    at[bytes++] = (uint8_t)value;
    return bytes;
}

void pl_buf_put_varint(struct pl_buf *buf, uint64_t value)
{
    uint8_t packed[PL_VARINT_BYTES_MAX];

    pl_buf_put(buf, packed, pl_varint_put(packed, value));
}

void pl_buf_put_length(struct pl_buf *buf, uint8_t tag, size_t length)
{
    pl_buf_put_u8(buf, tag);
    pl_buf_put_varint(buf, length);
}

void pl_buf_printf(struct pl_buf *buf, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int chars = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    pl_assert(chars >= 0);
    if (!reserve(buf, (size_t)chars))
        return;
    va_start(arguments, format);
    vsnprintf((char *)buf->data + buf->bytes, (size_t)chars + 1, format, arguments);
    va_end(arguments);
    buf->bytes += (size_t)chars;
}
