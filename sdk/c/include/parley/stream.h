/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The stream of a device: sends, receives, acknowledges, and comes back by itself after every interruption.
 *
 * What it guarantees: on_message is called for each entry of the device's chats, in the order of seq within a chat, and
 * once, as long as the stream lives and it answers 0; an entry is acknowledged to the server after that, so one that
 * was not taken (the callback answered otherwise, or the process died in it) comes again. A message given to
 * parley_stream_send is sent until the server has answered, always with the same message_id, so it is stored once. What
 * it does not: messages not yet sent live in memory and are lost with the process; a refused message that may be
 * repeated can be overtaken by those of the same chat that were already on their way.
 *
 * Against entries that are lost on the way, the ends of all logs are asked for when the stream has caught up and every
 * five minutes; when one stays above what came for ten seconds, the stream is opened again from what the device has.
 *
 * Threads: every callback runs on the stream's own thread, one at a time. A callback that takes long holds up the
 * stream (the server waits) but loses nothing. parley_stream_send and parley_stream_read may be called by any thread,
 * from callbacks too. parley_stream_close must not be called from a callback.
 */
#ifndef PARLEY_STREAM_H
#define PARLEY_STREAM_H

#include <parley/client.h>
#include <parley/export.h>
#include <parley/messages.h>
#include <parley/status.h>
#include <parley/types.h>
#include <parley/users.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Users whose presence a stream watches. */
#define PARLEY_WATCHED_MAX 256

/* Messages and bytes that wait in memory for the server's answer. */
#define PARLEY_OUTBOX_MESSAGES_MAX 4096
#define PARLEY_OUTBOX_BYTES_MAX (16 << 20)

typedef struct parley_stream parley_stream;

typedef enum parley_stream_state {
    PARLEY_STREAM_CONNECTING = 1, /* an attempt begins */
    PARLEY_STREAM_LIVE = 2,       /* the server has welcomed the device */
    PARLEY_STREAM_CAUGHT_UP = 3,  /* every chat has reached its end once since then */
    PARLEY_STREAM_LOST = 4,       /* the connection is gone; the next attempt comes after error.retry_after_ms */
    PARLEY_STREAM_ENDED = 5       /* for good: error says why; nothing follows */
} parley_stream_state;

/* A message is on disk. Borrowed until the callback returns, like everything that callbacks are given. */
typedef struct parley_sent {
    const char *message_id;
    const char *chat_id; /* also when the draft named a recipient */
    int64_t seq;
    int64_t timestamp_us;
} parley_sent;

/* How far the other user of an individual chat is. Both only grow. */
typedef struct parley_receipt {
    const char *chat_id;
    const char *user_id;
    int64_t delivered_seq; /* all entries up to here have reached a device of theirs */
    int64_t read_seq;      /* all entries up to here were read */
    int64_t at_us;
} parley_receipt;

/*
 * How far own messages in a group have come: each own message from first_seq to last_seq. Told of messages among the
 * last 256 of the group, when they come further; what moved while the device was away is told by parley_get_message.
 */
typedef struct parley_group_receipt {
    const char *chat_id;
    int64_t first_seq;
    int64_t last_seq;
    int recipient_count; /* others who were members then */
    int delivered_count; /* of them, how many have it */
    int read_count;      /* and how many have read it */
    parley_message_status status;
} parley_group_receipt;

/* Somebody writes a message in a chat, or has stopped to. It is over, too, when their message comes. */
typedef struct parley_typing {
    const char *chat_id;
    const char *user_id;
    int expires_after_ms; /* it is over by then, unless it is told again; 0: they have stopped */
} parley_typing;

