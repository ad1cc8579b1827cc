/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/http: a request's body while it arrives, and the room that all bodies together have. Room is taken
 * as a body grows, all of an announced length at its first byte, and given back when the request is over.
 */
#ifndef PL_GATEWAY_HTTP_BODY_H
#define PL_GATEWAY_HTTP_BODY_H

#include <stddef.h>
#include <stdint.h>

struct pl_http_request;

struct pl_http_body {
    uint8_t *data; /* in the request's arena */
    size_t bytes;
    size_t capacity;
    size_t reserved; /* of the server's room */
};

/* On the request's http thread. Latches PL_MESSAGE_TOO_LARGE or PL_OVERLOADED in the request's framing. */
void pl_http_body_put(struct pl_http_request *request, const void *data, size_t bytes);
/* Before its arena is reset. */
void pl_http_body_release(struct pl_http_request *request);

#endif
