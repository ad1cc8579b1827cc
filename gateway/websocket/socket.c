/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * wslay frames and unframes, answers pings, checks masks, lengths, UTF-8 and the order of fragments, and queues the
 * close frame itself when the client breaks a rule. It lets control frames overtake messages, which is why a close
 * frame of ours is queued only when nothing waits.
 *
 * Of some faults (a control frame that is too long or fragmented, a length that is not written in its shortest form) it
 * only says that reading failed, and queues a close frame without a code: there the bytes of ours are sent instead.
 *
 * It keeps what it has read (4 KiB at most) and goes on with it even when it is told that nothing is there: a few more
 * messages may come than were asked for.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "gateway/metrics.h"
#include "gateway/websocket/websocket.h"

enum {
    TURN_BYTES_MAX = 64 << 10, /* read from one client before the others have their turn */
    QUEUED_MAX = 64,           /* answers to pings */
    FRAGMENTS_MAX = 16384,     /* each costs memory beside its bytes */
    DROP_BYTES = 4096,
};

static int fd_of(const struct pl_websocket *websocket)
{
    return pl_http_socket_fd(websocket->socket);
}

static bool may_read(const struct pl_websocket *websocket)
{
    switch (websocket->state) {
    case PL_WS_GREETING:
    case PL_WS_OPEN:
        return !pl_ws_upstream_is_full(websocket) && wslay_event_get_queued_msg_count(websocket->wslay) < QUEUED_MAX;
    case PL_WS_CLOSING:
        return true;
    default:
        return false;
    }
}

static ssize_t would_block(wslay_event_context_ptr wslay)
{
    wslay_event_set_error(wslay, WSLAY_ERR_WOULDBLOCK);
    return -1;
}

