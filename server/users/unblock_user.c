/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.UnblockUser. */
#include "server.h"
#include "users/block.h"
#include "users/service.h"
#include "users/user.h"

enum { STEP_USER, STEP_DELETE };

static void unblock_user(struct pl_call *call, const ProtobufCMessage *message);
static void on_unblocked(struct pl_query *query, void *context);

const struct pl_method pl_unblock_user = {
    .path = "/parley.v1.UserService/UnblockUser",
    .request_bytes_max = 1024,
    .handle = unblock_user,
};

static void unblock_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__UnblockUserRequest *request = (const Parley__V1__UnblockUserRequest *)message;
    struct pl_block *block = pl_block_take(call, request->user_id, request->blocked_user_id);
    if (block == NULL)
        return;
    struct pl_query *query = pl_server_query(call, on_unblocked, block);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_LOCK), call, &block->user_id);
    struct pl_params *gone = pl_query_add(query, PL_STATEMENT_BLOCK_DELETE);
    pl_user_put_key(gone, call, &block->user_id);
    pl_params_uuid(gone, &block->blocked_user_id.uuid);
    pl_block_add_chat_step(query, block, PL_STATEMENT_BLOCK_CHAT);
    pl_block_add_chat_step(query, block, PL_STATEMENT_UNBLOCK_RECEIPTS);
    pl_server_submit(call, query);
}

static void on_unblocked(struct pl_query *query, void *context)
{
    const struct pl_block *block = context;
    if (pl_server_rows(block->call, query, STEP_USER, PL_USER_NOT_FOUND) == NULL)
        return;
    const struct pl_rows *gone = &query->steps[STEP_DELETE].rows;
    if (pl_rows_count(gone) > 0)
        pl_block_tell(block, PL_ACCOUNT_USER_UNBLOCKED, pl_rows_time(gone, 0, 1));
    Parley__V1__UnblockUserResponse response = PARLEY__V1__UNBLOCK_USER_RESPONSE__INIT;
    pl_call_reply(block->call, &response.base);
}
