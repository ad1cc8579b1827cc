/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http: answers made smaller when the client takes gzip (RFC 9110 section 12.5.3). */
#ifndef PL_GATEWAY_HTTP_GZIP_H
#define PL_GATEWAY_HTTP_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct pl_gzip;

/* Whether Accept-Encoding takes gzip at least as gladly as nothing. NULL is allowed: it does not. */
bool pl_gzip_accepted(const char *accept_encoding);
/* At most states_max compressors (a quarter of a megabyte each) are kept for the next answer. */
struct pl_gzip *pl_gzip_new(unsigned states_max);
void pl_gzip_free(struct pl_gzip *gzip);
/* Any thread. NULL when it would not become smaller, or memory is short. */
const void *pl_gzip_compress(struct pl_gzip *gzip, const void *data, size_t bytes, struct pl_arena *arena,
                             size_t *ret_bytes);

#endif
