/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A chat's record, for the files that make it up: on its shard's loop only. See hub.h and chat_record.c. */
#ifndef PL_DELIVERY_CHAT_RECORD_H
#define PL_DELIVERY_CHAT_RECORD_H

#include <uthash.h>

#include "delivery/shard.h"

struct pl_group_receipts;
struct pl_ring;
struct pl_rate;
struct pl_chat_typing;

struct chat_record {
    UT_hash_handle hh;
    struct pl_chat_id chat_id;
    struct pl_shard *shard;
    int64_t tail;
    int64_t wanted_seq; /* the log is known to reach here */
    unsigned listed;
    TAILQ_HEAD(, pl_subscription) subscriptions;
    struct pl_entry **parked; /* PARKED_MAX places while there is a gap, else NULL; by seq, all above tail + 1 */
    unsigned parked_count;
    struct pl_timer gap_timer;
    bool is_reading;
    /* How entries reach the sessions; see fan_out.h. */
    bool is_group;
    bool is_hot;
    unsigned hinted;                    /* sessions that get hints */
    struct pl_rate *rate;               /* of groups; most chats are none, and every byte here is there for each */
    struct pl_ring *ring;               /* of groups that were hot */
    struct pl_group_receipts *receipts; /* of groups, once somebody is to be told; see group_receipts.h */
    struct pl_chat_typing *typing;      /* of chats of two, once somebody has written; see typing.h */
};

/* Something that was under way is over: the record goes when nobody needs it. */
void pl_chat_record_returned(struct chat_record *record);

#endif
