/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The new entries of a batch, column by column, and the heads and the feed that they move. */
#include "db/append_store.h"

#include "db/change.h"

/* One array parameter with an element for each new entry. */
static void put_entries(const struct pl_batch *batch, struct pl_params *params, enum pl_element element,
                        void (*put)(struct pl_array *array, const struct pl_message *message))
{
    struct pl_array array;
    pl_array_begin(&array, params, element, batch->stored_count);
    for (unsigned i = 0; i < batch->slot_count; i++)
        if (batch->slots[i].verdict == PL_VERDICT_STORED)
            put(&array, &batch->slots[i].append->message);
    pl_array_end(&array);
}

static void put_chat_id(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->chat_id.uuid);
}

static void put_seq(struct pl_array *array, const struct pl_message *message)
{
    pl_array_int64(array, message->seq);
}

static void put_message_id(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->message_id.uuid);
}

static void put_prev(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->prev_message_id.uuid);
}

static void put_sender(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->sender_id.uuid);
}

static void put_device(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->sender_device_id.uuid);
}

static void put_type(struct pl_array *array, const struct pl_message *message)
{
    pl_array_int16(array, message->message_type);
}

static void put_body_kind(struct pl_array *array, const struct pl_message *message)
{
    pl_array_int16(array, (int16_t)message->body_kind);
}

static void put_body(struct pl_array *array, const struct pl_message *message)
{
    pl_array_bytes(array, message->body, message->body_bytes);
}

static void put_media(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->media_id.uuid);
}

static void put_reply_to(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->reply_to_message_id.uuid);
}

static void put_metadata(struct pl_array *array, const struct pl_message *message)
{
    pl_array_bytes(array, message->metadata, message->metadata_bytes);
}

static void put_created_at(struct pl_array *array, const struct pl_message *message)
{
    pl_array_time(array, message->created_at_us);
}

static void put_flags(struct pl_array *array, const struct pl_message *message)
{
    pl_array_int16(array, message->flags);
}

static void put_expires_at(struct pl_array *array, const struct pl_message *message)
{
    pl_array_time(array, message->expires_at_us);
}

static void put_entry_kind(struct pl_array *array, const struct pl_message *message)
{
    pl_array_int16(array, (int16_t)(message->entry_kind == 0 ? PL_ENTRY_MESSAGE : message->entry_kind));
}

static void put_target(struct pl_array *array, const struct pl_message *message)
{
    pl_array_uuid(array, &message->target_message_id.uuid);
}

/* Batches of nothing but messages, which is nearly all, do without the columns that messages do not have. */
static bool is_all_messages(const struct pl_batch *batch)
{
    for (unsigned i = 0; i < batch->slot_count; i++)
        if (batch->slots[i].append->message.entry_kind > PL_ENTRY_MESSAGE)
            return false;
    return true;
}

static bool send_entries(const struct pl_batch *batch)
{
    struct pl_params params;
    pl_params_init(&params, batch->arena);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_chat_id);
    put_entries(batch, &params, PL_ELEMENT_INT64, put_seq);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_message_id);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_prev);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_sender);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_device);
    put_entries(batch, &params, PL_ELEMENT_INT16, put_type);
    put_entries(batch, &params, PL_ELEMENT_INT16, put_body_kind);
    put_entries(batch, &params, PL_ELEMENT_BYTES, put_body);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_media);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_reply_to);
    put_entries(batch, &params, PL_ELEMENT_BYTES, put_metadata);
    put_entries(batch, &params, PL_ELEMENT_TIME, put_created_at);
    put_entries(batch, &params, PL_ELEMENT_INT16, put_flags);
    put_entries(batch, &params, PL_ELEMENT_TIME, put_expires_at);
    if (is_all_messages(batch))
        return pl_conn_send(batch->conn, PL_STATEMENT_APPEND_INSERT, &params);
    put_entries(batch, &params, PL_ELEMENT_INT16, put_entry_kind);
    put_entries(batch, &params, PL_ELEMENT_UUID, put_target);
    return pl_conn_send(batch->conn, PL_STATEMENT_APPEND_INSERT_CONTROL, &params);
}

