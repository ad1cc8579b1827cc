/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What the gateway serves beside the API, to read: the OpenAPI file, a reference page made of it, a page for each
 * error, and the limits. All of it is in the program or made when it starts; nothing on these pages refers to another
 * host.
 *
 *   /openapi.yaml          openapi/openapi.yaml
 *   /docs, /docs/...       the reference: npm's swagger-ui-dist
 *   /problems              every error of api/status.def
 *   /problems/{reason}     what it means, and what a caller does about it
 *   /limits                the limits of api/limits.def and of this gateway, as JSON
 */
#ifndef PL_GATEWAY_PAGES_PAGES_H
#define PL_GATEWAY_PAGES_PAGES_H

#include <stddef.h>

#include "gateway/http/http.h"

struct pl_web_pages;

struct pl_web_page {
    const char *path;
    const char *content_type;
    const void *body;
    size_t body_bytes;
    const struct pl_http_header *headers;
    unsigned header_count;
};

/* body_bytes_max: the largest body that this gateway takes. */
struct pl_web_pages *pl_web_pages_new(size_t body_bytes_max);
void pl_web_pages_free(struct pl_web_pages *pages);
/* What GET answers at this raw path, with or without a slash behind it, or NULL. It lives as long as the pages; any
 * thread. */
const struct pl_web_page *pl_web_pages_find(const struct pl_web_pages *pages, const char *path);

#endif
