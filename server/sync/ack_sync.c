/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* SyncService.AckSync: the cursors of the calling device, answered when they are on disk. */
#include "base/limits.h"
#include "parley/v1/sync_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"
#include "sync/service.h"

/* Of SESSION_HEADS. */
enum { COLUMN_NUMBER, COLUMN_LAST_SEQ, COLUMN_LEFT_SEQ };

static void ack_sync(struct pl_call *call, const ProtobufCMessage *message);
static void on_heads(struct pl_query *query, void *context);
static void on_marked(struct pl_mark *mark);

const struct pl_method pl_ack_sync = {
    .path = "/parley.v1.SyncService/AckSync",
    .request_bytes_max = 128 << 10,
    .handle = ack_sync,
};

struct acking;

struct ack {
    struct pl_mark mark;
    struct acking *acking;
    int64_t last_seq; /* for this user; -1 for who never was a member */
};

struct acking {
    struct pl_call *call;
    size_t count;
    struct ack *acks;
    size_t unmarked;
    enum pl_status status;
};

static struct acking *read_acks(struct pl_call *call, const Parley__V1__AckSyncRequest *request)
{
    struct acking *acking = pl_arena_new(pl_call_arena(call), struct acking);
    acking->call = call;
    acking->count = request->n_acks;
    acking->acks = pl_arena_array(pl_call_arena(call), struct ack, request->n_acks);
    for (size_t i = 0; i < request->n_acks; i++) {
        struct ack *ack = &acking->acks[i];
        *ack = (struct ack){.acking = acking, .last_seq = -1};
        ack->mark.home = &pl_call_loop(call)->mailbox;
        ack->mark.done = on_marked;
        ack->mark.user_id = pl_call_principal(call)->user_id;
        ack->mark.device_id = pl_call_principal(call)->device_id;
        ack->mark.cursor_seq = request->acks[i]->seq;
        if (pl_uuid_parse(request->acks[i]->chat_id, &ack->mark.chat_id.uuid) != PL_OK) {
            pl_call_fail(call, PL_INVALID_ID, "acks has a chat_id that is not a UUID of 36 characters");
            return NULL;
        }
    }
    return acking;
}

static void put_users(struct pl_params *params, const struct pl_uuid *id, size_t count)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, (unsigned)count);
    for (size_t i = 0; i < count; i++)
        pl_array_uuid(&array, id);
    pl_array_end(&array);
}

static void put_chats(struct pl_params *params, const struct acking *acking)
{
    struct pl_array array;
    pl_array_begin(&array, params, PL_ELEMENT_UUID, (unsigned)acking->count);
    for (size_t i = 0; i < acking->count; i++)
        pl_array_uuid(&array, &acking->acks[i].mark.chat_id.uuid);
    pl_array_end(&array);
}

static void ack_sync(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__AckSyncRequest *request = (const Parley__V1__AckSyncRequest *)message;
    const struct pl_principal *principal = pl_call_principal(call);
    if (request->n_acks > PL_SYNC_ACKS_MAX) {
        pl_call_fail(call, PL_INVALID_ARGUMENT, "acks must be at most 1000");
        return;
    }
    struct acking *acking = read_acks(call, request);
    if (acking == NULL)
        return;
    struct pl_query *query = pl_server_query(call, on_heads, acking);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_SESSION_HEADS);
    put_chats(params, acking);
    put_users(params, &principal->user_id.uuid, acking->count);
    put_users(params, &principal->device_id.uuid, acking->count);
    pl_server_submit(call, query);
}

static void take_heads(struct acking *acking, const struct pl_rows *rows)
{
    for (int row = 0; row < pl_rows_count(rows); row++) {
        int64_t number = pl_rows_int(rows, row, COLUMN_NUMBER);
        pl_assert(number >= 1 && (size_t)number <= acking->count);
        if (pl_rows_null(rows, row, COLUMN_LEFT_SEQ))
            continue;
        int64_t left_seq = pl_rows_int(rows, row, COLUMN_LEFT_SEQ);
        acking->acks[number - 1].last_seq = left_seq != 0 ? left_seq : pl_rows_int(rows, row, COLUMN_LAST_SEQ);
    }
}

/* False when the call has failed. */
static bool check(const struct acking *acking)
{
    for (size_t i = 0; i < acking->count; i++) {
        const struct ack *ack = &acking->acks[i];
        bool is_within = ack->mark.cursor_seq >= 0 && ack->mark.cursor_seq <= ack->last_seq;
        if (ack->last_seq < 0)
            pl_call_fail(acking->call, PL_NOT_A_MEMBER, NULL);
        else if (!is_within)
            pl_call_fail(acking->call, PL_INVALID_ARGUMENT, "acks has a seq that its chat does not have");
        if (!is_within)
            return false;
    }
    return true;
}

static void reply(const struct acking *acking)
{
    Parley__V1__AckSyncResponse response = PARLEY__V1__ACK_SYNC_RESPONSE__INIT;
    if (acking->status != PL_OK)
        pl_call_fail(acking->call, acking->status, NULL);
    else
        pl_call_reply(acking->call, &response.base);
}

static void on_heads(struct pl_query *query, void *context)
{
    struct acking *acking = context;
    struct pl_server *server = pl_call_context(acking->call);
    if (query->status != PL_OK) {
        pl_call_fail(acking->call, query->status, NULL);
        return;
    }
    take_heads(acking, &query->steps[0].rows);
    if (!check(acking))
        return;
    pl_metrics_add(&server->metrics, PL_METRIC_entries_acked_total, (int64_t)acking->count);
    acking->unmarked = acking->count;
    if (acking->count == 0)
        reply(acking);
    for (size_t i = 0, count = acking->count; i < count; i++)
        pl_db_mark(server->db, &acking->acks[i].mark);
}

static void on_marked(struct pl_mark *mark)
{
    struct acking *acking = pl_container_of(mark, struct ack, mark)->acking;
    if (mark->status != PL_OK)
        acking->status = mark->status;
    if (--acking->unmarked == 0)
        reply(acking);
}
