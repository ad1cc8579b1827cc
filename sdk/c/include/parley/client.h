/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A client: one connection to a Parley server with one set of credentials. Its unary calls are in apps.h, users.h,
 * chats.h, messages.h and sync.h, by service; they block until they are answered or their deadline
 * (parley_options_set_timeout_ms) has passed.
 *
 * What is safe to repeat is repeated by the library while the server is away or does not know the outcome, with
 * jittered growing pauses, until the deadline: sending (the message_id is chosen before the first attempt), reading,
 * listing, marking as read. Creating is attempted once.
 */
#ifndef PARLEY_CLIENT_H
#define PARLEY_CLIENT_H

#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct parley_options parley_options;
typedef struct parley_client parley_client;

/*
 * Gives a device token that is good now: writes it with its NUL to ret_token, token_bytes at most, and answers 0. Any
 * other answer: there is none at present; a call then fails with PARLEY_TOKEN_UNAVAILABLE, a stream tries again later.
 *
 * It is called by the thread that needs the token: a stream's own for each attempt to connect and shortly before the
 * token of a running stream ends, and a thread that makes a unary call when the client has no token yet or the server
 * said TOKEN_EXPIRED. Several threads may be in it at once. It may block, and then holds up its thread; it must not use
 * the client that asks.
 */
typedef int (*parley_token_provider)(void *userdata, char *ret_token, size_t token_bytes);

/* ---- options ---- */
/* Texts are copied. One thread at a time. Free with parley_options_free, also after parley_client_new. */
PARLEY_API parley_options *parley_options_new(void);
PARLEY_API void parley_options_free(parley_options *options);
/* host:port, or unix:/path. Default 127.0.0.1:50051. */
PARLEY_API void parley_options_set_endpoint(parley_options *options, const char *endpoint);
/* A device token; sent as authorization: Bearer. NULL takes it back, here and in the next two. */
PARLEY_API void parley_options_set_token(parley_options *options, const char *token);
/*
 * Takes the place of the token: a stream then outlives any single one. userdata is borrowed until the client is freed.
 * NULL takes it back.
 */
PARLEY_API void parley_options_set_token_provider(parley_options *options, parley_token_provider provider,
                                                  void *userdata);
/* An app's API key or the operator's key; sent as x-api-key. */
PARLEY_API void parley_options_set_api_key(parley_options *options, const char *api_key);
/* With an API key: the user for whom the app acts; sent as parley-user. */
PARLEY_API void parley_options_set_acting_user(parley_options *options, const char *user_id);
/* Deadline of a call with all its attempts, 1 to 600,000; default 10,000. */
PARLEY_API void parley_options_set_timeout_ms(parley_options *options, int timeout_ms);
/* Name and version of the program, for the operator's logs; at most 100 bytes are used. */
PARLEY_API void parley_options_set_client_name(parley_options *options, const char *name);

/* ---- the client ---- */
/*
 * Copies the options; connects when it is first used. PARLEY_INVALID_ARGUMENT: the endpoint cannot be understood, or a
 * credential has characters that cannot be sent. Free with parley_client_free.
 */
PARLEY_API parley_status parley_client_new(const parley_options *options, parley_client **ret_client,
                                           parley_error *ret_error);
/* No call may be running and every stream must be closed. NULL is allowed. */
PARLEY_API void parley_client_free(parley_client *client);
/*
 * Connects now. Unlike a call, it gives up at the first failed attempt, so that a program can say at once that nobody
 * is there. PARLEY_UNREACHABLE, also when timeout_ms (0: the client's) is over.
 */
PARLEY_API parley_status parley_client_connect(parley_client *client, int timeout_ms, parley_error *ret_error);

/* The library's version, e.g. "0.1.0". */
PARLEY_API const char *parley_version(void);
/* A new UUID version 7, as messages carry it. Any thread. */
PARLEY_API void parley_id_make(char ret_id[PARLEY_ID_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
