/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What parley-gateway is made of; made in main and handed down. It keeps no state of callers. */
#ifndef PL_GATEWAY_GATEWAY_H
#define PL_GATEWAY_GATEWAY_H

#include "base/metrics.h"
#include "gateway/config.h"
#include "gateway/http/http.h"
#include "gateway/pages/pages.h"
#include "gateway/polls.h"
#include "gateway/route.h"
#include "gateway/upstream.h"
#include "gateway/websocket/websockets.h"

struct pl_gateway {
    struct pl_gateway_config config;
    struct pl_metrics metrics;
    struct pl_routes *routes;
    struct pl_web_pages *pages;
    struct pl_io_loops *loops;
    struct pl_upstream *upstream;
    struct pl_polls *polls;
    struct pl_websockets *websockets;
    struct pl_http_server *http;
};

/* For pl_http_options: every request that arrived whole, and those that the http layer refuses. context: the gateway.
 */
void pl_gateway_handle(struct pl_http_request *http, void *context);
void pl_gateway_refuse(struct pl_http_request *http, enum pl_status status, const char *sentence, void *context);

#endif
