/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Between a socket and libmicrohttpd: this part defines recv for the whole program, and for a descriptor that has a
 * request attached it lets the request's framing read along. libmicrohttpd thereby sees only valid requests (see
 * docs/decisions/0010-strict-http-in-front-of-libmicrohttpd.md). All other descriptors get the system's recv.
 */
#ifndef PL_GATEWAY_HTTP_TAP_H
#define PL_GATEWAY_HTTP_TAP_H

#include <stdbool.h>

enum { PL_TAP_FDS_MAX = 1 << 20 };

struct pl_http_request;

/* Whether libraries of this process call our recv. */
bool pl_tap_works(void);
/* From now on, request->framing reads along on fd. NULL: no more. Called before the descriptor can be reused. */
void pl_tap_attach(int fd, struct pl_http_request *request);
struct pl_http_request *pl_tap_find(int fd);

#endif
