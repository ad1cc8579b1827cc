/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Sockets go round the lanes, and stay where they are. */
#include "gateway/websocket/websockets.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "gateway/metrics.h"
#include "gateway/websocket/lane.h"
#include "gateway/websocket/websocket.h"

struct pl_websockets {
    struct pl_websockets_options options;
    _Atomic unsigned next;
    _Atomic bool draining;
    unsigned count;
    struct pl_ws_lane lanes[];
};

static void close_lanes(struct pl_websockets *websockets)
{
    for (unsigned i = 0; i < websockets->count; i++)
        pl_ws_lane_close(&websockets->lanes[i]);
    free(websockets);
}

enum pl_status pl_websockets_open(const struct pl_websockets_options *options, struct pl_websockets **ret_websockets,
                                  char *error, unsigned error_bytes)
{
    struct pl_websockets *websockets = calloc(1, sizeof *websockets + options->threads * sizeof websockets->lanes[0]);
    pl_assert(websockets != NULL && options->threads > 0);
    websockets->options = *options;
    while (websockets->count < options->threads) {
        struct pl_ws_lane *lane = &websockets->lanes[websockets->count];
        if (pl_ws_lane_open(lane, &websockets->options, websockets->count, error, error_bytes) != PL_OK) {
            close_lanes(websockets);
            return PL_INVALID_ARGUMENT;
        }
        websockets->count++;
    }
    *ret_websockets = websockets;
    return PL_OK;
}

enum pl_status pl_websockets_admit(const struct pl_websockets *websockets)
{
    const struct pl_websockets_options *options = &websockets->options;
    if (atomic_load(&websockets->draining))
        return PL_DRAINING;
    if (pl_metrics_get(options->metrics, PL_METRIC_gateway_websockets) < options->sockets_max)
        return PL_OK;
    pl_metrics_add(options->metrics, PL_METRIC_gateway_websockets_refused_total, 1);
    return PL_OVERLOADED;
}

void pl_websockets_add(struct pl_websockets *websockets, struct pl_http_socket *socket,
                       const struct pl_ws_client *client)
{
    unsigned index = atomic_fetch_add_explicit(&websockets->next, 1, memory_order_relaxed) % websockets->count;
    pl_metrics_add(websockets->options.metrics, PL_METRIC_gateway_websockets, 1);
    pl_metrics_add(websockets->options.metrics, PL_METRIC_gateway_websockets_opened_total, 1);
    pl_websocket_begin(&websockets->lanes[index], socket, client);
}

void pl_websockets_drain(struct pl_websockets *websockets)
{
    if (atomic_exchange(&websockets->draining, true))
        return;
    for (unsigned i = 0; i < websockets->count; i++)
        pl_ws_lane_drain(&websockets->lanes[i]);
}

void pl_websockets_close(struct pl_websockets *websockets)
{
    if (websockets != NULL)
        close_lanes(websockets);
}
