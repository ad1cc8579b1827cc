/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/create_chats.h"

#include <string.h>

#define ARENA_BYTES_MAX ((size_t)1 << 20)

static void put_ids(struct pl_params *params, const struct pl_new_chat *chats, unsigned count, size_t offset)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, count);
    for (unsigned i = 0; i < count; i++)
        pl_array_uuid(&array, (const struct pl_uuid *)((const char *)&chats[i] + offset));
    pl_array_end(&array);
}

static bool send_all(struct pl_conn *conn, const struct pl_new_chat *chats, unsigned count, struct pl_arena *arena)
{
    struct pl_params users;
    struct pl_params pairs;
    struct pl_params rows;
    struct pl_params ids;
    pl_params_init(&users, arena);
    put_ids(&users, chats, count, offsetof(struct pl_new_chat, user_low));
    put_ids(&users, chats, count, offsetof(struct pl_new_chat, user_high));
    pl_params_init(&pairs, arena);
    put_ids(&pairs, chats, count, offsetof(struct pl_new_chat, chat_id));
    put_ids(&pairs, chats, count, offsetof(struct pl_new_chat, user_low));
    put_ids(&pairs, chats, count, offsetof(struct pl_new_chat, user_high));
    pl_params_init(&rows, arena);
    put_ids(&rows, chats, count, offsetof(struct pl_new_chat, chat_id));
    put_ids(&rows, chats, count, offsetof(struct pl_new_chat, app_id));
    put_ids(&rows, chats, count, offsetof(struct pl_new_chat, user_low));
    put_ids(&rows, chats, count, offsetof(struct pl_new_chat, user_high));
    pl_params_init(&ids, arena);
    put_ids(&ids, chats, count, offsetof(struct pl_new_chat, chat_id));
    return pl_conn_send(conn, PL_STATEMENT_CREATE_KEEP, &users) &&
           pl_conn_send(conn, PL_STATEMENT_CREATE_BLOCKED, &pairs) &&
           pl_conn_send(conn, PL_STATEMENT_CREATE_CHATS, &rows) &&
           pl_conn_send(conn, PL_STATEMENT_CREATE_PARTICIPANTS, &ids) &&
           pl_conn_send(conn, PL_STATEMENT_CREATE_USER_CHATS, &ids) && pl_conn_sync(conn);
}

/* What the transaction answered. */
struct outcome {
    struct pl_rows blocked; /* chats whose users block each other, with who blocks: not made */
    struct pl_rows created; /* the ids of the chats that it made */
};

static void clear(struct outcome *outcome)
{
    pl_rows_clear(&outcome->blocked);
    pl_rows_clear(&outcome->created);
}

static enum pl_failure take(struct pl_conn *conn, struct outcome *ret_outcome)
{
    struct pl_rows kept = {0};
    enum pl_failure failure = pl_conn_rows(conn, &kept);
    pl_rows_clear(&kept);
    if (failure == PL_FAILURE_NONE)
        failure = pl_conn_rows(conn, &ret_outcome->blocked);
    if (failure == PL_FAILURE_NONE)
        failure = pl_conn_rows(conn, &ret_outcome->created);
    return failure;
}

static enum pl_failure create(struct pl_conn *conn, const struct pl_new_chat *chats, unsigned count,
                              struct outcome *ret_outcome)
{
    struct pl_arena arena;
    pl_arena_init(&arena, ARENA_BYTES_MAX);
    conn->warned = false;
    bool sent = send_all(conn, chats, count, &arena);
    pl_arena_fini(&arena);
    enum pl_failure failure = sent ? take(conn, ret_outcome) : PL_FAILURE_LOST;
    if (failure == PL_FAILURE_LOST)
        return failure;
    enum pl_failure ended = pl_conn_finish(conn);
    return ended == PL_FAILURE_LOST || failure == PL_FAILURE_NONE ? ended : failure;
}

static void tell_joined(const struct pl_new_chat *chat, const struct pl_db_listener *listener)
{
    listener->joined(listener->context, chat->user_low, chat->chat_id);
    if (!pl_uuid_equal(&chat->user_low.uuid, &chat->user_high.uuid))
        listener->joined(listener->context, chat->user_high, chat->chat_id);
}

static void tell_created(const struct pl_creation *creation, const struct pl_rows *created,
                         const struct pl_db_listener *listener)
{
    for (int row = 0; row < pl_rows_count(created); row++) {
        struct pl_uuid chat_id = pl_rows_uuid(created, row, 0);
        for (unsigned i = 0; i < creation->count; i++)
            if (pl_uuid_equal(&creation->chats[i].chat_id.uuid, &chat_id))
                tell_joined(&creation->chats[i], listener);
    }
}

