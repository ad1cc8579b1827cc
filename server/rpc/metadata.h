/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: the headers that a call came with, also those of HTTP/2 itself (":path"), as names and values
 * one behind the other. HTTP/2 allows NUL in neither. One thread.
 */
#ifndef PL_RPC_METADATA_H
#define PL_RPC_METADATA_H

#include "base/buf.h"

/* Credentials may be 8 KiB long, which is what others take for all of it together. */
enum { PL_CALL_METADATA_BYTES_MAX = 16 << 10 };

void pl_metadata_init(struct pl_buf *metadata);
/* One header; past PL_CALL_METADATA_BYTES_MAX the buffer says that it overflowed, and keeps those before, whole. */
void pl_metadata_add(struct pl_buf *metadata, const uint8_t *name, size_t name_bytes, const uint8_t *value,
                     size_t value_bytes);
/* The first value of a name (lower case), which is the buffer's; NULL: there is none. */
const char *pl_metadata_find(const struct pl_buf *metadata, const char *name);
/* What "grpc-timeout" says, as microseconds; INT64_MAX: it says nothing sensible, or far more than a year. */
int64_t pl_metadata_timeout_us(const struct pl_buf *metadata);

#endif
