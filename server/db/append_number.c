/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Which entries of a batch are new, and their numbers. */
#include <string.h>

#include "db/append_store.h"
#include "db/change.h"

#define US_PER_S INT64_C(1000000)

static bool same_uuid(const struct pl_rows *rows, int row, int column, const struct pl_uuid *uuid)
{
    struct pl_uuid stored = pl_rows_uuid(rows, row, column);
    return pl_uuid_equal(&stored, uuid);
}

static bool same_bytes(const struct pl_rows *rows, int row, int column, const void *data, size_t bytes)
{
    size_t stored_bytes;
    const void *stored = pl_rows_bytes(rows, row, column, &stored_bytes);
    return stored_bytes == bytes && (bytes == 0 || memcmp(stored, data, bytes) == 0);
}

/*
 * Whether the stored row is what this sender sends again. Of a deleted or expired one only the sender is left. A
 * change's bytes follow from what it found the first time; its id is its own. Who reacted to it is not its sender's.
 */
static bool is_resend(const struct pl_append *append, const struct pl_rows *rows, int row)
{
    const struct pl_message *message = &append->message;
    if (!same_uuid(rows, row, 4, &message->sender_id.uuid))
        return false;
    if (pl_rows_bool(rows, row, 5))
        return true;
    if (append->change != NULL && pl_rows_int(rows, row, 6) == message->message_type)
        return true;
    return pl_rows_int(rows, row, 6) == message->message_type &&
           pl_rows_int(rows, row, 7) == (int64_t)message->body_kind &&
           same_bytes(rows, row, 8, message->body, message->body_bytes) &&
           same_uuid(rows, row, 9, &message->media_id.uuid) &&
           same_uuid(rows, row, 10, &message->reply_to_message_id.uuid) &&
           same_bytes(rows, row, 11, message->metadata, message->metadata_bytes) &&
           (pl_rows_int(rows, row, 12) & ~PL_FLAG_REACTED) == message->flags;
}

static void refuse(struct pl_slot *slot, enum pl_status status)
{
    slot->verdict = PL_VERDICT_REFUSED;
    slot->status = status;
}

/* In an individual chat the other user; nil in a group, whose user_low and user_high are nil, and in a SELF chat. */
static struct pl_user_id recipient_of(const struct pl_head *head, const struct pl_message *message)
{
    bool is_low = pl_uuid_equal(&head->user_low.uuid, &message->sender_id.uuid);
    bool is_high = pl_uuid_equal(&head->user_high.uuid, &message->sender_id.uuid);
    if (is_low && is_high)
        return (struct pl_user_id){{{0}}};
    return is_low ? head->user_high : head->user_low;
}

static void recognise(struct pl_slot *slot, const struct pl_rows *rows, int row)
{
    struct pl_message *message = &slot->append->message;
    message->seq = pl_rows_int(rows, row, 1);
    message->prev_message_id.uuid = pl_rows_uuid(rows, row, 2);
    message->created_at_us = pl_rows_time(rows, row, 3);
    message->expires_at_us = pl_rows_time(rows, row, 13);
    message->recipient_id = recipient_of(slot->head, message);
    slot->verdict = PL_VERDICT_RESENT;
    slot->head->resent = true;
}

/* Of what a user says; what an edit or anything else is due to last, its change decides. */
static int64_t expiry(const struct pl_head *head, const struct pl_message *message)
{
    bool is_due = head->message_ttl > 0 && message->entry_kind <= PL_ENTRY_MESSAGE;
    return is_due ? message->created_at_us + head->message_ttl * US_PER_S : 0;
}

/* The place that the message would get. A time never falls as seq rises, even when the database's clock steps back. */
static void place(struct pl_slot *slot, int64_t now_us)
{
    struct pl_message *message = &slot->append->message;
    struct pl_head *head = slot->head;
    if (head->last_at_us < now_us)
        head->last_at_us = now_us;
    message->seq = head->last_seq + 1;
    message->prev_message_id = head->last_message_id;
    message->created_at_us = head->last_at_us;
    message->expires_at_us = expiry(head, message);
    message->recipient_id = recipient_of(head, message);
}

static void number(struct pl_batch *batch, struct pl_slot *slot)
{
    struct pl_head *head = slot->head;
    head->last_seq = slot->append->message.seq;
    head->last_message_id = slot->append->message.message_id;
    head->stored = true;
    slot->verdict = PL_VERDICT_STORED;
    batch->stored_count++;
}

/* What a change decides on is the place that it would get, too. */
static void decide(struct pl_batch *batch, struct pl_slot *slot)
{
    enum pl_status status = pl_change_decide(batch->change, slot->append);
    if (status != PL_OK) {
        refuse(slot, status);
    } else if (batch->change->is_needless) {
        slot->append->message.seq = 0;
        slot->verdict = PL_VERDICT_NEEDLESS;
    } else {
        number(batch, slot);
    }
}

