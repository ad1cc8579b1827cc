/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "messages/target.h"

#include "server.h"

enum { READ_TARGET = 2 };
enum { COLUMN_SEQ, COLUMN_SENDER, COLUMN_KIND, COLUMN_IS_DELETED, COLUMN_EXPIRES_AT, COLUMN_IS_EXPIRED };

bool pl_target_take_place(struct pl_chat_change *change, const struct pl_query *query, enum pl_entry_kind kind,
                          pl_decide decide)
{
    const struct pl_rows *rows = pl_server_rows(change->call, query, 0, PL_MESSAGE_NOT_FOUND);
    if (rows == NULL)
        return false;
    struct pl_chat_id chat = {pl_rows_uuid(rows, 0, 0)};
    pl_chat_change_init(change, change->call, chat, kind, decide);
    return true;
}

void pl_target_ask(struct pl_chat_change *change)
{
    const struct pl_message *entry = &change->append.message;
    pl_chat_change_ask_chat(change);
    pl_chat_change_ask_role(change);
    pl_assert(change->change.read_count == READ_TARGET);
    struct pl_params *params = pl_change_read(&change->change, PL_STATEMENT_CHANGE_TARGET);
    pl_params_uuid(params, &entry->chat_id.uuid);
    pl_params_uuid(params, &entry->target_message_id.uuid);
}

enum pl_status pl_target_take(struct pl_chat_change *change, struct pl_target *ret_target)
{
    const struct pl_rows *rows = &change->change.reads[READ_TARGET].rows;
    if (pl_rows_count(rows) == 0)
        return PL_MESSAGE_NOT_FOUND;
    if (pl_rows_int(rows, 0, COLUMN_KIND) != PL_ENTRY_MESSAGE)
        return pl_chat_change_refuse(change, PL_FAILED_PRECONDITION, "this entry is no message of a user");
    ret_target->seq = pl_rows_int(rows, 0, COLUMN_SEQ);
    ret_target->sender_id.uuid = pl_rows_uuid(rows, 0, COLUMN_SENDER);
    ret_target->is_deleted = pl_rows_bool(rows, 0, COLUMN_IS_DELETED);
    change->append.message.expires_at_us = pl_rows_time(rows, 0, COLUMN_EXPIRES_AT);
    ret_target->is_expired = pl_rows_bool(rows, 0, COLUMN_IS_EXPIRED);
    return PL_OK;
}
