/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The hub's part on one loop, and the two halves of what connects a session to it. Inside server/delivery only.
 *
 * A session and a record talk by a strict exchange: the session posts one operation, the record answers it, and until
 * the answer is back the session posts no other for the same subscription. As entries for a session go the same way as
 * answers, nothing reaches a subscription after the answer to PL_OP_DETACH.
 */
#ifndef PL_DELIVERY_SHARD_H
#define PL_DELIVERY_SHARD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/loop.h"
#include "delivery/entry.h"
#include "delivery/hub.h"

struct pl_session;
struct chat_record;
struct user_record;
struct pl_seen;
struct pl_saving;
struct pl_watch;

struct pl_shard {
    struct pl_hub *hub;
    struct pl_loop *loop;
    struct chat_record *chats;
    struct user_record *users;
    bool draining;
    struct pl_task drain_task;
    /* See session_token.c. */
    TAILQ_HEAD(, pl_session) guarded; /* of the sessions of this loop, in the order of guard_due_us */
    struct pl_timer guard_timer;
    bool is_inquiring; /* the database is asked */
    /* See hello.c. */
    TAILQ_HEAD(, pl_session) wanting_list;
    TAILQ_HEAD(, pl_session) wanting_heads;
    struct pl_task hello_task;
    bool hello_deferred;
    unsigned lists_under_way; /* statements */
    unsigned heads_under_way;
    /* See presence.c. */
    TAILQ_HEAD(, pl_session) heard; /* of the sessions of this loop, in the order of heard_us */
    struct pl_timer silence_timer;
    unsigned online_count;      /* of the users of this shard */
    struct pl_timer seen_timer; /* armed while there are some */
    struct pl_seen *seen;       /* to be stored */
    unsigned seen_count;
    unsigned seen_places;
    struct pl_task save_task;
    bool save_deferred;
    struct pl_saving *saving;   /* the database is asked to store these */
    struct pl_timer save_timer; /* armed after a failure */
    /* See watch.c. */
    TAILQ_HEAD(, pl_watch) due;
    struct pl_task check_task;
    bool check_deferred;
    bool is_checking;
    struct pl_timer check_timer; /* armed after a failure */
};

struct pl_hub {
    struct pl_server *server;
    pthread_mutex_t lock; /* guards session_count */
    pthread_cond_t emptied;
    unsigned session_count;
    unsigned shard_count;
    struct pl_shard shards[];
};

/* A session, or something else that must be over before the hub is empty, begins or is gone. Any thread. */
void pl_hub_count_session(struct pl_hub *hub, int change);

struct pl_shard *pl_hub_chat_shard(struct pl_hub *hub, const struct pl_chat_id *chat);
struct pl_shard *pl_hub_user_shard(struct pl_hub *hub, const struct pl_user_id *user);

/* ---- one session's place in one chat ---- */

enum pl_operation {
    /* Know of the chat from now on: receipts come, and no commit is missed between now and JOIN. Again when the user is
     * a member again. */
    PL_OP_ATTACH,
    PL_OP_JOIN,  /* into the list, if the session has everything up to the tail */
    PL_OP_PAGE,  /* entries from the ring of a group that is or was hot */
    PL_OP_LEAVE, /* out of the list, still attached */
    PL_OP_DETACH /* the end */
};

enum pl_subscription_state {
    PL_SUBSCRIPTION_ATTACHING,
    PL_SUBSCRIPTION_ATTACHED, /* its head is to be read, or is being read */
    PL_SUBSCRIPTION_BEHIND,   /* pages are to be read */
    PL_SUBSCRIPTION_PAGING,   /* the record is asked for a page */
    PL_SUBSCRIPTION_JOINING,
    PL_SUBSCRIPTION_LIVE,
    PL_SUBSCRIPTION_HINTED, /* the chat is hot: it reads on when the device fetches */
    PL_SUBSCRIPTION_LEAVING,
    PL_SUBSCRIPTION_FORMER, /* the user is no member any more, and everything up to then is queued */
    PL_SUBSCRIPTION_DETACHING
};

struct pl_group_count;
struct pl_ring_page;
struct pl_subscription;
TAILQ_HEAD(pl_subscription_queue, pl_subscription);

/* How far a user is. */
struct pl_receipt {
    struct pl_user_id user_id;
    int64_t delivered_seq;
    int64_t read_seq;
    int64_t at_us;
};

/* A device in many chats has many of these, so what is small stands together. */
struct pl_subscription {
    struct pl_session *session;
    struct pl_chat_id chat_id;

    /* The exchange: whoever has it may write. */
    struct pl_task task;
    int64_t seq;               /* JOIN: what the session has; its answer: the tail */
    struct pl_ring_page *page; /* PAGE's answer; NULL: not in the ring */
    enum pl_operation operation;
    unsigned followers; /* every answer but DETACH's: sessions of the chat */
    bool is_live;       /* JOIN's answer */
    bool is_hot;        /* JOIN's answer: not live, hints come */
    bool has_ring;      /* every answer but DETACH's: PAGE may be worth asking */

