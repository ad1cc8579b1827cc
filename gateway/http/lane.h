/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to gateway/http: the connections that live on one loop. */
#ifndef PL_GATEWAY_HTTP_LANE_H
#define PL_GATEWAY_HTTP_LANE_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/io_loop.h"

struct pl_http_request;
struct pl_http_server;

struct pl_http_lane {
    struct pl_io_step step;
    struct pl_source source;
    struct pl_io_loop *loop;
    struct MHD_Daemon *daemon;
    atomic_bool resumed; /* libmicrohttpd has something to do that no descriptor tells */
    bool is_ready;       /* in this turn */
    bool has_begun;      /* the connection that is being added: libmicrohttpd has it, and tells of its end */
    int64_t due_us;      /* when it wants to run at the latest; INT64_MAX: only when something happens */
};

/* One on each of the loops of server->options. False when the system gives no more; close what was opened then, too. */
bool pl_http_lanes_open(struct pl_http_server *server);
/* No connection is left. */
void pl_http_lanes_close(struct pl_http_server *server);
/* Any thread. The connection is the lane's until it is closed: it is in server->connections and tapped. */
void pl_http_lane_add(struct pl_http_lane *lane, struct pl_http_request *request);
/* Any thread. A connection was resumed, or upgraded: the lane runs soon. */
void pl_http_lane_resume(struct pl_http_lane *lane);

#endif
