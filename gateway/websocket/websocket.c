/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How a client's stream begins and ends. */
#include "gateway/websocket/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/metrics.h"
#include "sdk/c/src/backoff.h"

#define GREETING_WAIT_US 10000000
#define DRAIN_WAIT_US 2000000
#define CLOSE_WAIT_US 2000000
#define LINGER_WAIT_US 1000000
#define HALF_CLOSE_WAIT_US 5000000
#define RETURN_SPREAD_MS 2000

static void on_timer(struct pl_timer *timer);

void pl_websocket_arm(struct pl_websocket *websocket, int64_t wait_us)
{
    pl_timers_arm(&websocket->lane->loop.timers, &websocket->timer, pl_clock_now_us() + wait_us);
}

static void run_begin(struct pl_task *task)
{
    struct pl_websocket *websocket = pl_container_of(task, struct pl_websocket, begin);
    TAILQ_INSERT_TAIL(&websocket->lane->sockets, websocket, of_lane);
    pl_ws_socket_init(websocket);
    websocket->state = websocket->has_credentials ? PL_WS_OPEN : PL_WS_GREETING;
    pl_websocket_arm(websocket, GREETING_WAIT_US);
    if (websocket->lane->draining) {
        pl_websocket_leave(websocket);
    } else if (websocket->has_credentials) {
        pl_ws_upstream_start(websocket);
        pl_ws_keepalive_start(websocket);
    }
    pl_websocket_settle(websocket);
}

void pl_websocket_begin(struct pl_ws_lane *lane, struct pl_http_socket *socket, const struct pl_ws_client *client)
{
    struct pl_websocket *websocket = calloc(1, sizeof *websocket);
    pl_assert(websocket != NULL);
    websocket->lane = lane;
    websocket->socket = socket;
    websocket->format = client->format;
    websocket->has_credentials = client->has_credentials;
    websocket->begin.run = run_begin;
    websocket->timer.run = on_timer;
    websocket->started_us = pl_clock_now_us();
    websocket->request_id = strdup(client->request_id);
    pl_assert(websocket->request_id != NULL);
    snprintf(websocket->peer, sizeof websocket->peer, "%s", client->peer);
    STAILQ_INIT(&websocket->inbox);
    for (unsigned i = 0; i < client->header_count; i++)
        pl_ws_upstream_add_header(websocket, client->headers[i].name, client->headers[i].value);
    pl_mailbox_post(&lane->loop.mailbox, &websocket->begin);
}

/* ---- the end ---- */

void pl_websocket_end(struct pl_websocket *websocket, const struct pl_ws_close *close)
{
    if (websocket->state >= PL_WS_CLOSING)
        return;
    websocket->state = PL_WS_CLOSING;
    websocket->close = *close;
    websocket->is_close_due = true;
    pl_ws_upstream_drop_inbox(websocket);
    if (websocket->call != NULL)
        pl_bidi_call_cancel(websocket->call);
    pl_websocket_arm(websocket, CLOSE_WAIT_US);
}

void pl_websocket_leave(struct pl_websocket *websocket)
{
    struct pl_ws_lane *lane = websocket->lane;
    struct pl_ws_close close = pl_ws_close_as(PL_WS_GOING_AWAY, PL_DRAINING, NULL);
    int return_ms = 1 + (int)(pl_backoff_random() % RETURN_SPREAD_MS);
    struct pl_ws_bytes message = pl_ws_frame_going_away(return_ms, &lane->scratch);
    if (pl_ws_frame_write(websocket->format, message, &lane->scratch, &lane->text, &message) == PL_OK)
        pl_ws_socket_put(websocket, message);
    pl_arena_reset(&lane->scratch);
    pl_websocket_end(websocket, &close);
}

void pl_websocket_drain(struct pl_websocket *websocket)
{
    if (websocket->state == PL_WS_GREETING) {
        pl_websocket_leave(websocket);
    } else if (websocket->state == PL_WS_OPEN) {
        websocket->state = PL_WS_DRAINING;
        websocket->is_half_close_due = true;
        pl_websocket_arm(websocket, DRAIN_WAIT_US);
    }
    pl_websocket_settle(websocket);
}

static unsigned code_of(const struct pl_websocket *websocket)
{
    unsigned sent = wslay_event_get_status_code_sent(websocket->wslay);
    return sent == WSLAY_CODE_ABNORMAL_CLOSURE ? websocket->close.code : sent;
}

static const char *reason_of(const struct pl_websocket *websocket)
{
    if (websocket->is_cut)
        return "cut";
    return websocket->close.reason[0] != '\0' ? websocket->close.reason : "";
}

/* The sentence of a reason may quote what a client wrote: only the word is logged. */
static void log_end(const struct pl_websocket *websocket)
{
    char reason[sizeof websocket->close.reason];
    snprintf(reason, sizeof reason, "%.*s", (int)strcspn(reason_of(websocket), ":"), reason_of(websocket));
    pl_log(PL_LOG_INFO, "websocket_closed", PL_LOG_NUMBER("code", code_of(websocket)), PL_LOG_TEXT("reason", reason),
           PL_LOG_NUMBER("code_received", wslay_event_get_status_code_received(websocket->wslay)),
           PL_LOG_NUMBER("duration_us", pl_clock_now_us() - websocket->started_us),
           PL_LOG_NUMBER("bytes_in", websocket->bytes_in), PL_LOG_NUMBER("bytes_out", websocket->bytes_out),
           PL_LOG_TEXT("peer", websocket->peer), PL_LOG_TEXT("request_id", websocket->request_id));
}

