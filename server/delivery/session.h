/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A device's live stream. Everything of a session happens on its call's loop; only the fields of its place in the
 * user's record belong to that record's loop. Inside server/delivery only.
 *
 * A session ends when its call is closed; it is freed when everything that it has out (its registration, its
 * subscriptions, reads, sends, marks) has come back.
 *
 *   session.c        life: hello, registration, end
 *   session_in.c     what the device says: sends, acks, reads
 *   session_out.c    what it is told: one write in flight, the rest gathers
 *   session_token.c  how long it may go on: the token's end, a newer token, revocation
 *   hello.c          which chats, and their heads, read for many sessions together
 *   early_cursor.c   what the device says of chats before their heads are read
 *   subscription.c   one chat's moves: attached, behind, joining, gone
 *   catch_up.c       chats up to their end: whose turn it is
 *   session_page.c   one page of a chat
 *   session_live.c   chats at their end: entries as they come, hints, falling back
 *   presence.c       whether it was heard of lately
 *   watch.c          whom it is told of, whether they are there
 *   typing.c         who writes a message at the moment
 *   poll.c           a call of SyncService.Sync, which is a session that says one thing
 */
#ifndef PL_DELIVERY_SESSION_H
#define PL_DELIVERY_SESSION_H

#include <uthash.h>

#include "base/buf.h"
#include "delivery/shard.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/call.h"

#define PL_SESSION_ACK_INTERVAL_MS 50
#define PL_SESSION_ACK_ENTRIES 64

enum pl_session_state {
    PL_SESSION_OPENED,      /* no hello yet */
    PL_SESSION_REGISTERING, /* the user's record is asked */
    PL_SESSION_RUNNING
};

struct pl_queued_entry {
    STAILQ_ENTRY(pl_queued_entry) next;
    struct pl_subscription *subscription;
    struct pl_entry *entry; /* NULL: the log begins with first_seq */
    int64_t first_seq;
};

/* What the device said of a chat whose head is not known yet: in hello that it has, and later that it was read. */
struct pl_early_cursor {
    UT_hash_handle hh;
    struct pl_chat_id chat_id;
    int64_t seq;
    int64_t read_seq;
};

/* A send that was over a quota, while those behind it wait for its repetition. */
struct pl_refused_send {
    uint64_t request_id;
    struct pl_message_id message_id;
    int64_t until_us; /* 0: there is none */
    int retry_after_ms;
    const char *sentence;
};

struct pl_poll;
struct pl_session_typing;
struct pl_heard_typings;
struct pl_watches;

struct pl_session {
    struct pl_hub *hub;
    struct pl_loop *loop;
    struct pl_call *call; /* NULL when it is closed */
    struct pl_poll *poll; /* of a call of Sync; NULL: a stream. Does not change */
    struct pl_principal principal;
    struct pl_uuid session_id;
    enum pl_session_state state;
    enum pl_session_phase phase; /* as counted */
    enum pl_status end_status;   /* PL_OK while it is not ending */
    bool is_over;                /* the call was told its status */
    bool is_half_closed;         /* the client will say no more: the stream ends well when nothing is left to tell */
    struct pl_timer timer;       /* hello's deadline, then the token's end, then the end's */
    unsigned out_count;          /* what will come back: reads, sends, marks, questions about tokens */
    bool is_registered;          /* or about to be */

    /* The token. */
    bool expiring_told;
    bool is_reauthenticating;
    bool is_guarded;
    int64_t guard_due_us;
    TAILQ_ENTRY(pl_session) guarded;

    /* The user's record. */
    struct pl_task user_task;
    TAILQ_ENTRY(pl_session) of_user; /* the record's loop only */
    bool is_present;                 /* the record's loop only */

    /* See presence.c. */
    bool is_heard;
    bool is_silent; /* it was, but not lately */
    int64_t heard_us;
    TAILQ_ENTRY(pl_session) heard;

    /* Chats. */
    struct pl_subscription **subscriptions; /* by chat_id */
    unsigned subscription_count;
    unsigned subscription_places;
    struct pl_early_cursor *early_cursors;
    TAILQ_ENTRY(pl_session) listing; /* wants its list of chats */
    TAILQ_ENTRY(pl_session) heading; /* wants heads */
    bool wants_heads;
    struct pl_subscription_queue wanting_head;
    struct pl_subscription_queue wanting_page;
    bool is_reading_page;
    unsigned heads_unknown; /* chats whose heads are yet to be read */
    bool has_listed;        /* hello's list of chats is known */
    unsigned not_caught_up; /* of hello's chats, how many have not joined yet */
    bool caught_up_told;

