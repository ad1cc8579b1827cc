/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to gateway/websocket: one client with its stream. On its lane's thread, but for begin.
 *
 * It lives until its socket is closed and its call has ended, whichever is later. Where it stands is its state; what
 * happens to either side changes that, and then pl_websocket_settle does whatever is to be done now.
 *
 *   websocket.c   life: begin, states, end
 *   socket.c      the client's side: wslay on a non-blocking socket
 *   upstream.c    parleyd's side: the call
 *   keepalive.c   who is silent, or does not read
 */
#ifndef PL_GATEWAY_WEBSOCKET_WEBSOCKET_H
#define PL_GATEWAY_WEBSOCKET_WEBSOCKET_H

#include <netinet/in.h>
#include <wslay/wslay.h>

#include "gateway/websocket/close.h"
#include "gateway/websocket/frame.h"
#include "gateway/websocket/lane.h"

enum pl_ws_state {
    PL_WS_GREETING,  /* no credentials yet, and no call */
    PL_WS_OPEN,      /* frames cross */
    PL_WS_DRAINING,  /* the client is not heard any more; what it asked for is being answered */
    PL_WS_CLOSING,   /* a close frame goes out, the client's comes in */
    PL_WS_LINGERING, /* all is said; what the client still sends is read, or its kernel would drop our last words */
    PL_WS_GONE,      /* no socket; the call comes to its end */
};

/* A frame that waits for parleyd. */
struct pl_ws_frame {
    STAILQ_ENTRY(pl_ws_frame) next;
    size_t bytes;
    uint8_t data[];
};

struct pl_websocket {
    struct pl_ws_lane *lane;
    TAILQ_ENTRY(pl_websocket) of_lane;
    struct pl_task begin;
    struct pl_timer timer;
    enum pl_ws_state state;
    enum pl_ws_format format;

    /* The client. */
    struct pl_http_socket *socket;
    wslay_event_context_ptr wslay;
    uint32_t events;     /* what epoll watches for */
    unsigned turn_bytes; /* read in this turn */
    unsigned fragments;  /* of the message that is coming in */
    bool is_broken;      /* reading or writing failed */
    bool is_pinged;      /* and nothing has come since */
    bool is_close_due;   /* close is to be queued, behind what waits */
    bool is_cut;         /* ended without a word */
    struct pl_ws_close close;
    int64_t heard_us;
    int64_t progress_us; /* something was sent, or began to wait */

    /* parleyd. */
    struct pl_bidi_call *call; /* NULL before and after */
    unsigned channel;          /* of the lane */
    bool is_reading;
    bool is_writing;
    bool is_half_close_due; /* behind what waits */
    bool is_half_closed;
    bool has_received;
    STAILQ_HEAD(, pl_ws_frame) inbox;
    size_t inbox_bytes;
    struct pl_unary_header *headers; /* until the call has started */
    unsigned header_count;
    bool has_credentials;

    /* For the log. */
    int64_t started_us;
    int64_t bytes_in;
    int64_t bytes_out;
    char *request_id;
    char peer[INET6_ADDRSTRLEN];
};

/* ---- websocket.c ---- */
/* Any thread. */
void pl_websocket_begin(struct pl_ws_lane *lane, struct pl_http_socket *socket, const struct pl_ws_client *client);
/* What epoll says. The websocket may be gone when this returns, as after all that settle. */
void pl_websocket_run(struct pl_websocket *websocket, uint32_t events);
void pl_websocket_drain(struct pl_websocket *websocket);
/* Ends the stream, and says so to the client when what waits for it has been sent. */
void pl_websocket_end(struct pl_websocket *websocket, const struct pl_ws_close *close);
/* The same for the end of the gateway: the client is told when to come back. */
void pl_websocket_leave(struct pl_websocket *websocket);
/* The client is of no use any more: ends the stream and the connection. */
void pl_websocket_cut(struct pl_websocket *websocket);
/* The last thing that whoever was told something does. */
void pl_websocket_settle(struct pl_websocket *websocket);
void pl_websocket_arm(struct pl_websocket *websocket, int64_t wait_us);

/* ---- socket.c ---- */
void pl_ws_socket_init(struct pl_websocket *websocket);
/* Reads what is there, as far as it may be read now. */
void pl_ws_socket_read(struct pl_websocket *websocket);
/* Reads and drops; false at its end. */
bool pl_ws_socket_drop(struct pl_websocket *websocket);
/* Sends what is queued, as far as the client takes it. */
void pl_ws_socket_write(struct pl_websocket *websocket);
/* One message to the client. */
void pl_ws_socket_put(struct pl_websocket *websocket, struct pl_ws_bytes message);
/* Has epoll wait for what can go on: reading, writing, both or neither. */
void pl_ws_socket_watch(struct pl_websocket *websocket);
/* Nothing waits to be sent. */
bool pl_ws_socket_is_idle(const struct pl_websocket *websocket);
void pl_ws_socket_close(struct pl_websocket *websocket);

/* ---- upstream.c ---- */
/* Starts the call with the headers. */
void pl_ws_upstream_start(struct pl_websocket *websocket);
/* A header of the call to be; the value is copied, and wiped after it has been sent. */
void pl_ws_upstream_add_header(struct pl_websocket *websocket, const char *name, const char *value);
void pl_ws_upstream_drop_headers(struct pl_websocket *websocket);
/* A frame of the client. */
void pl_ws_upstream_put(struct pl_websocket *websocket, struct pl_ws_bytes frame);
/* As many wait as may. */
bool pl_ws_upstream_is_full(const struct pl_websocket *websocket);
/* Writes and reads what can be written and read now. */
void pl_ws_upstream_settle(struct pl_websocket *websocket);
void pl_ws_upstream_drop_inbox(struct pl_websocket *websocket);

/* ---- keepalive.c ---- */
void pl_ws_keepalive_start(struct pl_websocket *websocket);
/* The timer of an open one is due. */
void pl_ws_keepalive_due(struct pl_websocket *websocket);

#endif
