/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: messages made smaller with gzip (RFC 1952). One thread for each. */
#ifndef PL_RPC_GZIP_H
#define PL_RPC_GZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

/* Zeroed at first; zlib's 256 KiB come with the first message. */
struct pl_gzip {
    z_stream zlib;
    bool is_open;
};

/* Fills in at most `room` bytes; how many. 0: the message would not be smaller than that. */
size_t pl_gzip_compress(struct pl_gzip *gzip, const void *data, size_t bytes, uint8_t *ret_data, size_t room);
void pl_gzip_fini(struct pl_gzip *gzip);

#endif
