/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the public unary calls share. */
#ifndef PL_SDK_CLIENT_CALL_H
#define PL_SDK_CLIENT_CALL_H

#include <parley/client.h>
#include <stdbool.h>

#include "sdk/c/src/channel.h"
#include "sdk/c/src/token.h"

struct parley_client {
    struct pl_channel *channel;
    struct parley_options *options;
    struct pl_token_source tokens;
};

/* Fills in a public struct, or what else the caller gets, from the reply of a call. */
typedef void (*pl_client_convert)(void *ret_result, const ProtobufCMessage *reply, struct pl_arena *arena);

/* A unary call with its attempts, as data. */
struct pl_client_call {
    const char *path; /* static */
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply;
    pl_client_convert convert; /* NULL: the answer says nothing beyond that it was done */
    bool repeatable;           /* a second time changes nothing */
    int rest_ms;               /* how long the server may rest, beside the client's timeout */
};

/* Blocks until the client's timeout at most. The reply is built in the arena. ret_error may be NULL. */
parley_status pl_client_call(parley_client *client, const struct pl_client_call *call, struct pl_arena *arena,
                             ProtobufCMessage **ret_reply, parley_error *ret_error);
/*
 * As pl_client_call, for a result of pl_reply_new, which it takes: the reply is built in its arena and converted.
 * ret_result is where the pointer to the result goes (a T **), or NULL; the result is freed when nobody gets it.
 */
parley_status pl_client_fetch(parley_client *client, const struct pl_client_call *call, void *result, void *ret_result,
                              parley_error *ret_error);
/* As pl_client_call, for a small answer: what is converted goes to *ret_value, or nowhere when that is NULL. */
parley_status pl_client_fetch_value(parley_client *client, const struct pl_client_call *call, void *ret_value,
                                    parley_error *ret_error);
/* A text of a request: never NULL, and borrowed. protobuf-c wants char *, but does not write to it. */
char *pl_request_text(const char *text);

#endif
