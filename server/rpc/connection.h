/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: an accepted socket with its nghttp2 session. It belongs to one home, and so do its calls; all
 * on its thread, but for what says otherwise. The memory stays until the last of its calls has let go of it.
 */
#ifndef PL_RPC_CONNECTION_H
#define PL_RPC_CONNECTION_H

#include <nghttp2/nghttp2.h>

#include "rpc/call_state.h"
#include "rpc/peer.h"

TAILQ_HEAD(pl_calls, pl_call);

struct pl_connection {
    struct pl_home *home;
    TAILQ_ENTRY(pl_connection) link;
    struct pl_source source;
    struct pl_task open;
    struct pl_task flush;
    struct pl_timer watch; /* the client has to greet, to answer a ping, to hang up */
    struct pl_peer peer;
    int fd;
    nghttp2_session *session; /* NULL once it is over, and the client is to close */
    struct pl_buf head;       /* the headers that are on their way in */
    struct pl_calls calls;
    struct pl_calls over;   /* to be told that they are */
    struct pl_calls handed; /* whose message goes to the kernel next; linked by handed_link */
    unsigned holds;         /* calls, the deferred flush, and itself while it is open */
    int64_t heard_us;
    uint8_t *left; /* what the kernel did not take; NULL: it has taken all */
    size_t left_bytes;
    size_t left_sent;
    bool has_greeted;
    bool is_asked;    /* a ping is out */
    bool is_flushing; /* flush is deferred */
    bool is_broken;
};

/* Any thread: a socket, which it takes. It lives on one of the server's homes from now on. */
void pl_connection_open(struct pl_rpc *rpc, int fd, const struct pl_peer *peer);
/* The client is asked to make further calls elsewhere. */
void pl_connection_warn(struct pl_connection *connection);
/* No further calls; it closes when it has none. */
void pl_connection_go_away(struct pl_connection *connection);
/* At once. Its calls are over. */
void pl_connection_cut(struct pl_connection *connection);

/* ---- for calls ---- */
/* What was submitted leaves at the end of the turn. */
void pl_connection_flush_later(struct pl_connection *connection);
/* The call's message is on its way to the kernel. */
void pl_connection_hand(struct pl_connection *connection, struct pl_call *call);
/* Nobody waits for what the stream still brings; the call is over. */
void pl_connection_forget(struct pl_connection *connection, struct pl_call *call);
/* The call is done with as many bytes that came: the client may send as many more. */
void pl_connection_consume(struct pl_connection *connection, const struct pl_call *call, size_t bytes);
/* The call's memory is about to go. */
void pl_connection_release(struct pl_connection *connection, struct pl_call *call);

/* ---- session.c: the calls that come ---- */
/* With this server's settings on their way. */
nghttp2_session *pl_session_new(struct pl_connection *connection);

#endif
