/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A client that has been silent for idle_ms is pinged, and cut after twice that; so is one that has taken nothing of
 * what waits for it for as long, whatever it says meanwhile. The timer is moved only when it is due, not by each byte.
 */
#include "base/clock.h"
#include "gateway/metrics.h"
#include "gateway/websocket/websocket.h"

static int64_t idle_us(const struct pl_websocket *websocket)
{
    return websocket->lane->options->idle_ms * 1000;
}

void pl_ws_keepalive_start(struct pl_websocket *websocket)
{
    websocket->heard_us = pl_clock_now_us();
    pl_websocket_arm(websocket, idle_us(websocket));
}

static void ping(struct pl_websocket *websocket)
{
    struct wslay_event_msg arg = {.opcode = WSLAY_PING};
    if (wslay_event_queue_msg(websocket->wslay, &arg) == 0)
        websocket->is_pinged = true;
}

void pl_ws_keepalive_due(struct pl_websocket *websocket)
{
    int64_t now_us = pl_clock_now_us();
    int64_t limit_us = 2 * idle_us(websocket);
    bool is_idle = pl_ws_socket_is_idle(websocket);
    /* Whom we do not read from cannot be heard. */
    if (pl_ws_upstream_is_full(websocket))
        websocket->heard_us = now_us;
    int64_t dead_us = websocket->heard_us + limit_us;
    int64_t stuck_us = is_idle ? INT64_MAX : websocket->progress_us + limit_us;
    if (dead_us <= now_us || stuck_us <= now_us) {
        pl_metrics_add(websocket->lane->options->metrics, PL_METRIC_gateway_websockets_cut_total, 1);
        pl_websocket_cut(websocket);
        return;
    }
    if (!websocket->is_pinged && websocket->heard_us + idle_us(websocket) <= now_us)
        ping(websocket);
    int64_t due_us = websocket->is_pinged ? dead_us : websocket->heard_us + idle_us(websocket);
    pl_websocket_arm(websocket, (due_us < stuck_us ? due_us : stuck_us) - now_us);
}
