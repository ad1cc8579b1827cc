/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * PresenceService.GetPresence: what the caller may know is asked of the database, whether the user is there now of the
 * hub.
 */
#include "delivery/presence.h"
#include "parley/v1/presence_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"
#include "users/service.h"
#include "users/user.h"

enum { COLUMN_IS_SHOWN, COLUMN_LAST_SEEN };

static void get_presence(struct pl_call *call, const ProtobufCMessage *message);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_get_presence = {
    .path = "/parley.v1.PresenceService/GetPresence",
    .request_bytes_max = 1024,
    .handle = get_presence,
};

struct asking {
    struct pl_presence_question question;
    struct pl_call *call;
    int64_t last_seen_us; /* 0: never */
};

static void get_presence(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetPresenceRequest *request = (const Parley__V1__GetPresenceRequest *)message;
    const struct pl_principal *principal = pl_call_principal(call);
    struct asking *asking = pl_arena_new(pl_call_arena(call), struct asking);
    static const struct pl_uuid nobody;
    asking->call = call;
    if (!pl_field_take_uuid(call, "user_id", request->user_id, &asking->question.user_id.uuid))
        return;
    struct pl_query *query = pl_server_query(call, on_found, asking);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_PRESENCE_GET);
    pl_user_put_key(params, call, &asking->question.user_id);
    pl_params_uuid(params, principal->kind == PL_PRINCIPAL_APP ? &nobody : &principal->user_id.uuid);
    pl_server_submit(call, query);
}

static void reply(const struct asking *asking, bool is_online, int64_t last_seen_us)
{
    struct pl_arena *arena = pl_call_arena(asking->call);
    Parley__V1__Presence presence = PARLEY__V1__PRESENCE__INIT;
    presence.user_id = pl_field_uuid(&asking->question.user_id.uuid, arena);
    presence.online = is_online;
    presence.last_seen = is_online ? NULL : pl_field_time(last_seen_us, arena);
    pl_call_reply(asking->call, &presence.base);
}

static void on_answered(struct pl_presence_question *question)
{
    const struct asking *asking = pl_container_of(question, struct asking, question);
    reply(asking, question->is_online, asking->last_seen_us);
}

static void on_found(struct pl_query *query, void *context)
{
    struct asking *asking = context;
    const struct pl_server *server = pl_call_context(asking->call);
    const struct pl_rows *rows = pl_server_rows(asking->call, query, 0, PL_USER_NOT_FOUND);
    if (rows == NULL)
        return;
    if (!pl_rows_bool(rows, 0, COLUMN_IS_SHOWN)) {
        reply(asking, false, 0);
        return;
    }
    asking->last_seen_us = pl_rows_time(rows, 0, COLUMN_LAST_SEEN);
    asking->question.home = &pl_call_loop(asking->call)->mailbox;
    asking->question.done = on_answered;
    pl_hub_ask_presence(server->hub, &asking->question);
}