static ssize_t failed(struct pl_websocket *websocket, wslay_event_context_ptr wslay)
{
    if (errno == EAGAIN || errno == EINTR)
        return would_block(wslay);
    websocket->is_broken = true;
    wslay_event_set_error(wslay, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_recv(wslay_event_context_ptr wslay, uint8_t *data, size_t bytes, int flags, void *context)
{
    struct pl_websocket *websocket = context;
    (void)flags;
    if (!may_read(websocket) || websocket->turn_bytes >= TURN_BYTES_MAX || websocket->fragments > FRAGMENTS_MAX)
        return would_block(wslay);
    ssize_t got = recv(fd_of(websocket), data, bytes, 0);
    if (got == 0)
        errno = ECONNRESET;
    if (got <= 0)
        return failed(websocket, wslay);
    websocket->heard_us = pl_clock_now_us();
    websocket->is_pinged = false;
    websocket->turn_bytes += (unsigned)got;
    websocket->bytes_in += got;
    return got;
}

static ssize_t on_send(wslay_event_context_ptr wslay, const uint8_t *data, size_t bytes, int flags, void *context)
{
    struct pl_websocket *websocket = context;
    ssize_t sent = send(fd_of(websocket), data, bytes, MSG_NOSIGNAL | ((flags & WSLAY_MSG_MORE) ? MSG_MORE : 0));
    if (sent <= 0)
        return failed(websocket, wslay);
    websocket->progress_us = pl_clock_now_us();
    websocket->bytes_out += sent;
    return sent;
}

static void on_frame(wslay_event_context_ptr wslay, const struct wslay_event_on_frame_recv_start_arg *frame,
                     void *context)
{
    struct pl_websocket *websocket = context;
    if (!wslay_is_ctrl_frame(frame->opcode))
        websocket->fragments++;
    /* Half a code: RFC 6455 section 5.5.1. Queued first, it is not followed by the answer that wslay would give. */
    if (frame->opcode == WSLAY_CONNECTION_CLOSE && frame->payload_length == 1)
        wslay_event_queue_close(wslay, WSLAY_CODE_PROTOCOL_ERROR, NULL, 0);
}

static void end(struct pl_websocket *websocket, struct pl_ws_close close)
{
    pl_websocket_end(websocket, &close);
}

/* The first frame of who could not say who he is in the handshake. */
static void greet(struct pl_websocket *websocket, struct pl_ws_bytes message)
{
    const char *sentence = NULL;
    const char *token = NULL;
    struct pl_arena *arena = &websocket->lane->scratch;
    enum pl_status status = pl_ws_frame_read_token(websocket->format, message, arena, &token, &sentence);
    if (status == PL_OK) {
        char *value = pl_arena_printf(arena, "Bearer %s", token);
        pl_ws_upstream_add_header(websocket, "authorization", value);
        websocket->state = PL_WS_OPEN;
        wslay_event_config_set_max_recv_msg_length(websocket->wslay, PL_STREAM_FRAME_BYTES_MAX);
        pl_ws_upstream_start(websocket);
        pl_ws_keepalive_start(websocket);
    } else {
        end(websocket, pl_ws_close_of(status, sentence));
    }
}

static void forward(struct pl_websocket *websocket, struct pl_ws_bytes message)
{
    const char *sentence = NULL;
    struct pl_ws_bytes frame;
    enum pl_status status = pl_ws_frame_read(websocket->format, message, &websocket->lane->scratch, &frame, &sentence);
    pl_metrics_add(websocket->lane->options->metrics, PL_METRIC_gateway_websocket_frames_received_total, 1);
    if (status == PL_OK)
        pl_ws_upstream_put(websocket, frame);
    else
        end(websocket, pl_ws_close_of(status, sentence));
}

static void on_message(wslay_event_context_ptr wslay, const struct wslay_event_on_msg_recv_arg *arg, void *context)
{
    struct pl_websocket *websocket = context;
    struct pl_ws_bytes message = {.data = arg->msg, .bytes = arg->msg_length};
    (void)wslay;
    if (wslay_is_ctrl_frame(arg->opcode))
        return;
    websocket->fragments = 0;
    if (websocket->state != PL_WS_GREETING && websocket->state != PL_WS_OPEN)
        return;
    if (arg->opcode != (websocket->format == PL_WS_JSON ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME))
        end(websocket, pl_ws_close_as(PL_WS_UNSUPPORTED_DATA, PL_INVALID_ARGUMENT,
                                      websocket->format == PL_WS_JSON ? "parley.v1.json takes text messages"
                                                                      : "parley.v1.proto takes binary messages"));
    else if (websocket->state == PL_WS_GREETING)
        greet(websocket, message);
    else
        forward(websocket, message);
    pl_arena_reset(&websocket->lane->scratch);
}

void pl_ws_socket_init(struct pl_websocket *websocket)
{
    static const struct wslay_event_callbacks callbacks = {.recv_callback = on_recv,
                                                           .send_callback = on_send,
                                                           .on_frame_recv_start_callback = on_frame,
                                                           .on_msg_recv_callback = on_message};
    struct epoll_event event = {.data.ptr = websocket};
    pl_assert(wslay_event_context_server_init(&websocket->wslay, &callbacks, websocket) == 0);
    wslay_event_config_set_max_recv_msg_length(websocket->wslay, websocket->has_credentials ? PL_STREAM_FRAME_BYTES_MAX
                                                                                            : PL_WS_FIRST_BYTES_MAX);
    pl_assert(epoll_ctl(websocket->lane->epoll_fd, EPOLL_CTL_ADD, fd_of(websocket), &event) == 0);
}

/* Nothing but that close frame waits: no message is cut in two. */
static void refuse_frame(struct pl_websocket *websocket)
{
    static const uint8_t close_1002[] = {0x80 | WSLAY_CONNECTION_CLOSE, 2, 1002 >> 8, 1002 & 0xff};
    if (wslay_event_get_queued_msg_count(websocket->wslay) != 1)
        return;
    wslay_event_shutdown_write(websocket->wslay);
    if (send(fd_of(websocket), close_1002, sizeof close_1002, MSG_NOSIGNAL) != sizeof close_1002)
        websocket->is_broken = true;
}

void pl_ws_socket_read(struct pl_websocket *websocket)
{
    websocket->turn_bytes = 0;
    if (wslay_event_recv(websocket->wslay) != 0 && !websocket->is_broken)
        refuse_frame(websocket);
    if (websocket->fragments > FRAGMENTS_MAX && !websocket->is_broken)
        end(websocket, pl_ws_close_as(PL_WS_TOO_BIG, PL_MESSAGE_TOO_LARGE, "a message comes in too many fragments"));
}

bool pl_ws_socket_drop(struct pl_websocket *websocket)
{
    char bytes[DROP_BYTES];
    ssize_t got = recv(fd_of(websocket), bytes, sizeof bytes, 0);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void pl_ws_socket_write(struct pl_websocket *websocket)
{
    if (wslay_event_want_write(websocket->wslay) && wslay_event_send(websocket->wslay) != 0)
        websocket->is_broken = true;
}

void pl_ws_socket_put(struct pl_websocket *websocket, struct pl_ws_bytes message)
{
    struct wslay_event_msg arg = {
        .opcode = websocket->format == PL_WS_JSON ? WSLAY_TEXT_FRAME : WSLAY_BINARY_FRAME,
        .msg = message.data,
        .msg_length = message.bytes,
    };
    if (pl_ws_socket_is_idle(websocket))
        websocket->progress_us = pl_clock_now_us();
    /* Refused only behind a close frame, where nobody listens. */
    if (wslay_event_queue_msg(websocket->wslay, &arg) == 0)
        pl_metrics_add(websocket->lane->options->metrics, PL_METRIC_gateway_websocket_frames_sent_total, 1);
}

bool pl_ws_socket_is_idle(const struct pl_websocket *websocket)
{
    return !wslay_event_want_write(websocket->wslay);
}

void pl_ws_socket_watch(struct pl_websocket *websocket)
{
    bool reads =
        websocket->state == PL_WS_LINGERING || (may_read(websocket) && wslay_event_want_read(websocket->wslay));
    bool writes = websocket->state != PL_WS_LINGERING && wslay_event_want_write(websocket->wslay);
    struct epoll_event event = {.events = (reads ? EPOLLIN : 0) | (writes ? EPOLLOUT : 0), .data.ptr = websocket};
    if (event.events == websocket->events)
        return;
    websocket->events = event.events;
    pl_assert(epoll_ctl(websocket->lane->epoll_fd, EPOLL_CTL_MOD, fd_of(websocket), &event) == 0);
}

void pl_ws_socket_close(struct pl_websocket *websocket)
{
    pl_assert(epoll_ctl(websocket->lane->epoll_fd, EPOLL_CTL_DEL, fd_of(websocket), NULL) == 0);
    wslay_event_context_free(websocket->wslay);
    pl_http_socket_close(websocket->socket);
    websocket->wslay = NULL;
    websocket->socket = NULL;
}
