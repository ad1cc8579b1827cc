/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The SELF chat of a user, whose log carries what happens to the account. It is created when it gets its first entry.
 */
#ifndef PL_CHATS_SELF_CHAT_H
#define PL_CHATS_SELF_CHAT_H

#include "base/uuid.h"

/* UUIDv8 of SHA-256("self", app, user), ids as their 16 bytes. */
struct pl_chat_id pl_self_chat_id(struct pl_app_id app, struct pl_user_id user);
/*
 * The id of the entry that tells a user of an event, so that it is there once however often it is appended: UUIDv8 of
 * SHA-256(event, subject, seq as 8 bytes, lowest first, user). The subject is a chat, where seq is the place of the
 * event, or a device, or another user, where seq is a time, or an id that the event has.
 */
struct pl_message_id pl_self_message_id(const char *event, struct pl_uuid subject, int64_t seq, struct pl_user_id user);

#endif
