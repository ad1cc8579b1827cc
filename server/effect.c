/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The transaction of a call that creates something, and how the call ends after it. */
#include "effect.h"

#include "idempotency.h"
#include "rpc/fields.h"

static void compose(struct pl_query *query, void *context)
{
    struct pl_effect *effect = context;
    effect->compose(query, effect->context);
    pl_assert(effect->status != PL_OK || effect->reply != NULL);
    if (effect->status == PL_OK && effect->key != NULL)
        pl_idempotency_put(effect, query);
}

static void on_done(struct pl_query *query, void *context)
{
    struct pl_effect *effect = context;
    bool may_be = query->status == PL_OUTCOME_UNKNOWN || (query->status == PL_OK && effect->status == PL_OK);
    if (may_be && effect->may_be != NULL)
        effect->may_be(effect->context, query->status != PL_OK);
    if (query->status != PL_OK)
        pl_idempotency_settle(effect, query);
    else if (effect->status != PL_OK)
        pl_call_fail(effect->call, effect->status, NULL);
    else
        pl_call_reply_packed(effect->call, effect->reply, effect->reply_bytes);
}

struct pl_effect *pl_effect_of(struct pl_call *call)
{
    struct pl_effect *effect = pl_call_owner(call);
    if (effect == NULL) {
        effect = pl_arena_new(pl_call_arena(call), struct pl_effect);
        effect->call = call;
        pl_call_set_owner(call, effect);
    }
    return effect;
}

struct pl_query *pl_effect_query(struct pl_call *call, void (*handler_compose)(struct pl_query *query, void *context),
                                 void *context)
{
    struct pl_effect *effect = pl_effect_of(call);
    effect->compose = handler_compose;
    effect->context = context;
    struct pl_query *query = pl_server_query(call, on_done, effect);
    query->compose = compose;
    return query;
}

void pl_effect_reply(struct pl_call *call, const ProtobufCMessage *reply)
{
    struct pl_effect *effect = pl_effect_of(call);
    pl_assert(reply->descriptor == pl_call_method(call)->output);
    effect->reply = pl_field_pack(reply, pl_call_arena(call), &effect->reply_bytes);
}

void pl_effect_refuse(struct pl_call *call, enum pl_status status)
{
    pl_effect_of(call)->status = status;
}

void pl_effect_then(struct pl_call *call, void (*run)(void *context, bool is_unsure))
{
    pl_effect_of(call)->may_be = run;
}
