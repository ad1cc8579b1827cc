/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/http: a connection with the one request that is on it at a time. It lives from accept until
 * libmicrohttpd has closed the connection; all of it but what says otherwise belongs to the connection's http thread
 * (or, while handle() has the request, to whoever answers it).
 */
#ifndef PL_GATEWAY_HTTP_REQUEST_H
#define PL_GATEWAY_HTTP_REQUEST_H

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "gateway/http/body.h"
#include "gateway/http/framing.h"
#include "gateway/http/http.h"
#include "gateway/http/lane.h"

enum pl_http_stage {
    PL_HTTP_READING,
    PL_HTTP_HANDLED,   /* handle() or refuse() has it */
    PL_HTTP_SUSPENDED, /* likewise, and libmicrohttpd waits to be woken */
    PL_HTTP_REPLIED,
};

struct pl_http_request {
    struct pl_http_server *server;
    struct pl_http_lane *lane;
    struct pl_task add; /* to its lane */
    int fd;
    bool refused;            /* its last request: the client may still be sending */
    struct in6_addr address; /* IPv4 mapped */
    char address_text[INET6_ADDRSTRLEN];
    TAILQ_ENTRY(pl_http_request) link; /* under the server's lock */

    /* Shared with the thread that watches the deadlines. */
    _Atomic int64_t deadline_us; /* INT64_MAX: none */
    _Atomic bool idle;           /* no byte of a request has come */
    _Atomic bool late;           /* the deadline has passed: nothing more is read */

    /* Of the request, until it is reset. */
    struct pl_framing framing;
    struct MHD_Connection *connection;
    struct pl_arena arena;
    const char *verb;
    const char *path;
    const char *query;
    struct pl_http_body body;
    struct pl_http_reply reply;
    struct pl_http_upgrade upgrade; /* when upgraded is set, instead of reply */
    _Atomic int stage;              /* enum pl_http_stage */
    void (*gone)(void *context);    /* while it is watched */
    void *gone_context;
};

/* The connection has fd, which stays the caller's. */
struct pl_http_request *pl_http_request_new(struct pl_http_server *server, int fd, const struct sockaddr *peer);
void pl_http_request_free(struct pl_http_request *request);
/* For the next request of the connection. */
void pl_http_request_reset(struct pl_http_request *request);
/* recv, for libmicrohttpd, of valid requests only. */
ssize_t pl_http_request_read(struct pl_http_request *request, void *data, size_t bytes, int flags);

/* What MHD calls; context is the server. */
void *pl_http_request_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result pl_http_request_run(void *context, struct MHD_Connection *connection, const char *path,
                                    const char *method, const char *version, const char *upload, size_t *upload_bytes,
                                    void **state);

#endif