/* Each may be NULL. */
typedef struct parley_stream_callbacks {
    size_t struct_bytes;
    /*
     * An entry. One that this very device sent comes too, with PARLEY_BODY_NONE. Answer 0 when it is taken. Otherwise
     * the stream is interrupted and opened again after a pause, and the entry comes again; so does what is behind it.
     */
    int (*on_message)(void *userdata, const parley_message *message);
    void (*on_sent)(void *userdata, const parley_sent *sent);
    /* The message was refused, or the stream ended first. */
    void (*on_failed)(void *userdata, const char *message_id, const parley_error *error);
    void (*on_receipt)(void *userdata, const parley_receipt *receipt);
    /* A read mark of the own user is on disk. */
    void (*on_read_ok)(void *userdata, const char *chat_id, int64_t seq);
    /* error is NULL but for lost and ended. */
    void (*on_state)(void *userdata, parley_stream_state state, const parley_error *error);
    void (*on_group_receipt)(void *userdata, const parley_group_receipt *receipt);
    /*
     * Of what this device does not have of the chat, everything before first_seq is gone, because its time was over.
     * Only entries without a body, which say who came and went or what was set, still come of it, in order.
     */
    void (*on_log_start)(void *userdata, const char *chat_id, int64_t first_seq);
    void (*on_typing)(void *userdata, const parley_typing *typing);
    /* Of those who are watched: how it is with them, and whenever that changed. Behind each PARLEY_STREAM_LIVE it
     * begins anew: what was told before may be true no more. */
    void (*on_presence)(void *userdata, const parley_presence *presence);
} parley_stream_callbacks;

static inline void parley_stream_callbacks_init(parley_stream_callbacks *callbacks)
{
    memset(callbacks, 0, sizeof *callbacks);
    callbacks->struct_bytes = sizeof *callbacks;
}

/*
 * Starts the stream's thread and returns at once. The client needs a device token and must live until the stream is
 * closed; callbacks are copied. A device has one stream at a time: a newer one ends the older with SESSION_REPLACED.
 * *ret_stream is written before the first callback. Free with parley_stream_close, also when it has ended.
 */
PARLEY_API parley_status parley_stream_open(parley_client *client, const parley_stream_callbacks *callbacks,
                                            void *userdata, parley_stream **ret_stream, parley_error *ret_error);
/*
 * Tells the server what was acknowledged, ends the stream and frees it; waits at most two seconds and a running
 * callback. Messages still in the outbox get on_failed with PARLEY_CLOSED. After it has returned no callback runs. Not
 * from a callback (asserted). NULL is allowed.
 */
PARLEY_API void parley_stream_close(parley_stream *stream);
/*
 * Takes a copy of the draft into the outbox and returns at once; on_sent or on_failed follows exactly once.
 * ret_message_id may be NULL. PARLEY_OUTBOX_FULL: wait for answers; PARLEY_CLOSED: the stream has ended;
 * PARLEY_INVALID_…: the draft is not valid. Any thread.
 */
PARLEY_API parley_status parley_stream_send(parley_stream *stream, const parley_draft *draft,
                                            char ret_message_id[PARLEY_ID_BYTES], parley_error *ret_error);
/*
 * The user has read the chat up to seq. Repeated until on_read_ok; only the highest seq of a chat counts.
 * PARLEY_INVALID_ID, PARLEY_INVALID_ARGUMENT (seq below 1), PARLEY_CLOSED. Any thread.
 */
PARLEY_API parley_status parley_stream_read(parley_stream *stream, const char *chat_id, int64_t seq,
                                            parley_error *ret_error);

/*
 * The user looks at this chat now; NULL: at none. A group that is so busy that the server pushes only its end is
 * fetched at once while it is shown, and otherwise every five seconds; for all other chats this does nothing.
 * PARLEY_INVALID_ID, PARLEY_CLOSED. Any thread.
 */
PARLEY_API parley_status parley_stream_show(parley_stream *stream, const char *chat_id, parley_error *ret_error);

/*
 * The user writes a message in this chat now, or has stopped to: call it at each key, the stream says it every three
 * seconds. Nothing comes of it while the stream is not live. PARLEY_INVALID_ID, PARLEY_CLOSED. Any thread.
 */
PARLEY_API parley_status parley_stream_type(parley_stream *stream, const char *chat_id, bool is_typing,
                                            parley_error *ret_error);

/*
 * From now on on_presence tells of these users, and of no others; it stays so over interruptions. Of those whom the own
 * user may not know of it says nothing. PARLEY_INVALID_ID, PARLEY_INVALID_ARGUMENT (more than PARLEY_WATCHED_MAX),
 * PARLEY_CLOSED. Any thread.
 */
PARLEY_API parley_status parley_stream_watch(parley_stream *stream, const char *const *user_ids, size_t count,
                                             parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
