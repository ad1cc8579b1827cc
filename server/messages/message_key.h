/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What makes a send happen once is its message_id, so for sends the metadata idempotency-key is nothing but another way
 * to choose that, for messages that come without one: nothing is stored for it.
 */
#ifndef PL_MESSAGES_MESSAGE_KEY_H
#define PL_MESSAGES_MESSAGE_KEY_H

#include "base/uuid.h"
#include "rpc/call.h"

/* The call's key, NULL when it has none. False when the call has failed. */
bool pl_message_key_take(struct pl_call *call, const char **ret_key);
/* Of a single message: the key itself when it is a UUID, else UUIDv8 of SHA-256(app, user, key). */
struct pl_message_id pl_message_key_id(const char *key, const struct pl_principal *principal);
/* Of the message with this index of a batch: UUIDv8 of SHA-256(app, user, key, NUL, index as 4 bytes, big-endian). */
struct pl_message_id pl_message_key_id_in_batch(const char *key, const struct pl_principal *principal, uint32_t index);

#endif
