/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One request and its answer: the request id, the headers that every answer has, the line in the log. A request ends in
 * exactly one of pl_request_answer, pl_request_upgrade and pl_request_fail, on any thread, and must not be touched
 * afterwards.
 */
#ifndef PL_GATEWAY_REQUEST_H
#define PL_GATEWAY_REQUEST_H

#include "gateway/gateway.h"
#include "gateway/problem.h"

#define PL_REQUEST_HEADERS_MAX 16

/* Lives in its own arena. */
struct pl_request {
    struct pl_gateway *gateway;
    struct pl_http_request *http;
    struct pl_arena *arena;
    const char *id;    /* X-Request-Id: the client's when it is 1 to 128 visible ASCII characters, else a new UUID */
    const char *route; /* the template that matched, for the log, which never has paths; "" */
    int64_t started_us;
    bool may_rest; /* how long it takes says nothing of us: it is not observed */
    struct pl_http_header headers[PL_REQUEST_HEADERS_MAX]; /* of the answer */
    unsigned header_count;
};

struct pl_answer {
    unsigned status;
    const char *reason;       /* NULL: OK; for the log */
    const char *content_type; /* NULL: no body */
    const void *body;         /* static, or lives as long as the arena */
    size_t body_bytes;
};

struct pl_request *pl_request_begin(struct pl_gateway *gateway, struct pl_http_request *http);
/* A header of the answer. Borrowed texts: static, or in the arena. */
void pl_request_add_header(struct pl_request *request, const char *name, const char *value);
/* A buffer that lives as long as the arena. */
struct pl_buf *pl_request_new_buf(struct pl_request *request);
void pl_request_answer(struct pl_request *request, const struct pl_answer *answer);
/* The answer 101 with the request's headers; as pl_http_upgrade. */
void pl_request_upgrade(struct pl_request *request, struct pl_http_upgrade *upgrade);
/* Answers the problem, with Retry-After where one comes back later and WWW-Authenticate where credentials are wrong. */
void pl_request_fail(struct pl_request *request, const struct pl_problem *problem);

#endif