static void add_chat(struct pl_creation *creation, const struct pl_append *append)
{
    const struct pl_message *message = &append->message;
    for (unsigned i = 0; i < creation->count; i++)
        if (pl_uuid_equal(&creation->chats[i].chat_id.uuid, &message->chat_id.uuid))
            return;
    bool sender_is_low = memcmp(&message->sender_id, &message->recipient_id, sizeof(struct pl_user_id)) <= 0;
    creation->chats[creation->count++] = (struct pl_new_chat){
        .chat_id = message->chat_id,
        .app_id = append->app_id,
        .user_low = sender_is_low ? message->sender_id : message->recipient_id,
        .user_high = sender_is_low ? message->recipient_id : message->sender_id,
    };
}

static void mark_tried(struct pl_batch *batch)
{
    for (unsigned i = 0; i < batch->slot_count; i++)
        if (batch->slots[i].verdict == PL_VERDICT_NO_CHAT)
            batch->slots[i].append->chat_tried = true;
}

static void refuse_chat(struct pl_batch *batch, const struct pl_uuid *chat_id, int16_t blocked_by)
{
    for (unsigned i = 0; i < batch->slot_count; i++) {
        struct pl_slot *slot = &batch->slots[i];
        const struct pl_message *message = &slot->append->message;
        if (slot->verdict != PL_VERDICT_NO_CHAT || !pl_uuid_equal(&message->chat_id.uuid, chat_id))
            continue;
        bool sender_is_low = memcmp(&message->sender_id, &message->recipient_id, sizeof(struct pl_user_id)) <= 0;
        slot->verdict = PL_VERDICT_REFUSED;
        slot->status = blocked_by != 0 ? pl_append_blocked(blocked_by, sender_is_low) : PL_INVALID_ARGUMENT;
    }
}

/* What the transaction came to is told, and what it did not make for a block is refused. */
static void settle(const struct pl_creation *creation, struct pl_batch *batch, const struct outcome *outcome,
                   const struct pl_db_listener *listener)
{
    for (int row = 0; row < pl_rows_count(&outcome->blocked); row++) {
        struct pl_uuid chat_id = pl_rows_uuid(&outcome->blocked, row, 0);
        refuse_chat(batch, &chat_id, (int16_t)pl_rows_int(&outcome->blocked, row, 1));
    }
    tell_created(creation, &outcome->created, listener);
}

/* One of the chats' rows is refused: each in its own transaction, so that it fails alone. */
static enum pl_failure create_each(struct pl_creation *creation, struct pl_batch *batch,
                                   const struct pl_db_listener *listener)
{
    for (unsigned i = 0; i < creation->count; i++) {
        struct outcome outcome = {0};
        enum pl_failure failure = create(batch->conn, &creation->chats[i], 1, &outcome);
        if (failure == PL_FAILURE_NONE)
            settle(creation, batch, &outcome, listener);
        clear(&outcome);
        if (failure == PL_FAILURE_ROW) {
            refuse_chat(batch, &creation->chats[i].chat_id.uuid, 0);
        } else if (failure != PL_FAILURE_NONE) {
            creation->chats[0] = creation->chats[i]; /* what came before it is settled */
            creation->count = 1;
            return failure;
        }
    }
    return PL_FAILURE_NONE;
}

enum pl_failure pl_creation_run(struct pl_creation *creation, struct pl_batch *batch,
                                const struct pl_db_listener *listener)
{
    pl_assert(creation->count == 0);
    for (unsigned i = 0; i < batch->slot_count; i++)
        if (batch->slots[i].verdict == PL_VERDICT_NO_CHAT)
            add_chat(creation, batch->slots[i].append);
    if (creation->count == 0)
        return PL_FAILURE_NONE;
    struct outcome outcome = {0};
    enum pl_failure failure = create(batch->conn, creation->chats, creation->count, &outcome);
    if (failure == PL_FAILURE_NONE)
        settle(creation, batch, &outcome, listener);
    clear(&outcome);
    if (failure == PL_FAILURE_ROW)
        failure = create_each(creation, batch, listener);
    if (failure == PL_FAILURE_NONE)
        mark_tried(batch);
    if (failure != PL_FAILURE_LOST && failure != PL_FAILURE_UNKNOWN)
        creation->count = 0;
    return failure;
}

enum pl_failure pl_creation_recover(struct pl_creation *creation, struct pl_conn *conn,
                                    const struct pl_db_listener *listener)
{
    struct outcome outcome = {0};
    enum pl_failure failure = create(conn, creation->chats, creation->count, &outcome);
    clear(&outcome);
    for (unsigned i = 0; failure == PL_FAILURE_NONE && i < creation->count; i++)
        tell_joined(&creation->chats[i], listener);
    /* Refused rows were refused before, too: nothing of that transaction is there. */
    if (failure == PL_FAILURE_NONE || failure == PL_FAILURE_ROW || failure == PL_FAILURE_BUG)
        creation->count = 0;
    return failure == PL_FAILURE_ROW ? PL_FAILURE_NONE : failure;
}
