/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http: what the parts of one server share. */
#ifndef PL_GATEWAY_HTTP_SERVER_H
#define PL_GATEWAY_HTTP_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/http/connections.h"
#include "gateway/http/http.h"
#include "gateway/http/linger.h"
#include "gateway/http/watch.h"

struct pl_gzip;
struct pl_http_lane;

struct pl_http_server {
    struct pl_http_options options;
    struct pl_http_lane *lanes; /* one for each loop */
    unsigned lane_count;
    struct pl_gzip *gzip;
    struct pl_http_connections connections;
    struct pl_linger linger;
    struct pl_watch watch;
    int port;
    int wake_fd;

    /* Of the acceptor. */
    pthread_t acceptor;
    int listen_fd;
    int spare_fd;        /* given up for a moment to accept and close when descriptors run out */
    bool accept_failing; /* since the last connection; logged once */

    _Atomic bool draining;
    _Atomic bool stopping;
    _Atomic size_t body_bytes; /* reserved; see body.h */
    _Atomic unsigned replying; /* threads inside of pl_http_reply */
};

#endif