bool pl_append_is_reply(const struct pl_slot *slot)
{
    return !pl_uuid_is_nil(&slot->append->message.reply_to_message_id.uuid);
}

/* The slot of this batch, before this one, that has what this one answers; NULL: none. */
static const struct pl_slot *answered_in_batch(const struct pl_batch *batch, const struct pl_slot *slot)
{
    const struct pl_message *reply = &slot->append->message;
    for (const struct pl_slot *other = batch->slots; other < slot; other++)
        if (other->head == slot->head && other->append->message.entry_kind <= PL_ENTRY_MESSAGE &&
            pl_uuid_equal(&other->append->message.message_id.uuid, &reply->reply_to_message_id.uuid))
            return other;
    return NULL;
}

static bool answers_nothing(const struct pl_batch *batch, const struct pl_slot *slot)
{
    if (!pl_append_is_reply(slot) || slot->reply_shown)
        return false;
    const struct pl_slot *other = answered_in_batch(batch, slot);
    return other == NULL || other->verdict == PL_VERDICT_REFUSED;
}

static void miss_chat(const struct pl_batch *batch, struct pl_slot *slot)
{
    bool is_open = slot->append->change != NULL && slot->append->change->any_sender;
    if (pl_uuid_is_nil(&slot->append->app_id.uuid))
        refuse(slot, is_open ? PL_CHAT_NOT_FOUND : PL_NOT_A_MEMBER);
    else if (slot->append->chat_tried)
        refuse(slot, PL_USER_NOT_FOUND);
    else if (answers_nothing(batch, slot))
        refuse(slot, PL_MESSAGE_NOT_FOUND);
    else
        slot->verdict = PL_VERDICT_NO_CHAT;
}

/* Into a SELF chat, whose two users are one, only the server writes; what changes a chat decides for itself. */
static bool is_closed_to(const struct pl_head *head, const struct pl_append *append)
{
    bool is_self = !pl_uuid_is_nil(&head->user_low.uuid) && pl_uuid_equal(&head->user_low.uuid, &head->user_high.uuid);
    return is_self && append->change == NULL && append->message.entry_kind != PL_ENTRY_ACCOUNT;
}

enum pl_status pl_append_blocked(int16_t blocked_by, bool sender_is_low)
{
    int own = sender_is_low ? PL_BLOCKED_BY_LOW : PL_BLOCKED_BY_HIGH;
    if (blocked_by == 0)
        return PL_OK;
    return (blocked_by & own) != 0 ? PL_RECIPIENT_BLOCKED : PL_RECIPIENT_UNAVAILABLE;
}

/* What is said in a chat, new or anew, is for those whom its settings let send. */
static bool is_said(const struct pl_message *message)
{
    return message->entry_kind <= PL_ENTRY_MESSAGE || message->entry_kind == PL_ENTRY_EDIT;
}

/* Where one of two blocks the other, neither says anything, reacts to what was said or changes the settings. */
static bool is_barred_by_block(const struct pl_message *message)
{
    return is_said(message) || message->entry_kind == PL_ENTRY_SETTINGS || message->entry_kind == PL_ENTRY_REACTION;
}

/* Of members. */
static enum pl_status may_add(const struct pl_slot *slot)
{
    const struct pl_head *head = slot->head;
    const struct pl_message *message = &slot->append->message;
    if (is_said(message) && slot->role > head->who_may_send)
        return PL_PERMISSION_DENIED;
    if (!is_barred_by_block(message))
        return PL_OK;
    return pl_append_blocked(head->blocked_by, pl_uuid_equal(&head->user_low.uuid, &message->sender_id.uuid));
}

void pl_append_number(struct pl_batch *batch, const struct pl_rows *duplicates)
{
    for (unsigned i = 0; i < batch->slot_count; i++) {
        struct pl_slot *slot = &batch->slots[i];
        bool again = slot->duplicate > 0 && is_resend(slot->append, duplicates, slot->duplicate - 1);
        bool may_send = slot->member || (batch->change != NULL && batch->change->any_sender);
        if (!slot->head->found) {
            miss_chat(batch, slot);
        } else if (again) {
            recognise(slot, duplicates, slot->duplicate - 1);
        } else if (!may_send) {
            refuse(slot, PL_NOT_A_MEMBER);
        } else if (is_closed_to(slot->head, slot->append)) {
            refuse(slot, PL_PERMISSION_DENIED);
        } else if (slot->member && may_add(slot) != PL_OK) {
            refuse(slot, may_add(slot));
        } else if (slot->duplicate > 0) {
            refuse(slot, PL_MESSAGE_ID_REUSED);
        } else if (answers_nothing(batch, slot)) {
            refuse(slot, PL_MESSAGE_NOT_FOUND);
        } else {
            place(slot, batch->now_us);
            if (batch->change != NULL)
                decide(batch, slot);
            else
                number(batch, slot);
        }
    }
}
