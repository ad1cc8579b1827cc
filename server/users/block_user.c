/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UserService.BlockUser. */
#include "base/limits.h"
#include "server.h"
#include "users/block.h"
#include "users/service.h"
#include "users/user.h"

enum { STEP_USER, STEP_BLOCKED, STEP_INSERT, STEP_CHAT, STEP_RECEIPTS, STEP_BLOCK };

static void block_user(struct pl_call *call, const ProtobufCMessage *message);
static void on_blocked(struct pl_query *query, void *context);

const struct pl_method pl_block_user = {
    .path = "/parley.v1.UserService/BlockUser",
    .request_bytes_max = 1024,
    .handle = block_user,
};

static void ask_blocked(struct pl_query *query, const struct pl_block *block)
{
    struct pl_array users;
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_USERS_IN_APP);
    pl_array_begin(&users, params, PL_ELEMENT_UUID, 1);
    pl_array_uuid(&users, &block->blocked_user_id.uuid);
    pl_array_end(&users);
    pl_params_uuid(params, &pl_call_principal(block->call)->app_id.uuid);
}

static void block_user(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__BlockUserRequest *request = (const Parley__V1__BlockUserRequest *)message;
    struct pl_block *block = pl_block_take(call, request->user_id, request->blocked_user_id);
    if (block == NULL)
        return;
    struct pl_query *query = pl_server_query(call, on_blocked, block);
    pl_user_put_key(pl_query_add(query, PL_STATEMENT_USER_LOCK), call, &block->user_id);
    ask_blocked(query, block);
    struct pl_params *insert = pl_query_add(query, PL_STATEMENT_BLOCK_INSERT);
    pl_user_put_key(insert, call, &block->user_id);
    pl_params_uuid(insert, &block->blocked_user_id.uuid);
    pl_params_int32(insert, PL_BLOCKS_MAX);
    pl_block_add_chat_step(query, block, PL_STATEMENT_BLOCK_CHAT);
    pl_block_add_chat_step(query, block, PL_STATEMENT_BLOCK_RECEIPTS);
    struct pl_params *get = pl_query_add(query, PL_STATEMENT_BLOCK_GET);
    pl_params_uuid(get, &block->user_id.uuid);
    pl_params_uuid(get, &block->blocked_user_id.uuid);
    pl_server_submit(call, query);
}

static void refuse(const struct pl_query *query, struct pl_call *call)
{
    bool are_there =
        pl_rows_count(&query->steps[STEP_USER].rows) > 0 && pl_rows_count(&query->steps[STEP_BLOCKED].rows) > 0;
    if (are_there)
        pl_call_fail(call, PL_LIMIT_REACHED, "a user blocks at most %d users; unblock one first", PL_BLOCKS_MAX);
    else
        pl_call_fail(call, PL_USER_NOT_FOUND, NULL);
}

/* Whoever was told OUTCOME_UNKNOWN blocks again, and then the user is told if not before. */
static void on_blocked(struct pl_query *query, void *context)
{
    const struct pl_block *block = context;
    const struct pl_rows *rows = &query->steps[STEP_BLOCK].rows;
    if (query->status != PL_OK) {
        pl_call_fail(block->call, query->status, NULL);
        return;
    }
    /* Of another app's user the list is not looked at. */
    if (pl_rows_count(&query->steps[STEP_USER].rows) == 0 || pl_rows_count(rows) == 0) {
        refuse(query, block->call);
        return;
    }
    pl_block_tell(block, PL_ACCOUNT_USER_BLOCKED, pl_rows_time(rows, 0, 1));
    pl_call_reply(block->call, &pl_block_from_row(rows, 0, pl_call_arena(block->call))->base);
}
