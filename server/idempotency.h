/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Calls with the metadata idempotency-key (1 to 255 visible characters). A key belongs to an app and, where there is
 * one, the user that is acting; it stands for one method and one request for 24 hours. The key's row is the last thing
 * that the transaction of the effect writes: of two at once one waits for the other (lock_timeout_ms, 2 s; then
 * IDEMPOTENCY_KEY_IN_USE, for this wait and no other), finds its row, takes its own effect back and answers what the
 * other answered. Failures are not stored: the same call may work later.
 */
#ifndef PL_IDEMPOTENCY_H
#define PL_IDEMPOTENCY_H

#include "effect.h"

/* Whether it may be a key; refuse ends the call that sent another. */
bool pl_idempotency_key_valid(const char *key);
void pl_idempotency_refuse_key(struct pl_call *call);
/* For pl_rpc_options.once. */
void pl_idempotency_handle(struct pl_call *call, const ProtobufCMessage *request);
/* In compose: the steps that store the answer and let some expired keys go. */
void pl_idempotency_put(struct pl_effect *effect, struct pl_query *query);
/* The transaction failed: ends the call with the answer of whoever had the key first, or with the failure. */
void pl_idempotency_settle(struct pl_effect *effect, const struct pl_query *query);

#endif
