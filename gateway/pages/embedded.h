/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/pages: the pages that are files, as they are in the program. */
#ifndef PL_GATEWAY_PAGES_EMBEDDED_H
#define PL_GATEWAY_PAGES_EMBEDDED_H

#include <stddef.h>

struct pl_embedded {
    const char *path;
    const char *content_type;
    const char *body;
    const size_t *bytes;
};

extern const struct pl_embedded pl_embedded[];
extern const unsigned pl_embedded_count;

#endif
