/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One write is in flight; what comes meanwhile waits, and when that is much, the client is not read from. A frame of
 * parleyd is asked for only when the client has taken the one before, so that what it cannot take gathers in parleyd,
 * which has a bound for that.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/metrics.h"
#include "gateway/websocket/websocket.h"

#define INBOX_BYTES_MAX (64 << 10)
#define CONNECT_PATH "/parley.v1.StreamService/Connect"

void pl_ws_upstream_add_header(struct pl_websocket *websocket, const char *name, const char *value)
{
    struct pl_unary_header header = {.name = name, .value = strdup(value)};
    pl_assert(header.value != NULL && websocket->header_count < PL_WS_HEADERS_MAX);
    if (websocket->headers == NULL)
        websocket->headers = calloc(PL_WS_HEADERS_MAX, sizeof header);
    pl_assert(websocket->headers != NULL);
    websocket->headers[websocket->header_count++] = header;
}

void pl_ws_upstream_drop_headers(struct pl_websocket *websocket)
{
    for (unsigned i = 0; i < websocket->header_count; i++) {
        char *value = (char *)(uintptr_t)websocket->headers[i].value;
        explicit_bzero(value, strlen(value));
        free(value);
    }
    free(websocket->headers);
    websocket->headers = NULL;
    websocket->header_count = 0;
}

static void received(void *owner, const uint8_t *data, size_t bytes)
{
    struct pl_websocket *websocket = owner;
    struct pl_ws_lane *lane = websocket->lane;
    struct pl_ws_bytes message = {.data = data, .bytes = bytes};
    enum pl_status status = PL_OK;
    websocket->is_reading = false;
    websocket->has_received = true;
    if (websocket->state == PL_WS_OPEN || websocket->state == PL_WS_DRAINING) {
        status = pl_ws_frame_write(websocket->format, message, &lane->scratch, &lane->text, &message);
        if (status == PL_OK)
            pl_ws_socket_put(websocket, message);
        pl_arena_reset(&lane->scratch);
    }
    if (status != PL_OK) {
        struct pl_ws_close close = pl_ws_close_of(status, NULL);
        pl_websocket_end(websocket, &close);
    }
    pl_websocket_settle(websocket);
}

static void written(void *owner)
{
    struct pl_websocket *websocket = owner;
    websocket->is_writing = false;
    pl_websocket_settle(websocket);
}

static void ended(void *owner, const struct pl_failure *failure)
{
    struct pl_websocket *websocket = owner;
    struct pl_ws_close close = pl_ws_close_of_failure(failure, websocket->has_received);
    websocket->call = NULL;
    websocket->lane->channels[websocket->channel].streams--;
    pl_ws_upstream_drop_inbox(websocket);
    if (websocket->state == PL_WS_DRAINING)
        pl_websocket_leave(websocket);
    else if (websocket->state == PL_WS_OPEN)
        pl_websocket_end(websocket, &close);
    pl_websocket_settle(websocket);
}

void pl_ws_upstream_start(struct pl_websocket *websocket)
{
    static const struct pl_bidi_events events = {.received = received, .written = written, .ended = ended};
    struct pl_ws_lane *lane = websocket->lane;
    struct pl_bidi_start start = {.path = CONNECT_PATH,
                                  .headers = websocket->headers,
                                  .header_count = websocket->header_count,
                                  .events = &events,
                                  .owner = websocket};
    websocket->channel = pl_ws_lane_take_channel(lane);
    start.channel = lane->channels[websocket->channel].channel;
    websocket->call = pl_bidi_call_start(lane->bidi, &start);
    pl_ws_upstream_drop_headers(websocket);
}

void pl_ws_upstream_put(struct pl_websocket *websocket, struct pl_ws_bytes frame)
{
    struct pl_ws_frame *waiting;
    if (websocket->call == NULL)
        return;
    if (!websocket->is_writing) {
        websocket->is_writing = true;
        pl_bidi_call_write(websocket->call, frame.data, frame.bytes);
        return;
    }
    waiting = malloc(sizeof *waiting + frame.bytes);
    pl_assert(waiting != NULL);
    waiting->bytes = frame.bytes;
    if (frame.bytes > 0)
        memcpy(waiting->data, frame.data, frame.bytes);
    STAILQ_INSERT_TAIL(&websocket->inbox, waiting, next);
    websocket->inbox_bytes += sizeof *waiting + frame.bytes;
}

bool pl_ws_upstream_is_full(const struct pl_websocket *websocket)
{
    return websocket->inbox_bytes >= INBOX_BYTES_MAX;
}

static struct pl_ws_frame *take_waiting(struct pl_websocket *websocket)
{
    struct pl_ws_frame *waiting = STAILQ_FIRST(&websocket->inbox);
    if (waiting == NULL)
        return NULL;
    STAILQ_REMOVE_HEAD(&websocket->inbox, next);
    websocket->inbox_bytes -= sizeof *waiting + waiting->bytes;
    return waiting;
}

void pl_ws_upstream_drop_inbox(struct pl_websocket *websocket)
{
    struct pl_ws_frame *waiting;
    while ((waiting = take_waiting(websocket)) != NULL)
        free(waiting);
}

static void write_next(struct pl_websocket *websocket)
{
    struct pl_ws_frame *waiting = take_waiting(websocket);
    if (waiting != NULL) {
        pl_bidi_call_write(websocket->call, waiting->data, waiting->bytes);
        websocket->is_writing = true;
        free(waiting);
    } else if (websocket->is_half_close_due && !websocket->is_half_closed) {
        websocket->is_half_closed = true;
        websocket->is_writing = true;
        pl_bidi_call_half_close(websocket->call);
    }
}

/* A client that has gone still gets what it asked for done; nobody hears the answers. */
static bool wants_more(const struct pl_websocket *websocket)
{
    bool is_heard = websocket->state == PL_WS_OPEN || websocket->state == PL_WS_DRAINING;
    return !is_heard || pl_ws_socket_is_idle(websocket);
}

void pl_ws_upstream_settle(struct pl_websocket *websocket)
{
    if (websocket->call == NULL)
        return;
    if (!websocket->is_writing)
        write_next(websocket);
    if (!websocket->is_reading && wants_more(websocket)) {
        websocket->is_reading = true;
        pl_bidi_call_read(websocket->call);
    }
}
