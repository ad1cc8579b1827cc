/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Who writes a message at the moment: said by a session, passed on by the chat's record, told by other sessions.
 * Nothing of it is kept, and any of it may be dropped: it is said again every few seconds while it is so.
 *
 * A session passes on one for each chat within PL_TYPING_EVERY_MS, of few chats, so a flood costs a look at a small
 * array. A record tells the sessions of other members that have the chat live, when they are few; in a chat of two only
 * when it knows that neither blocks the other: it asks the database, and knows it for KNOWN_US then, or until a block
 * or its end is told to this node. A session keeps what it is to tell for as long as that is true, and forgets it when
 * the writer's message comes.
 */
#ifndef PL_DELIVERY_TYPING_H
#define PL_DELIVERY_TYPING_H

#include "delivery/chat_record.h"
#include "delivery/session.h"

/* ---- the writer's session; on its loop ---- */
void pl_session_type(struct pl_session *session, const Parley__V1__SetTyping *said);

/* ---- the record; on its shard's loop ---- */
void pl_chat_record_type(struct pl_shard *shard, const struct pl_chat_id *chat, const struct pl_user_id *user,
                         bool is_typing);
/* A block between the two of the chat has begun or ended. */
void pl_chat_record_forget_block(struct pl_shard *shard, const struct pl_chat_id *chat);
bool pl_typing_is_read(const struct chat_record *record);
/* The record ends. */
void pl_typing_free(struct chat_record *record);

/* ---- the other sessions; on their loops ---- */
void pl_session_put_typings(struct pl_session *session, struct pl_buf *frame);
/* An entry of the user came; user NULL: the subscription ends. */
void pl_session_forget_typing(struct pl_subscription *subscription, const struct pl_user_id *user);
void pl_session_drop_typings(struct pl_session *session);

#endif
