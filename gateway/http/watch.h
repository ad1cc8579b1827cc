/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/http: clients of requests that may take long, which are told of when they go away. libmicrohttpd
 * does not look at a connection while its request waits for an answer. One epoll for all of them: who rests costs
 * nothing. Any thread; one lock, which is held while somebody is told, so that nobody is after pl_watch_end.
 */
#ifndef PL_GATEWAY_HTTP_WATCH_H
#define PL_GATEWAY_HTTP_WATCH_H

#include <pthread.h>

struct pl_http_request;

struct pl_watch {
    pthread_mutex_t lock;
    int fd; /* readable when somebody has gone; -1: descriptors ran out */
};

void pl_watch_init(struct pl_watch *watch);
void pl_watch_fini(struct pl_watch *watch);
void pl_watch_begin(struct pl_watch *watch, struct pl_http_request *request);
void pl_watch_end(struct pl_watch *watch, struct pl_http_request *request);
/* Tells those who have gone. */
void pl_watch_run(struct pl_watch *watch);

#endif
