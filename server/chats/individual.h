/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The id of the one chat of two users follows from theirs, so that finding and creating it cannot race. */
#ifndef PL_CHATS_INDIVIDUAL_H
#define PL_CHATS_INDIVIDUAL_H

#include <stdbool.h>

#include "base/uuid.h"

/* UUIDv8 of SHA-256("1:1", app, lower user, higher user), ids as their 16 bytes. The order of the users does not
 * matter. */
struct pl_chat_id pl_individual_chat_id(struct pl_app_id app, struct pl_user_id one, struct pl_user_id other);
/* Ids of groups are random (version 7); those of individual and SELF chats follow from their users (version 8). */
bool pl_chat_id_is_group(const struct pl_chat_id *chat);

#endif
