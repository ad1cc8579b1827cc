/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The moves of a session's place in one chat, from one state to the next; see pl_subscription_state. On the session's
 * loop, and only while no operation is out. Inside server/delivery only.
 */
#ifndef PL_DELIVERY_SUBSCRIPTION_H
#define PL_DELIVERY_SUBSCRIPTION_H

#include "delivery/shard.h"

/* Posts the operation to the chat's record; in this state until the answer is back (pl_session_answered). */
void pl_subscription_operate(struct pl_subscription *subscription, enum pl_operation operation,
                             enum pl_subscription_state state);
/* At the end of the queue of its state. */
void pl_subscription_wait(struct pl_subscription *subscription);
void pl_subscription_wait_no_more(struct pl_subscription *subscription);
/* Pages are to be read: waits for its turn. */
void pl_subscription_fall_behind(struct pl_subscription *subscription);
/* Reads on from what is queued: is behind, or rests, or joins. */
void pl_subscription_go_on(struct pl_subscription *subscription);
/* All that a former member gets is queued. */
void pl_subscription_rest(struct pl_subscription *subscription);
/* Keeps in mind whether the entry, which is queued next, removes the user or adds them. */
void pl_subscription_note_membership(struct pl_subscription *subscription, const struct pl_entry *entry);
/* One more, or one less of those that caught_up waits for; the latter does nothing when it is none of them. */
void pl_subscription_count_in(struct pl_subscription *subscription);
void pl_subscription_count_caught_up(struct pl_subscription *subscription);
/* Takes it out of all queues; it is gone when the record has answered. */
void pl_subscription_detach(struct pl_subscription *subscription);
/* The record has answered PL_OP_DETACH: frees it, and may free its session. */
void pl_subscription_remove(struct pl_subscription *subscription);

#endif
