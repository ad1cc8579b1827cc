/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * PresenceService.GetPresence: the hub is asked whether the user is there now, then the database what the caller may
 * know. In this order: what is not stored yet is known to the hub, and what the hub no longer knows is stored.
 */
#include <sys/param.h>

#include "delivery/presence.h"
#include "parley/v1/presence_service.pb-c.h"
#include "rpc/fields.h"
#include "server.h"
#include "users/service.h"
#include "users/user.h"

enum { COLUMN_IS_SHOWN, COLUMN_LAST_SEEN };

static void get_presence(struct pl_call *call, const ProtobufCMessage *message);
static void on_answered(struct pl_presence_question *question);
static void on_found(struct pl_query *query, void *context);

const struct pl_method pl_get_presence = {
    .path = "/parley.v1.PresenceService/GetPresence",
    .request_bytes_max = 1024,
    .handle = get_presence,
};

struct asking {
    struct pl_presence_question question;
    struct pl_call *call;
};

static void get_presence(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__GetPresenceRequest *request = (const Parley__V1__GetPresenceRequest *)message;
    const struct pl_server *server = pl_call_context(call);
    struct asking *asking = pl_arena_new(pl_call_arena(call), struct asking);
    asking->call = call;
    if (!pl_field_take_uuid(call, "user_id", request->user_id, &asking->question.user_id.uuid))
        return;
    asking->question.home = &pl_call_loop(call)->mailbox;
    asking->question.done = on_answered;
    pl_hub_ask_presence(server->hub, &asking->question);
}

static void on_answered(struct pl_presence_question *question)
{
    struct asking *asking = pl_container_of(question, struct asking, question);
    const struct pl_principal *principal = pl_call_principal(asking->call);
    static const struct pl_uuid nobody;
    struct pl_query *query = pl_server_query(asking->call, on_found, asking);
    struct pl_params *params = pl_query_add(query, PL_STATEMENT_PRESENCE_GET);
    pl_user_put_key(params, asking->call, &question->user_id);
    pl_params_uuid(params, principal->kind == PL_PRINCIPAL_APP ? &nobody : &principal->user_id.uuid);
    pl_server_submit(asking->call, query);
}

static void on_found(struct pl_query *query, void *context)
{
    const struct asking *asking = context;
    const struct pl_presence_question *question = &asking->question;
    struct pl_arena *arena = pl_call_arena(asking->call);
    const struct pl_rows *rows = pl_server_rows(asking->call, query, 0, PL_USER_NOT_FOUND);
    if (rows == NULL)
        return;
    bool is_shown = pl_rows_bool(rows, 0, COLUMN_IS_SHOWN);
    int64_t stored_us = pl_rows_time(rows, 0, COLUMN_LAST_SEEN);
    Parley__V1__Presence presence = PARLEY__V1__PRESENCE__INIT;
    presence.user_id = pl_field_uuid(&question->user_id.uuid, arena);
    presence.online = is_shown && question->is_online;
    if (is_shown && !question->is_online)
        presence.last_seen = pl_field_time(MAX(stored_us, question->unsaved_us), arena);
    pl_call_reply(asking->call, &presence.base);
}
