/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The steps of the append transaction: lock the chats, see who is a member and what is there
 * already, number the entries, insert them, move the heads, tell the feed. SQL locks and stores,
 * C decides; append_number.c and append_store.c have the second half.
 */
#include "db/append.h"

#include "db/append_store.h"
#include "db/change.h"

static struct pl_head *find_head(const struct pl_batch *batch, const struct pl_chat_id *chat_id)
{
    struct pl_head *head = NULL;
    HASH_FIND(hh, batch->by_chat, chat_id, sizeof(*chat_id), head);
    return head;
}

static void collect_heads(struct pl_batch *batch)
{
    batch->heads = pl_arena_array(batch->arena, struct pl_head, batch->slot_count);
    batch->head_count = 0;
    batch->by_chat = NULL;
    for (unsigned i = 0; i < batch->slot_count; i++) {
        struct pl_slot *slot = &batch->slots[i];
        slot->head = find_head(batch, &slot->append->message.chat_id);
        if (slot->head != NULL)
            continue;
        slot->head = &batch->heads[batch->head_count++];
        slot->head->chat_id = slot->append->message.chat_id;
        HASH_ADD(hh, batch->by_chat, chat_id, sizeof(struct pl_chat_id), slot->head);
    }
}

static bool send_lock(const struct pl_batch *batch)
{
    struct pl_params params;
    struct pl_array chats;
    pl_params_init(&params, batch->arena);
    pl_array_begin(&chats, &params, PL_ELEMENT_UUID, batch->head_count);
    for (unsigned i = 0; i < batch->head_count; i++)
        pl_array_uuid(&chats, &batch->heads[i].chat_id.uuid);
    pl_array_end(&chats);
    return pl_conn_send(batch->conn, PL_STATEMENT_APPEND_LOCK, &params);
}

/* An array with an element for each slot: the id that of() answers. */
static void put_ids(const struct pl_batch *batch, struct pl_params *params,
                    const struct pl_uuid *(*of)(const struct pl_message *message))
{
    struct pl_array ids;
    pl_array_begin(&ids, params, PL_ELEMENT_UUID, batch->slot_count);
    for (unsigned i = 0; i < batch->slot_count; i++)
        pl_array_uuid(&ids, of(&batch->slots[i].append->message));
    pl_array_end(&ids);
}

static const struct pl_uuid *chat_of(const struct pl_message *message)
{
    return &message->chat_id.uuid;
}

static const struct pl_uuid *sender_of(const struct pl_message *message)
{
    return &message->sender_id.uuid;
}

static const struct pl_uuid *message_id_of(const struct pl_message *message)
{
    return &message->message_id.uuid;
}

static const struct pl_uuid *reply_of(const struct pl_message *message)
{
    return &message->reply_to_message_id.uuid;
}

/* For each slot its chat, and another id. */
static bool send_lookup(const struct pl_batch *batch, enum pl_statement statement,
                        const struct pl_uuid *(*of)(const struct pl_message *message))
{
    struct pl_params params;
    pl_params_init(&params, batch->arena);
    put_ids(batch, &params, chat_of);
    put_ids(batch, &params, of);
    return pl_conn_send(batch->conn, statement, &params);
}

static bool send_replies(const struct pl_batch *batch)
{
    struct pl_params params;
    pl_params_init(&params, batch->arena);
    put_ids(batch, &params, chat_of);
    put_ids(batch, &params, reply_of);
    put_ids(batch, &params, sender_of);
    return pl_conn_send(batch->conn, PL_STATEMENT_APPEND_REPLIES, &params);
}

static void take_locked(struct pl_batch *batch, const struct pl_rows *rows)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_chat_id chat_id = {pl_rows_uuid(rows, row, 0)};
        struct pl_head *head = find_head(batch, &chat_id);
        pl_assert(head != NULL);
        head->found = true;
        head->user_low.uuid = pl_rows_uuid(rows, row, 1);
        head->user_high.uuid = pl_rows_uuid(rows, row, 2);
        head->last_seq = pl_rows_int(rows, row, 3);
        head->last_message_id.uuid = pl_rows_uuid(rows, row, 4);
        head->last_at_us = pl_rows_time(rows, row, 5);
        head->who_may_send = (int16_t)pl_rows_int(rows, row, 6);
        head->message_ttl = (int32_t)pl_rows_int(rows, row, 7);
        head->blocked_by = (int16_t)pl_rows_int(rows, row, 8);
    }
}

