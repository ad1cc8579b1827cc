/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "rpc/gzip.h"

#include "base/status.h"

enum { WINDOW_BITS_GZIP = 15 + 16, MEMORY_LEVEL = 8 };

size_t pl_gzip_compress(struct pl_gzip *gzip, const void *data, size_t bytes, uint8_t *ret_data, size_t room)
{
    z_stream *zlib = &gzip->zlib;
    int code;

    if (!gzip->is_open) {
        code =
            deflateInit2(zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
        pl_assert(code == Z_OK);
        gzip->is_open = true;
    }
    zlib->next_in = (Bytef *)(uintptr_t)data;
    zlib->avail_in = (uInt)bytes;
    zlib->next_out = ret_data;
    zlib->avail_out = (uInt)room;
    code = deflate(zlib, Z_FINISH);
    pl_assert(deflateReset(zlib) == Z_OK);
    return code == Z_STREAM_END ? room - zlib->avail_out : 0;
}

void pl_gzip_fini(struct pl_gzip *gzip)
{
    if (gzip->is_open)
        deflateEnd(&gzip->zlib);
}