    /* Out. */
    struct pl_task flush_task;
    bool flush_deferred; /* to the end of the turn; the session is not freed before */
    struct pl_task bulk_task;
    bool bulk_deferred; /* likewise, in bulk */
    bool is_writing;
    struct pl_buf replies; /* packed parts of a ServerFrame: welcome, sents, faileds */
    STAILQ_HEAD(, pl_queued_entry) entries;
    size_t entries_bytes;
    STAILQ_HEAD(, pl_subscription) telling;
    unsigned sends_out;       /* with the writer */
    unsigned answers_waiting; /* in replies */
    struct pl_refused_send refused_send;

    /* See typing.c; NULL when there is nothing. */
    struct pl_session_typing *typing;
    struct pl_heard_typings *heard_typings;
    struct pl_watches *watches; /* of presences, see watch.c; NULL when there are none */
};

/* ---- session.c ---- */
/* The call is opened; the first message has 10 s to come. Owns poll. */
struct pl_session *pl_session_open(struct pl_call *call, struct pl_poll *poll);
/* The first message was taken. */
void pl_session_register(struct pl_session *session);
/* As pl_stream_ops has it. */
void pl_session_closed(struct pl_call *call);
/* Counts it where it is now. After each step of its life. */
void pl_session_count(struct pl_session *session);
/* Ends the call, once; sentence NULL: the status' own. Without going_away: the client broke the rules, or was told. */
void pl_session_fail(struct pl_session *session, enum pl_status status, const char *sentence);
/* Ends the call well. */
void pl_session_finish(struct pl_session *session);
/* Something that was out has come back; frees the session when that was the last thing and it is over. */
void pl_session_returned(struct pl_session *session);
/* False when the stream is over or ending: what comes now is for nobody. */
bool pl_session_is_open(const struct pl_session *session);
/* Of its loop. */
struct pl_shard *pl_session_shard(const struct pl_session *session);

/* ---- session_token.c ---- */
/* The timer is the token's from now on, until the session ends. */
void pl_session_arm_token(struct pl_session *session);
/* The timer is due. */
void pl_session_token_due(struct pl_session *session);
void pl_session_reauth(struct pl_session *session, const Parley__V1__Reauth *request);
/* From now on its device, user and signing key are looked after, until unguard, which may come at any time. */
void pl_session_guard(struct pl_session *session);
void pl_session_unguard(struct pl_session *session);

/* ---- session_in.c ---- */
void pl_session_take_frame(struct pl_session *session, const Parley__V1__ClientFrame *frame);
/* The cursor is at least seq now. */
void pl_session_mark_cursor(struct pl_session *session, struct pl_subscription *subscription, int64_t seq);
/* The user has read up to seq, which was sent; read_ok tells when that is on disk. */
void pl_session_mark_read(struct pl_session *session, struct pl_subscription *subscription, int64_t seq);

/* ---- session_out.c ---- */
void pl_session_out_init(struct pl_session *session);
void pl_session_out_fini(struct pl_session *session);
/* A packed message as one element of ServerFrame's field with this tag byte. */
void pl_session_reply(struct pl_session *session, uint8_t tag, const ProtobufCMessage *message);
/* The same into a frame. */
void pl_session_put_element(struct pl_buf *buf, uint8_t tag, const ProtobufCMessage *message);
/* Takes the hold on the entry. */
void pl_session_queue_entry(struct pl_session *session, struct pl_subscription *subscription, struct pl_entry *entry);
/* What is between here and first_seq is gone, but for what is queued next. Once for each first_seq. */
void pl_session_queue_log_start(struct pl_subscription *subscription, int64_t first_seq);
/* No live entry of this size may be queued. An entry larger than the whole queue may when it is alone. */
bool pl_session_is_full(const struct pl_session *session, const struct pl_entry *entry);
/* Room for another page of entries, which may pass the bound by its own size. */
bool pl_session_has_room(const struct pl_session *session);
/* Forgets the entries not written yet; each chat is back at what was sent. */
void pl_session_drop_entries(struct pl_session *session);
void pl_session_tell_later(struct pl_session *session, struct pl_subscription *subscription);
void pl_session_flush_later(struct pl_session *session);
void pl_session_written(struct pl_session *session);
/*
 * For the frame: entries, as many as it has room for, but at most count_max; and the rest of what is to be told.
 * Returns how many sessions the smallest of their chats has, UINT_MAX when there is no entry.
 */
unsigned pl_session_put_entries(struct pl_session *session, struct pl_buf *frame, int64_t count_max);
void pl_session_put_tellings(struct pl_session *session, struct pl_buf *frame);
/* Forgets what waits for this subscription. */
void pl_session_out_forget(struct pl_subscription *subscription);

