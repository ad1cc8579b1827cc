/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Cross-origin requests of browsers (Fetch standard, section "CORS protocol"): the origins of the setting cors_origins
 * may read answers. Credentials travel in headers that the page sets itself, never in cookies, so they are not allowed
 * in the sense of CORS.
 */
#ifndef PL_GATEWAY_CORS_H
#define PL_GATEWAY_CORS_H

#include <stdbool.h>

struct pl_request;

/* Whether the comma-separated list has the origin, or is *. */
bool pl_cors_allows(const char *origins, const char *origin);
/* Adds the headers that let the page which asks read the answer. */
void pl_cors_apply(struct pl_request *request);
/* For OPTIONS: adds what the page may send, when a browser asks that. verbs: as in Allow. */
void pl_cors_preflight(struct pl_request *request, const char *verbs);

#endif
