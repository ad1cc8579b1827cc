/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* One reading of a block's ids and rows, for every method that takes or answers one. */
#include "users/block.h"

#include "chats/individual.h"
#include "rpc/fields.h"
#include "server.h"
#include "users/user.h"

struct pl_block *pl_block_take(struct pl_call *call, const char *user_id, const char *blocked_user_id)
{
    struct pl_block *block = pl_arena_new(pl_call_arena(call), struct pl_block);
    block->call = call;
    if (!pl_user_parse(call, user_id, &block->user_id))
        return NULL;
    if (!pl_field_take_uuid(call, "blocked_user_id", blocked_user_id, &block->blocked_user_id.uuid))
        return NULL;
    if (pl_uuid_equal(&block->user_id.uuid, &block->blocked_user_id.uuid)) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "blocked_user_id must be another user");
        return NULL;
    }
    return block;
}

void pl_block_add_chat_step(struct pl_query *query, const struct pl_block *block, enum pl_statement statement)
{
    struct pl_params *params = pl_query_add(query, statement);
    struct pl_chat_id chat =
        pl_individual_chat_id(pl_call_principal(block->call)->app_id, block->user_id, block->blocked_user_id);
    pl_params_uuid(params, &chat.uuid);
    pl_params_uuid(params, &block->user_id.uuid);
    pl_params_uuid(params, &block->blocked_user_id.uuid);
}

void pl_block_tell(const struct pl_block *block, enum pl_account_event event, int64_t created_at_us)
{
    const struct pl_server *server = pl_call_context(block->call);
    struct pl_app_id app = pl_call_principal(block->call)->app_id;
    pl_hub_block_changed(server->hub, pl_individual_chat_id(app, block->user_id, block->blocked_user_id));
    pl_hub_audience_changed(server->hub, block->user_id);
    pl_hub_audience_changed(server->hub, block->blocked_user_id);
    pl_account_tell(server->hub, &(struct pl_account_news){
                                     .app_id = app,
                                     .event = event,
                                     .subject = block->blocked_user_id.uuid,
                                     .seq = created_at_us,
                                     .users = &block->user_id,
                                     .count = 1,
                                 });
}

Parley__V1__Block *pl_block_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena)
{
    Parley__V1__Block *block = pl_arena_new(arena, Parley__V1__Block);
    struct pl_uuid blocked = pl_rows_uuid(rows, row, 0);
    parley__v1__block__init(block);
    block->blocked_user_id = pl_field_uuid(&blocked, arena);
    block->created_at = pl_field_time(pl_rows_time(rows, row, 1), arena);
    return block;
}