/* What the client asked for before it went is still done: parleyd hears that nothing more comes, and ends the call. */
static void let_go(struct pl_websocket *websocket)
{
    if (websocket->state == PL_WS_GONE)
        return;
    websocket->state = PL_WS_GONE;
    log_end(websocket);
    pl_ws_socket_close(websocket);
    pl_metrics_add(websocket->lane->options->metrics, PL_METRIC_gateway_websockets, -1);
    websocket->is_half_close_due = true;
    pl_websocket_arm(websocket, HALF_CLOSE_WAIT_US);
}

void pl_websocket_cut(struct pl_websocket *websocket)
{
    websocket->is_cut = true;
    if (websocket->call != NULL)
        pl_bidi_call_cancel(websocket->call);
    let_go(websocket);
}

static void free_websocket(struct pl_websocket *websocket)
{
    struct pl_ws_lane *lane = websocket->lane;
    pl_timers_disarm(&lane->loop.timers, &websocket->timer);
    pl_ws_upstream_drop_inbox(websocket);
    pl_ws_upstream_drop_headers(websocket);
    TAILQ_REMOVE(&lane->sockets, websocket, of_lane);
    free(websocket->request_id);
    free(websocket);
}

static void on_timer(struct pl_timer *timer)
{
    struct pl_websocket *websocket = pl_container_of(timer, struct pl_websocket, timer);
    struct pl_ws_close late = pl_ws_close_of(PL_CREDENTIALS_MISSING, "no frame with a token came within 10 s");
    switch (websocket->state) {
    case PL_WS_GREETING:
        pl_websocket_end(websocket, &late);
        break;
    case PL_WS_OPEN:
        pl_ws_keepalive_due(websocket);
        break;
    case PL_WS_DRAINING:
        pl_websocket_leave(websocket);
        break;
    case PL_WS_CLOSING:
    case PL_WS_LINGERING:
        pl_websocket_cut(websocket);
        break;
    case PL_WS_GONE:
        if (websocket->call != NULL)
            pl_bidi_call_cancel(websocket->call);
        break;
    }
    pl_websocket_settle(websocket);
}

/* ---- states ---- */

/* The client said close, or broke a rule and wslay has queued a close: either way it is not read any more. */
static void see_end_of_client(struct pl_websocket *websocket)
{
    if (websocket->state >= PL_WS_CLOSING || wslay_event_get_read_enabled(websocket->wslay))
        return;
    websocket->state = PL_WS_CLOSING;
    if (wslay_event_get_close_received(websocket->wslay))
        websocket->is_half_close_due = true;
    else if (websocket->call != NULL)
        pl_bidi_call_cancel(websocket->call);
    pl_websocket_arm(websocket, CLOSE_WAIT_US);
}

static void queue_close(struct pl_websocket *websocket)
{
    const struct pl_ws_close *close = &websocket->close;
    if (!websocket->is_close_due || !pl_ws_socket_is_idle(websocket))
        return;
    websocket->is_close_due = false;
    websocket->progress_us = pl_clock_now_us();
    /* Refused when the client was first: then wslay has queued the answer. */
    if (wslay_event_queue_close(websocket->wslay, close->code, (const uint8_t *)close->reason, strlen(close->reason)) ==
        0)
        pl_ws_socket_write(websocket);
}

/* RFC 6455 section 7.1.1: the server closes first, when both have said so. */
static void finish_closing(struct pl_websocket *websocket)
{
    bool is_answered = wslay_event_get_close_received(websocket->wslay) != 0;
    if (websocket->state != PL_WS_CLOSING || websocket->is_close_due || !pl_ws_socket_is_idle(websocket))
        return;
    if (is_answered) {
        let_go(websocket);
    } else if (!wslay_event_want_read(websocket->wslay)) {
        websocket->state = PL_WS_LINGERING;
        shutdown(pl_http_socket_fd(websocket->socket), SHUT_WR);
        pl_websocket_arm(websocket, LINGER_WAIT_US);
    }
}

static void settle_socket(struct pl_websocket *websocket)
{
    see_end_of_client(websocket);
    if (websocket->state != PL_WS_LINGERING)
        pl_ws_socket_write(websocket);
    queue_close(websocket);
    if (websocket->is_broken)
        let_go(websocket);
    else
        finish_closing(websocket);
    if (websocket->state != PL_WS_GONE)
        pl_ws_socket_watch(websocket);
}

void pl_websocket_settle(struct pl_websocket *websocket)
{
    if (websocket->state != PL_WS_GONE)
        settle_socket(websocket);
    pl_ws_upstream_settle(websocket);
    if (websocket->state == PL_WS_GONE && websocket->call == NULL)
        free_websocket(websocket);
}

void pl_websocket_run(struct pl_websocket *websocket, uint32_t events)
{
    if (websocket->state == PL_WS_LINGERING) {
        if (!pl_ws_socket_drop(websocket))
            let_go(websocket);
    } else if (events & EPOLLIN) {
        pl_ws_socket_read(websocket);
    } else if (events & (EPOLLHUP | EPOLLERR)) {
        websocket->is_broken = true;
    }
    pl_websocket_settle(websocket);
}
