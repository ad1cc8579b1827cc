/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * HTTP/1.1 for the gateway: strict where a request could be read in two ways (RFC 9112), bounded in time, size and
 * connections, asynchronous. libmicrohttpd is behind it and nowhere else. It does gzip, HEAD, Date, keep-alive and
 * Expect: 100-continue by itself; everything else of an answer is the caller's.
 *
 * A request belongs to the caller from handle() until pl_http_reply(), and lives that long even when its client has
 * gone away. Everything read from it is borrowed and lives as long as its arena: until the answer is sent.
 *
 * Limits: plain TCP (an edge ends TLS), no pipelining (what follows a request before its answer is dropped and the
 * connection closed after that answer, so that clients send it again), bodies in memory.
 */
#ifndef PL_GATEWAY_HTTP_HTTP_H
#define PL_GATEWAY_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/io_loop.h"
#include "base/metrics.h"
#include "base/status.h"

struct pl_http_server;
struct pl_http_request;
struct pl_http_socket;

struct pl_http_header {
    const char *name;
    const char *value;
};

struct pl_http_options {
    const char *setting;                  /* names the setting `listen` in error sentences, e.g. "http-listen" */
    const char *listen;                   /* as pl_listen: host:port */
    struct pl_io_loops *loops;            /* which serve the requests; they live longer */
    unsigned connections_max;             /* more are closed as they come; upgraded ones do not count any more */
    unsigned connections_per_address_max; /* likewise; 0: no such limit, for a gateway behind a proxy */
    size_t body_bytes_max;                /* 413 above */
    size_t body_bytes_total_max;          /* of all requests that are not answered yet; OVERLOADED above */
    int64_t header_deadline_ms;           /* from the first byte of a request to the end of its headers, else 408 */
    int64_t body_deadline_ms;             /* from there to the end of its body, else 408 */
    int64_t idle_ms;                      /* a connection without a request, or whose client reads nothing, is closed */
    int64_t drain_idle_ms;                /* how long a draining server takes requests on connections that it has */
    int64_t close_wait_ms;                /* how long pl_http_close lets requests go on */
    /* A whole request, on one of the loops. Must not block. Ends in exactly one pl_http_reply, now or later. */
    void (*handle)(struct pl_http_request *request, void *context);
    /*
     * What this layer refuses itself (400, 408, 411, 413, 414, 429, 431), on one of the loops. Ends in exactly one
     * pl_http_reply; the connection is closed after it. Of the request only what came before the fault is known: verb,
     * path and query may be cut short or made up, headers may be missing, there is no body. sentence is static.
     */
    void (*refuse)(struct pl_http_request *request, enum pl_status status, const char *sentence, void *context);
    void *context;
    struct pl_metrics *metrics; /* of the gateway: its connections are counted here */
};

struct pl_http_reply {
    unsigned status;          /* 200 to 599 */
    const char *content_type; /* NULL: none */
    const void *body;
    size_t body_bytes;
    const struct pl_http_header *headers; /* Content-Length, Date, Connection and Vary: Accept-Encoding are ours */
    unsigned header_count;
    bool close; /* the connection, after this answer */
};

/* The answer 101 (RFC 9110 section 15.2.2): the connection goes on in another protocol. */
struct pl_http_upgrade {
    const struct pl_http_header *headers; /* with Upgrade; Connection and Date are ours */
    unsigned header_count;
    /*
     * When it has been sent; never when the client went away before. On an http thread, must not block. The request
     * with its arena is still there, but not to be answered; the socket is the callee's, to be closed.
     */
    void (*upgraded)(struct pl_http_socket *socket, void *context);
    void *context;
};

/*
 * Listens and starts a thread that accepts. Texts of options are borrowed until close. PL_INVALID_ARGUMENT or
 * PL_UNAVAILABLE with a sentence in error, which names the setting. At most one server of a process is open at a time.
 */
enum pl_status pl_http_open(const struct pl_http_options *options, struct pl_http_server **ret_server, char *error,
                            unsigned error_bytes) PL_MUST_CHECK;
/*
 * No new connections; each is closed after its next answer, or when no request has come for drain_idle_ms: who was
 * about to send is not cut off. Does not wait. Any thread.
 */
void pl_http_drain(struct pl_http_server *server);
/*
 * Drains, gives open requests close_wait_ms, then ends their connections. Waits for pl_http_reply of each request that
 * handle() or refuse() was given and for pl_http_socket_close of each upgraded one, so what answers and closes them
 * must still run. NULL is allowed.
 */
void pl_http_close(struct pl_http_server *server);
/* The port that it got, for port 0 in the setting. */
int pl_http_port(const struct pl_http_server *server);

/* Any thread, from handle() or refuse() until pl_http_reply(). */

/* As sent, but "GET" for HEAD: its answer is that of GET, and loses its body here. */
const char *pl_http_verb(const struct pl_http_request *request);
/* Still percent-encoded, without the query; begins with "/" (or is "*", of OPTIONS). Has no %00. */
const char *pl_http_path(const struct pl_http_request *request);
/* What follows "?", still encoded; "" when there is none. */
const char *pl_http_query(const struct pl_http_request *request);
/*
 * The header of that name, in any case of letters, without blanks around it; NULL when there is none. Of one that was
 * sent in several lines, their values with ", " between them (RFC 9110 section 5.3).
 */
const char *pl_http_header(struct pl_http_request *request, const char *name);
/* In how many lines it was sent. */
unsigned pl_http_header_lines(struct pl_http_request *request, const char *name);
/* The loop that it lives on. */
struct pl_io_loop *pl_http_loop(const struct pl_http_request *request);
/* The client's IP address as text. */
const char *pl_http_address(const struct pl_http_request *request);
/* NULL and 0 when there is none. */
const uint8_t *pl_http_body(const struct pl_http_request *request, size_t *ret_bytes);
/* For what the answer is made of. pl_arena_try_alloc is bounded by some times body_bytes_max. */
struct pl_arena *pl_http_arena(struct pl_http_request *request);

/*
 * The one answer to a request. Any thread; does not block. What reply points at lives in the request's arena or is
 * static; reply itself is copied. The request must not be touched afterwards.
 */
void pl_http_reply(struct pl_http_request *request, const struct pl_http_reply *reply);

/*
 * Calls gone once, when the client closes its connection; on a thread of the server, which must not block. From
 * handle() until pl_http_unwatch, which comes before pl_http_reply, and after which gone is not called; not from gone.
 */
void pl_http_watch(struct pl_http_request *request, void (*gone)(void *context), void *context);
void pl_http_unwatch(struct pl_http_request *request);

/* Whether the request may be upgraded: GET in HTTP/1.1, without a body, and nothing has come behind it. */
bool pl_http_can_upgrade(const struct pl_http_request *request);
/* In place of pl_http_reply, when the request may. Should something still come behind it, the connection is closed. */
void pl_http_upgrade(struct pl_http_request *request, const struct pl_http_upgrade *upgrade);
/* Non-blocking, TCP_NODELAY. For reading, writing and waiting only. Any thread, as the following. */
int pl_http_socket_fd(const struct pl_http_socket *socket);
void pl_http_socket_close(struct pl_http_socket *socket);

#endif
