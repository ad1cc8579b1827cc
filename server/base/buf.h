/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A growing byte string. Appends past bytes_max latch `overflowed`; the builder goes on without
 * checks and the end is checked once. Not thread-safe.
 */
#ifndef PL_BASE_BUF_H
#define PL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct pl_buf {
    uint8_t *data;
    size_t bytes;
    size_t capacity;
    size_t bytes_max;
    bool overflowed;
};

void pl_buf_init(struct pl_buf *buf, size_t bytes_max);
void pl_buf_fini(struct pl_buf *buf);
/* Empty again, memory kept, overflow forgotten. */
void pl_buf_reset(struct pl_buf *buf);
void pl_buf_put(struct pl_buf *buf, const void *data, size_t bytes);
void pl_buf_put_u8(struct pl_buf *buf, uint8_t value);
/* Big-endian, as PostgreSQL's binary formats want it. */
void pl_buf_put_u32(struct pl_buf *buf, uint32_t value);
/* Protobuf's wire format: a varint; and a field of length bytes before its bytes, tag being its one-byte tag. */
void pl_buf_put_varint(struct pl_buf *buf, uint64_t value);
void pl_buf_put_length(struct pl_buf *buf, uint8_t tag, size_t length);
void pl_buf_printf(struct pl_buf *buf, const char *format, ...) PL_PRINTF(2, 3);
/* Room for bytes at the end, already counted as part of the string; NULL when it would overflow. */
uint8_t *pl_buf_extend(struct pl_buf *buf, size_t bytes);

#define PL_VARINT_BYTES_MAX 10

/* A varint to where there is room for PL_VARINT_BYTES_MAX; how many bytes it has. */
size_t pl_varint_put(uint8_t *at, uint64_t value);

#endif