#define PL_SERVER_FRAME_WELCOME 0x0a
#define PL_SERVER_FRAME_SENTS 0x12
#define PL_SERVER_FRAME_FAILEDS 0x1a
#define PL_SERVER_FRAME_ENTRIES 0x22
#define PL_SERVER_FRAME_RECEIPTS 0x2a
#define PL_SERVER_FRAME_READ_OKS 0x32
#define PL_SERVER_FRAME_CAUGHT_UP 0x38
#define PL_SERVER_FRAME_GOING_AWAY 0x42
#define PL_SERVER_FRAME_TOKEN_EXPIRING 0x4a
#define PL_SERVER_FRAME_GROUP_RECEIPTS 0x52
#define PL_SERVER_FRAME_CHATS_ADVANCED 0x5a
#define PL_SERVER_FRAME_TYPINGS 0x62
#define PL_SERVER_FRAME_PRESENCES 0x6a
#define PL_SERVER_FRAME_LOG_STARTS 0x72
#define PL_SERVER_FRAME_ACK_INTERVAL_MS 0x78

/* ---- poll.c; but for free, of sessions that have one ---- */
void pl_poll_free(struct pl_session *session);
/* At the end of a turn in which something came. */
void pl_poll_flush(struct pl_session *session);
/* The timer is due. */
void pl_poll_due(struct pl_session *session);
/* The session was guarded, and what let it in still stands, as far as is known. */
void pl_poll_vouched(struct pl_session *session);
/* It is to end, with an empty page when that is nobody's fault. */
void pl_poll_end(struct pl_session *session, enum pl_status status);

/* ---- hello.c ---- */
/* Hello's list of chats is read, together with those that other sessions of the loop want. */
void pl_session_list_chats(struct pl_session *session);
/* The heads of chats in wanting_head are read, together with those that other sessions of the loop want. */
void pl_session_read_heads(struct pl_session *session);

/* ---- early_cursor.c ---- */
/* The chat's early cursor, made when there is none; NULL when there are too many. */
struct pl_early_cursor *pl_session_early_cursor(struct pl_session *session, const struct pl_chat_id *chat);
/* What the device said that it has counts as acknowledged, as far as the log goes; so does what it read. */
void pl_session_take_early_cursor(struct pl_subscription *subscription);
/* Of chats that are not in the list, because the user has left them and the device has all of them. */
void pl_session_look_up_early_reads(struct pl_session *session);
void pl_session_forget_early_cursor(struct pl_session *session, const struct pl_chat_id *chat);
void pl_session_drop_early_cursors(struct pl_session *session);

/* ---- subscription.c; more in subscription.h ---- */
/* NULL: there is none. */
struct pl_subscription *pl_session_find(struct pl_session *session, const struct pl_chat_id *chat);
/* One of hello's chats, perhaps not for the first time. The session is open. */
void pl_session_take_chat(struct pl_session *session, const struct pl_chat_id *chat);
/* Takes a chat up that is not among those listed, if the user is or was a member; else nothing comes of it. */
void pl_session_look_up(struct pl_session *session, const struct pl_chat_id *chat);
/* Detaches everything that is not on its way already. */
void pl_session_detach_all(struct pl_session *session);

/* ---- session_page.c ---- */
/* Reads a page of one of the chats that wait for one, if it can be said which; none is under way. */
void pl_session_begin_page(struct pl_session *session);
/* The record has answered PL_OP_PAGE. */
void pl_session_answered_page(struct pl_subscription *subscription);
void pl_session_drop_page(struct pl_subscription *subscription);

/* ---- session_live.c ---- */
/* The record has answered PL_OP_JOIN. */
void pl_session_answered_join(struct pl_subscription *subscription);
/* The device wants what it was told of a hot chat. */
void pl_session_fetch(struct pl_subscription *subscription);

/* ---- catch_up.c ---- */
/* What was read of a chat after it was attached. */
struct pl_head {
    bool was_member; /* the user is, or was once */
    int64_t last_seq;
    int64_t left_seq; /* 0: a member */
    int64_t cursor_seq;
    struct pl_receipt peer; /* user_id nil: there is nothing to tell */
};

/* All of hello's chats were taken. */
void pl_session_listed(struct pl_session *session);
/* The next whose head is to be read; from now on it waits for pl_session_take_head. NULL: there is none. */
struct pl_subscription *pl_session_next_wanting_head(struct pl_session *session);
/* The session is open. */
void pl_session_take_head(struct pl_subscription *subscription, const struct pl_head *head);
/* False when there is nothing to do with the answer; a failed read ends the stream, and the device comes back. */
bool pl_session_read_succeeded(struct pl_session *session, const struct pl_query *query);
/* A read that was out is back, and its answer taken. */
void pl_session_read_returned(struct pl_session *session);
/* The next heads or page to read, if there is one and there is room. */
void pl_session_catch_up(struct pl_session *session);

#endif
