/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/http: the open connections, how many there may be (at all and from one address), and their
 * deadlines. Any thread; one lock, which is never held for longer than a walk over the list.
 */
#ifndef PL_GATEWAY_HTTP_CONNECTIONS_H
#define PL_GATEWAY_HTTP_CONNECTIONS_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct pl_http_request;
struct address_count;

struct pl_http_connections {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t empty;
    TAILQ_HEAD(, pl_http_request) list;
    struct address_count *addresses; /* uthash */
    unsigned count;
    bool open;     /* more may be added */
    unsigned kept; /* of those: upgraded, and not in the list any more */
    unsigned max;
    unsigned per_address_max;
};

void pl_http_connections_init(struct pl_http_connections *connections, unsigned max, unsigned per_address_max);
void pl_http_connections_fini(struct pl_http_connections *connections);
/* False when there are too many. */
bool pl_http_connections_add(struct pl_http_connections *connections, struct pl_http_request *request);
/* The request's descriptor is still open. */
void pl_http_connections_remove(struct pl_http_connections *connections, struct pl_http_request *request);
/* No more are added from now on. */
void pl_http_connections_end(struct pl_http_connections *connections);
/* One more from an address, in no list, which max does not count: a connection that was upgraded. */
void pl_http_connections_keep(struct pl_http_connections *connections, const struct in6_addr *address);
/* It is closed. */
void pl_http_connections_drop(struct pl_http_connections *connections, const struct in6_addr *address);
/* Ends the reading of those whose deadline has passed; with idle, of all that have no request either. */
void pl_http_connections_sweep(struct pl_http_connections *connections, int64_t now_us, bool idle);
/* Ends all; requests that are being answered go on without a client. */
void pl_http_connections_cut(struct pl_http_connections *connections);
/* Waits until there is none and no more are added, at most until deadline_us; INT64_MAX: for ever. False before that.
 */
bool pl_http_connections_wait(struct pl_http_connections *connections, int64_t deadline_us);

#endif
