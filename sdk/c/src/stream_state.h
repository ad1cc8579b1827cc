/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What a stream is made of. stream.c has the public functions and the thread, session.c what the server says, frame.c
 * what is said to it. All of it belongs to the stream's thread but for the mailbox and what `lock` guards.
 */
#ifndef PL_SDK_STREAM_STATE_H
#define PL_SDK_STREAM_STATE_H

#include <parley/stream.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mailbox.h"
#include "sdk/c/src/backoff.h"
#include "sdk/c/src/cursors.h"
#include "sdk/c/src/fetches.h"
#include "sdk/c/src/heads.h"
#include "sdk/c/src/outbox.h"
#include "sdk/c/src/reads.h"
#include "sdk/c/src/token.h"
#include "sdk/c/src/typings.h"
#include "sdk/c/src/wire.h"

enum pl_stream_phase {
    PL_STREAM_PAUSED,  /* no call; the next attempt comes at connect_due_us */
    PL_STREAM_OPENING, /* hello is said, welcome is not */
    PL_STREAM_LIVE,
    PL_STREAM_LEAVING, /* the server is told what it should know, then the call ends */
    PL_STREAM_DROPPED, /* the call was cancelled; what still comes from it is ignored */
    PL_STREAM_ENDED
};

/* What welcome said, within bounds of our own. */
struct pl_stream_limits {
    int64_t ack_interval_us;
    unsigned ack_entries_max;
    unsigned sends_in_flight_max;
    size_t frame_bytes_max;
    int64_t heartbeat_us;
};

struct parley_stream {
    pthread_t thread;
    parley_stream_callbacks callbacks;
    void *userdata;
    char *client_name;
    struct pl_channel *channel;
    struct pl_wire *wire;
    struct pl_token_source *tokens;
    struct pl_mailbox mailbox;
    struct pl_task close_task;

    pthread_mutex_t lock; /* guards the next four; held while an order is posted, so that none comes after the end */
    bool closed;
    size_t outbox_messages;
    size_t outbox_bytes;
    uint64_t request_id;

    enum pl_stream_phase phase;
    bool closing;     /* parley_stream_close was called */
    bool half_closed; /* nothing more will be written in this call */
    bool caught_up;   /* in this call */
    bool going_away;  /* the server has said how the call is to end */
    int reconnect_after_ms;
    parley_error drop_error; /* why the call was dropped, when it was us */
    char epoch[128];
    struct pl_stream_limits limits;
    struct pl_backoff backoff;
    int64_t connect_due_us;
    int64_t answer_due_us; /* welcome, or the end of leaving */
    int64_t ack_due_us;    /* INT64_MAX: nothing to acknowledge */
    int64_t reauth_due_us; /* INT64_MAX: no newer token is asked for */
    int64_t heartbeat_due_us;
    int64_t send_due_us; /* sends wait until then; 0: they do not */

    struct pl_cursors cursors;
    struct pl_heads heads;
    int64_t heads_due_us; /* the next check */
    int64_t late_due_us;  /* what was late is looked at again; INT64_MAX: nothing was */
    struct pl_reads reads;
    struct pl_fetches fetches;
    struct pl_typings typings;
    struct pl_user_id *watched;
    size_t watched_count;
    bool watch_due; /* the server is to be told */
    struct pl_outbox outbox;
    struct pl_arena arena; /* of the frame that is being handled */
    struct pl_buf frame;   /* the frame that is being made */
};

/* ---- session.c ---- */
/* A frame came. */
void pl_session_receive(struct parley_stream *stream, const struct pl_wire_bytes *bytes);
/* Ends the call because of something that came, or did not come; it is tried again. */
void pl_session_drop(struct parley_stream *stream, parley_status status, const char *sentence);
/* Says what is left to say, then ends the call. */
void pl_session_leave(struct parley_stream *stream);
/* Takes the item: tells the application, and forgets it. */
void pl_session_fail(struct parley_stream *stream, struct pl_outbox_item *item, const parley_error *error);
void pl_session_tell_state(struct parley_stream *stream, parley_stream_state state, const parley_error *error);

/* ---- frame.c ---- */
/* The call was just opened. */
void pl_frame_write_hello(struct parley_stream *stream);
/* Everything that is due, as one frame, when there is something and the last write is done. */
void pl_frame_write_due(struct parley_stream *stream);
/* When pl_frame_write_due has something to do, if nothing happens before; INT64_MAX: never. */
int64_t pl_frame_due_us(const struct parley_stream *stream);

/* ---- heads_check.c ---- */
void pl_heads_check_begin_session(struct parley_stream *stream);
/* The session has caught up. */
void pl_heads_check_caught_up(struct parley_stream *stream);
/* The answer is there. */
void pl_heads_check_take(struct parley_stream *stream);
/* Does what is due; may drop the session. */
void pl_heads_check_due(struct parley_stream *stream);
/* When pl_heads_check_due has something to do; INT64_MAX: never. */
int64_t pl_heads_check_due_us(const struct parley_stream *stream);

#endif
