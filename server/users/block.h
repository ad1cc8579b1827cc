/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What BlockUser and UnblockUser have in common. Each is one transaction: under the lock of the user's row it changes
 * the list, what the chat of the two says of it, and what the other one is told of the user there. Whoever creates the
 * chat keeps both users' rows, so it is created before, and found here, or after, and sees the list.
 */
#ifndef PL_USERS_BLOCK_H
#define PL_USERS_BLOCK_H

#include "db/db.h"
#include "delivery/account.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/call.h"

struct pl_block {
    struct pl_call *call;
    struct pl_user_id user_id;
    struct pl_user_id blocked_user_id;
};

/* From a request, for a user whom the caller may act for. NULL: the call has failed. In the call's arena. */
struct pl_block *pl_block_take(struct pl_call *call, const char *user_id, const char *blocked_user_id);
/* A step whose parameters are the chat of the two, the user and the other. */
void pl_block_add_chat_step(struct pl_query *query, const struct pl_block *block, enum pl_statement statement);
/* The user's devices are told, once however often this is called for the same block. */
void pl_block_tell(const struct pl_block *block, enum pl_account_event event, int64_t created_at_us);
/* A row of BLOCK_GET. In the arena. */
Parley__V1__Block *pl_block_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena);

#endif