    /* The session's half; its loop only. */
    bool is_telling;
    bool is_rejoined; /* the user is said to have joined since the head was read */
    bool is_counted;  /* one of those that hello waits for */
    bool is_marking;  /* a read is on its way to disk; what comes meanwhile follows as one */
    bool has_receipt; /* peer is to be told */
    enum pl_subscription_state state;
    unsigned others;                       /* sessions of the chat, as last heard */
    TAILQ_ENTRY(pl_subscription) waiting;  /* for its head, or for a page */
    STAILQ_ENTRY(pl_subscription) telling; /* has receipts or read_ok to tell */
    int64_t queued_seq;                    /* the last entry queued, or had before */
    int64_t sent_seq;                      /* the last entry written to the stream, or had before */
    int64_t acked_seq;
    int64_t joining_seq;  /* what JOIN was asked with */
    int64_t head_seq;     /* the log's end, as last heard */
    int64_t member_seq;   /* the user has been a member since then, unless left_seq says otherwise */
    int64_t advanced_seq; /* to tell; 0 for nothing */
    int64_t first_seq;    /* where the log begins, as the device was told; 0: nothing was said */
    int64_t left_seq;     /* the last entry for a user who is no member after it; 0: a member, as far as read */
    int64_t read_seq;     /* the highest that was said to be read */
    int64_t read_ok_seq;  /* to tell; 0 for nothing */
    /* In a chat of two: how far the other is, as told or to be told. */
    struct pl_receipt peer;
    struct pl_group_count *counts; /* to tell, by seq; at most PL_GROUP_COUNTS_MAX */
    uint16_t counts_count;
    bool is_waiting;

    /* The record's half; the shard's loop only. */
    bool in_list;
    bool is_hinted;
    bool is_former;    /* the user was removed: no receipts */
    bool wants_counts; /* all of them: it has just joined */
    TAILQ_ENTRY(pl_subscription) attached;
    struct chat_record *record;
    int64_t had_seq; /* what it had when it last joined */
};

#define PL_GROUP_COUNTS_MAX 256

/* How far a message in a group has come. */
struct pl_group_count {
    int64_t seq;
    int64_t members_seq; /* the same for messages that went to the same others */
    int32_t recipients;
    int32_t delivered;
    int32_t read;
};

/* ---- a record's side; on the shard's loop ---- */

/* The chat's operations: subscription->task posted to the shard's loop. */
void pl_chat_record_operate(struct pl_task *task);
/* Takes the hold on the entry. */
void pl_chat_record_publish(struct pl_shard *shard, struct pl_entry *entry);
void pl_chat_record_advance(struct pl_shard *shard, const struct pl_chat_id *chat, int64_t last_seq);
void pl_chat_record_tell(struct pl_shard *shard, const struct pl_chat_id *chat, const struct pl_receipt *receipt);

/* session->user_task posted to the shard's loop. */
void pl_user_record_register(struct pl_task *task);
void pl_user_record_unregister(struct pl_task *task);
/* Whether the session counts for its user's being online; those of polls never do. */
void pl_user_record_set_present(struct pl_session *session, bool is_present);
bool pl_user_record_is_online(struct pl_shard *shard, const struct pl_user_id *user);
/* The later of since_us, as the table had it, and when the record last saw the user go. */
int64_t pl_user_record_last_seen_us(struct pl_shard *shard, const struct pl_user_id *user, int64_t since_us);
void pl_user_record_attach(struct pl_watch *watch);
void pl_user_record_detach(struct pl_watch *watch);
/* Who may know of the user may have changed, and of whom the user may. */
void pl_user_record_check_watches(struct pl_shard *shard, const struct pl_user_id *user);
/* All users who are online were seen. */
void pl_user_records_saw(struct pl_shard *shard);
void pl_user_record_joined(struct pl_shard *shard, const struct pl_user_id *user, const struct pl_chat_id *chat);
/* Tells every session to go away. */
void pl_user_records_drain(struct pl_shard *shard);

/* ---- a session's side; on the session's loop ---- */

/* Of guard_timer: asks whether sessions were revoked. */
void pl_shard_inquire(struct pl_timer *timer);
/* subscription->task posted to the session's loop. */
void pl_session_answered(struct pl_task *task);
/* Takes the hold on the entry. */
void pl_session_entry(struct pl_subscription *subscription, struct pl_entry *entry);
void pl_session_receipt(struct pl_subscription *subscription, const struct pl_receipt *receipt);
/* The chat is hot and goes to last_seq; is_last: it is hot no more, or not for this session's user. */
void pl_session_hint(struct pl_subscription *subscription, int64_t last_seq, bool is_last);
/* Of messages of the session's user, by seq. */
void pl_session_counts(struct pl_subscription *subscription, const struct pl_group_count *counts, unsigned count);
/* session->user_task posted to the session's loop, after register and after unregister. */
void pl_session_registered(struct pl_task *task);
void pl_session_unregistered(struct pl_task *task);
void pl_session_joined(struct pl_session *session, const struct pl_chat_id *chat);
/* Says going_away and ends the stream with status. reconnect_after_ms 0: the client is not to come back by itself. */
void pl_session_end(struct pl_session *session, enum pl_status status, int reconnect_after_ms);

#endif
