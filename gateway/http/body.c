/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a growing body has left behind stays in the arena until the request is over, and counts as room it has. */
#include "gateway/http/body.h"

#include <string.h>

#include "gateway/http/request.h"
#include "gateway/http/server.h"

enum { CHUNKED_BYTES_MIN = 4096 };

static bool reserve(struct pl_http_request *request, size_t bytes)
{
    struct pl_http_server *server = request->server;
    size_t before = atomic_fetch_add(&server->body_bytes, bytes);

    if (before + bytes > server->options.body_bytes_total_max) {
        atomic_fetch_sub(&server->body_bytes, bytes);
        return false;
    }
    request->body.reserved += bytes;
    return true;
}

void pl_http_body_release(struct pl_http_request *request)
{
    atomic_fetch_sub(&request->server->body_bytes, request->body.reserved);
    request->body = (struct pl_http_body){.data = NULL};
}

/* False when it has failed. */
static bool grow(struct pl_http_request *request, size_t bytes)
{
    struct pl_http_body *body = &request->body;
    struct pl_framing *framing = &request->framing;
    size_t capacity = framing->chunked ? CHUNKED_BYTES_MIN : (size_t)framing->body_bytes;

    while (capacity < body->bytes + bytes)
        capacity *= 2;
    if (!reserve(request, capacity)) {
        pl_framing_fail(framing, PL_OVERLOADED, "too many bodies are on their way; retry after a pause");
        return false;
    }
    uint8_t *data = pl_arena_try_alloc(&request->arena, capacity);
    if (data == NULL) {
        pl_framing_fail(framing, PL_MESSAGE_TOO_LARGE, "the body is larger than allowed here");
        return false;
    }
    if (body->bytes > 0)
        memcpy(data, body->data, body->bytes);
    body->data = data;
    body->capacity = capacity;
    return true;
}

void pl_http_body_put(struct pl_http_request *request, const void *data, size_t bytes)
{
    struct pl_http_body *body = &request->body;

    if (request->framing.status != PL_OK)
        return;
    if (body->bytes + bytes > body->capacity && !grow(request, bytes))
        return;
    memcpy(body->data + body->bytes, data, bytes);
    body->bytes += bytes;
}
