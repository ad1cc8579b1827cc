/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * One RPC, unary or streaming, as handlers see it. A call lives on one loop; every function here is
 * for that loop's thread and none blocks. A handler ends its call with exactly one of reply and
 * fail (asserted).
 */
#ifndef PL_RPC_CALL_H
#define PL_RPC_CALL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "api/methods.h"
#include "auth/principal.h"
#include "base/arena.h"
#include "base/loop.h"
#include "base/status.h"

struct pl_call;

/* What a streaming method does; each is called on the call's loop. */
struct pl_stream_ops {
    /* The call is admitted; reading starts when this returns. */
    void (*opened)(struct pl_call *call);
    /* A message came; borrowed until return. The next one is not read before this returns. */
    void (*received)(struct pl_call *call, const ProtobufCMessage *message);
    /* The client will send no more. */
    void (*half_closed)(struct pl_call *call);
    /* The write is done; another may start. */
    void (*written)(struct pl_call *call);
    /* Last of all, exactly once, however it ended; the call is gone when this returns. Not called
     * without opened. */
    void (*closed)(struct pl_call *call);
};

/* What a call of a unary method counts as (server/auth/quota.h), before its handler is called. */
enum pl_spends {
    PL_SPENDS_NOTHING, /* or its handler counts */
    PL_SPENDS_MESSAGE, /* one entry, of as many bytes as the request */
    PL_SPENDS_CREATE
};

/* A method of the API, as data. */
struct pl_method {
    const char *path;           /* "/parley.v1.MessageService/SendMessage" */
    uint32_t request_bytes_max; /* of one message; larger is MESSAGE_TOO_LARGE */
    /*
     * Unary methods that create something: with the metadata idempotency-key the effect happens once, and further calls
     * with the key get the first answer; see server/effect.h, which the handler ends with.
     */
    bool idempotent;
    enum pl_spends spends;
    bool has_secret; /* with idempotent: the answer is never stored, a further call is SECRET_ALREADY_ISSUED */
    /* Unary: request is borrowed from the call's arena and lives as long as the call. */
    void (*handle)(struct pl_call *call, const ProtobufCMessage *request);
    /*
     * Streaming methods, and unary ones that rest: those read one message, write one (or none) and finish, and are told
     * when the client is gone meanwhile. handle is then NULL.
     */
    const struct pl_stream_ops *stream;
};

/* ---- what came ---- */
const struct pl_api_method *pl_call_method(const struct pl_call *call);
/* As its pl_method says. */
bool pl_call_has_secret(const struct pl_call *call);
/* As its pl_method says. */
enum pl_spends pl_call_spends(const struct pl_call *call);
/* Of the request of a unary call, packed. */
int64_t pl_call_request_bytes(const struct pl_call *call);
/* The first value of a metadata key (lower case), as a NUL-terminated copy in the arena; NULL when
 * absent. */
const char *pl_call_metadata(struct pl_call *call, const char *key);
/* The context that pl_rpc_open was given. */
void *pl_call_context(const struct pl_call *call);
struct pl_loop *pl_call_loop(const struct pl_call *call);
struct pl_arena *pl_call_arena(struct pl_call *call);
struct pl_principal *pl_call_principal(struct pl_call *call);
/* pl_clock_now_us after which nobody waits; INT64_MAX for none. */
int64_t pl_call_deadline_us(const struct pl_call *call);

/* The object of whoever handles the call; NULL at first. */
void pl_call_set_owner(struct pl_call *call, void *owner);
void *pl_call_owner(const struct pl_call *call);

/* ---- how it ends ---- */
/* Unary. Packs the message now; it may be gone afterwards. */
void pl_call_reply(struct pl_call *call, const ProtobufCMessage *message);
/* Unary. The same with a message of the method's output type that is packed already; copied. */
void pl_call_reply_packed(struct pl_call *call, const void *data, size_t bytes);
/*
 * Unary and streaming. The sentence is for the caller: no secrets, no contents. NULL format: the default sentence. One
 * that says what is wrong with a field of the request begins with its name, which becomes the detail "field" then.
 */
void pl_call_fail(struct pl_call *call, enum pl_status status, const char *format, ...) PL_PRINTF(3, 4);
/* Before fail: a key and value for ErrorInfo.metadata. Copied. At most 8. */
void pl_call_detail(struct pl_call *call, const char *key, const char *value);
/* Before fail: adds google.rpc.RetryInfo. */
void pl_call_retry_after(struct pl_call *call, int delay_ms);

/* Unary, before reply and fail: initial metadata of the answer, at most 2. Both live as long as the call. */
void pl_call_header(struct pl_call *call, const char *key, const char *value);

/* ---- streaming ---- */
/* Starts a write; only when none is in flight. The bytes (one packed message) are copied. */
void pl_call_write(struct pl_call *call, const void *data, size_t bytes);
/* Ends the stream well, after the write in flight. */
void pl_call_finish(struct pl_call *call);

#endif