/* The chats that got something, in the order of the batch. */
static struct pl_head **moved_heads(const struct pl_batch *batch, unsigned *ret_count)
{
    struct pl_head **moved = pl_arena_array(batch->arena, struct pl_head *, batch->head_count);
    *ret_count = 0;
    for (unsigned i = 0; i < batch->head_count; i++)
        if (batch->heads[i].stored)
            moved[(*ret_count)++] = &batch->heads[i];
    return moved;
}

static void put_chats(struct pl_params *params, struct pl_head *const *heads, unsigned count)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, count);
    for (unsigned i = 0; i < count; i++)
        pl_array_uuid(&array, &heads[i]->chat_id.uuid);
    pl_array_end(&array);
}

static void put_last_seqs(struct pl_params *params, struct pl_head *const *heads, unsigned count)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_INT64, count);
    for (unsigned i = 0; i < count; i++)
        pl_array_int64(&array, heads[i]->last_seq);
    pl_array_end(&array);
}

static bool send_heads(const struct pl_batch *batch, struct pl_head *const *heads, unsigned count)
{
    struct pl_params params;
    struct pl_array array;
    pl_params_init(&params, batch->arena);
    put_chats(&params, heads, count);
    put_last_seqs(&params, heads, count);
    pl_array_begin(&array, &params, PL_ELEMENT_UUID, count);
    for (unsigned i = 0; i < count; i++)
        pl_array_uuid(&array, &heads[i]->last_message_id.uuid);
    pl_array_end(&array);
    pl_array_begin(&array, &params, PL_ELEMENT_TIME, count);
    for (unsigned i = 0; i < count; i++)
        pl_array_time(&array, heads[i]->last_at_us);
    pl_array_end(&array);
    return pl_conn_send(batch->conn, PL_STATEMENT_APPEND_HEADS, &params);
}

static bool send_feed(const struct pl_batch *batch, struct pl_head *const *heads, unsigned count)
{
    struct pl_params params;
    pl_params_init(&params, batch->arena);
    pl_params_uuid(&params, &batch->feed->writer);
    pl_params_int64(&params, batch->feed->n + 1);
    pl_params_uuid(&params, &heads[0]->chat_id.uuid);
    put_chats(&params, heads, count);
    put_last_seqs(&params, heads, count);
    return pl_conn_send(batch->conn, PL_STATEMENT_APPEND_FEED, &params);
}

static void remember_unsettled(struct pl_batch *batch, struct pl_head *const *heads, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        batch->feed->unsettled[i] = heads[i]->chat_id;
    batch->feed->unsettled_count = count;
    for (unsigned i = 0; i < batch->slot_count; i++)
        if (batch->slots[i].verdict == PL_VERDICT_STORED)
            batch->slots[i].append->maybe_stored = true;
}

enum pl_failure pl_append_store(struct pl_batch *batch)
{
    unsigned moved_count;
    struct pl_head **moved = moved_heads(batch, &moved_count);
    if (moved_count > 0 &&
        (!send_entries(batch) || !send_heads(batch, moved, moved_count) || !send_feed(batch, moved, moved_count)))
        return PL_FAILURE_LOST;
    if (moved_count > 0 && batch->change != NULL && !pl_change_send_writes(batch))
        return PL_FAILURE_LOST;
    enum pl_failure failure = pl_conn_sync(batch->conn) ? pl_conn_finish(batch->conn) : PL_FAILURE_LOST;
    if (failure == PL_FAILURE_LOST || failure == PL_FAILURE_UNKNOWN)
        remember_unsettled(batch, moved, moved_count);
    if (failure == PL_FAILURE_NONE && moved_count > 0)
        batch->feed->n++;
    return failure;
}