static struct pl_slot *slot_at(struct pl_batch *batch, const struct pl_rows *rows, int row)
{
    int64_t ord = pl_rows_int(rows, row, 0);
    pl_assert(ord >= 1 && ord <= batch->slot_count);
    return &batch->slots[ord - 1];
}

static void take_members(struct pl_batch *batch, const struct pl_rows *rows)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        struct pl_slot *slot = slot_at(batch, rows, row);
        slot->member = true;
        slot->role = (int16_t)pl_rows_int(rows, row, 2);
        batch->now_us = pl_rows_time(rows, row, 1);
    }
}

static void take_duplicates(struct pl_batch *batch, const struct pl_rows *rows)
{
    for (int row = 0; row < pl_rows_count(rows); row++)
        slot_at(batch, rows, row)->duplicate = row + 1;
}

static bool send_reads(struct pl_batch *batch)
{
    return send_lock(batch) && send_lookup(batch, PL_STATEMENT_APPEND_MEMBERS, sender_of) &&
           send_lookup(batch, PL_STATEMENT_APPEND_DUPLICATES, message_id_of) &&
           (!batch->has_replies || send_replies(batch)) && (batch->change == NULL || pl_change_send_reads(batch)) &&
           pl_conn_flush_request(batch->conn);
}

static enum pl_failure take_replies(struct pl_batch *batch)
{
    struct pl_rows rows = {0};
    enum pl_failure failure = pl_conn_rows(batch->conn, &rows);
    if (failure != PL_FAILURE_NONE)
        return failure;
    for (int row = 0; row < pl_rows_count(&rows); row++)
        slot_at(batch, &rows, row)->reply_shown = true;
    pl_rows_clear(&rows);
    return PL_FAILURE_NONE;
}

static enum pl_failure take_reads(struct pl_batch *batch, struct pl_rows *duplicates)
{
    struct pl_rows rows = {0};
    enum pl_failure failure = pl_conn_rows(batch->conn, &rows);
    if (failure != PL_FAILURE_NONE)
        return failure;
    take_locked(batch, &rows);
    pl_rows_clear(&rows);
    failure = pl_conn_rows(batch->conn, &rows);
    if (failure != PL_FAILURE_NONE)
        return failure;
    take_members(batch, &rows);
    pl_rows_clear(&rows);
    failure = pl_conn_rows(batch->conn, duplicates);
    if (failure != PL_FAILURE_NONE)
        return failure;
    take_duplicates(batch, duplicates);
    failure = batch->has_replies ? take_replies(batch) : PL_FAILURE_NONE;
    if (failure != PL_FAILURE_NONE)
        return failure;
    return batch->change == NULL ? PL_FAILURE_NONE : pl_change_take_reads(batch);
}

enum pl_failure pl_append_batch(struct pl_batch *batch)
{
    struct pl_rows duplicates = {0};
    batch->has_replies = false;
    for (unsigned i = 0; i < batch->slot_count; i++) {
        batch->slots[i] = (struct pl_slot){.append = batch->slots[i].append};
        batch->has_replies = batch->has_replies || pl_append_is_reply(&batch->slots[i]);
    }
    batch->stored_count = 0;
    batch->change = batch->slots[0].append->change;
    batch->conn->warned = false;
    collect_heads(batch);
    enum pl_failure failure = send_reads(batch) ? take_reads(batch, &duplicates) : PL_FAILURE_LOST;
    if (failure == PL_FAILURE_NONE) {
        pl_append_number(batch, &duplicates);
        failure = pl_append_store(batch);
    } else {
        failure = pl_conn_abandon(batch->conn, failure);
    }
    pl_rows_clear(&duplicates);
    if (batch->change != NULL)
        pl_change_clear(batch->change);
    HASH_CLEAR(hh, batch->by_chat);
    return failure;
}
