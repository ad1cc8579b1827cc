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

/* A unary call with its attempts, as data. */
struct pl_client_call {
    const char *path; /* static */
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply;
    bool repeatable; /* a second time changes nothing */
};

/* Blocks until the client's timeout at most. The reply is built in the arena. ret_error may be NULL. */
parley_status pl_client_call(parley_client *client, const struct pl_client_call *call, struct pl_arena *arena,
                             ProtobufCMessage **ret_reply, parley_error *ret_error);
/* Fills in a public struct from the reply of a call. */
typedef void (*pl_client_convert)(void *ret_result, const ProtobufCMessage *reply, struct pl_arena *arena);

/*
 * As pl_client_call, for a result of pl_reply_new: the reply is built in its arena and converted. The result is freed
 * when the answer is not PARLEY_OK.
 */
parley_status pl_client_fetch(parley_client *client, const struct pl_client_call *call, void *result,
                              pl_client_convert convert, parley_error *ret_error);
/* As pl_client_call, when the answer says nothing beyond that it was done. */
parley_status pl_client_call_only(parley_client *client, const struct pl_client_call *call, parley_error *ret_error);
/* A text of a request: never NULL, and borrowed. protobuf-c wants char *, but does not write to it. */
char *pl_request_text(const char *text);

#endif
