/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How a call ends that creates something: one transaction, and an answer that is made of its rows while it is still
 * open. Of an idempotent method with a key, the answer is stored in that transaction (server/idempotency.c), so key,
 * effect and answer are there together or not at all; a handler says no more than .idempotent in its pl_method.
 *
 *   query = pl_effect_query(call, compose, context); pl_query_add(query, …); pl_server_submit(call, query);
 */
#ifndef PL_EFFECT_H
#define PL_EFFECT_H

#include "server.h"

#define PL_REQUEST_HASH_BYTES 32

/* Private to server/effect.c and server/idempotency.c; in the call's arena, and the call's owner. */
struct pl_effect {
    struct pl_call *call;
    void (*compose)(struct pl_query *query, void *context);
    void (*may_be)(void *context, bool is_unsure);
    void *context;
    enum pl_status status; /* what compose decided */
    const uint8_t *reply;  /* packed */
    size_t reply_bytes;
    const char *key; /* NULL: the call has none */
    uint8_t request_hash[PL_REQUEST_HASH_BYTES];
    ProtobufCMessage *request;
    enum pl_status failure; /* of the transaction, while the key is looked up again */
};

/* The call's; made on first use. */
struct pl_effect *pl_effect_of(struct pl_call *call);

/*
 * The call's last query, which ends it: as compose decided, once that is committed; with the key's first answer; or
 * with the failure. compose runs when all its steps have, on a database thread and with the transaction open (see
 * pl_query): it reads the rows and calls exactly one of pl_effect_reply and pl_effect_refuse. Of the call it may use
 * the arena, the method and the principal.
 */
struct pl_query *pl_effect_query(struct pl_call *call, void (*compose)(struct pl_query *query, void *context),
                                 void *context);
/* In compose: the answer, packed now. */
void pl_effect_reply(struct pl_call *call, const ProtobufCMessage *reply);
/* In compose: there was nothing to do it to. Steps that did something are not undone. */
void pl_effect_refuse(struct pl_call *call, enum pl_status status);
/*
 * Before submit: run is called with the query's context on the call's loop and before the answer, when the effect is
 * committed or, is_unsure, may be (OUTCOME_UNKNOWN).
 */
void pl_effect_then(struct pl_call *call, void (*run)(void *context, bool is_unsure));

#endif
