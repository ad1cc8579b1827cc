/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The append transaction: a batch of entries of one shard, in order, in two round trips. The chats'
 * rows are locked first, so what is read afterwards is current, seq has no gaps, and the order of
 * seq is the order of commits.
 */
#ifndef PL_DB_APPEND_H
#define PL_DB_APPEND_H

#include <uthash.h>

#include "db/conn.h"
#include "db/feed.h"

enum pl_verdict {
    PL_VERDICT_OPEN,     /* not tried */
    PL_VERDICT_STORED,   /* a new entry; the message's seq, prev, recipient and time are filled in */
    PL_VERDICT_RESENT,   /* was there; those fields are of the first */
    PL_VERDICT_NEEDLESS, /* a change that has nothing to change */
    PL_VERDICT_REFUSED,  /* status says why */
    PL_VERDICT_NO_CHAT   /* it is to be created for this append */
};

struct pl_head;

struct pl_slot {
    struct pl_append *append;
    enum pl_verdict verdict;
    enum pl_status status; /* of PL_VERDICT_REFUSED */
    bool settled;          /* answered: no longer the writer's */
    bool member;
    int16_t role; /* parley.v1.Role, of a member */
    struct pl_head *head;
    int duplicate;    /* row of the duplicate + 1; 0: none */
    bool reply_shown; /* what it answers is stored, and shown to the sender */
};

/* Who of the two of an individual chat blocks the other, as bits of chats.blocked_by. */
enum { PL_BLOCKED_BY_LOW = 1, PL_BLOCKED_BY_HIGH = 2 };

/* What one who says something is told then: whom they block themselves, or no more than that it is not taken. */
enum pl_status pl_append_blocked(int16_t blocked_by, bool sender_is_low);

/* A chat of the batch. */
struct pl_head {
    struct pl_chat_id chat_id;
    bool found;
    bool stored; /* got a new entry */
    bool resent; /* was sent an entry that it has */
    struct pl_user_id user_low;
    struct pl_user_id user_high;
    int64_t last_seq;
    struct pl_message_id last_message_id;
    int64_t last_at_us;
    int16_t who_may_send; /* parley.v1.Role: this one and those above, whose numbers are lower */
    int32_t message_ttl;  /* seconds; 0: messages stay */
    int16_t blocked_by;   /* PL_BLOCKED_BY_*, of an individual chat */
    UT_hash_handle hh;
};

struct pl_batch {
    struct pl_arena *arena;
    struct pl_conn *conn;
    struct pl_feed *feed;
    struct pl_slot *slots;
    unsigned slot_count;
    bool has_replies;      /* some slot answers a message */
    struct pl_head *heads; /* filled in by pl_append_batch, in the arena */
    unsigned head_count;
    struct pl_head *by_chat; /* the hash table of heads */
    unsigned stored_count;
    int64_t now_us;           /* the database's, after the locks */
    struct pl_change *change; /* of the only slot; NULL: none */
};

/*
 * Runs the transaction. PL_FAILURE_NONE: it is committed and every slot has its verdict. Otherwise
 * nothing is, except with PL_FAILURE_LOST and PL_FAILURE_UNKNOWN: when the commit was sent,
 * the appends it concerns are marked maybe_stored and their chats are the feed's unsettled ones.
 */
enum pl_failure pl_append_batch(struct pl_batch *batch) PL_MUST_CHECK;

#endif
