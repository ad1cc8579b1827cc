/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: what unary calls and streams have in common. On the call's loop. */
#ifndef PL_RPC_CALL_STATE_H
#define PL_RPC_CALL_STATE_H

#include <sys/queue.h>

#include "rpc/error_details.h"
#include "rpc/inbound.h"
#include "rpc/metadata.h"
#include "rpc/rpc_state.h"

enum { PL_CALL_HEADERS_MAX = 2 };

/* What the two kinds of calls do. After admit, fail and over the call may be gone. */
struct pl_call_kind {
    void (*admit)(struct pl_call *call);
    void (*fail)(struct pl_call *call, enum pl_status status);
    /* Its headers came: it is in the connection's list, and nothing has been answered. */
    void (*began)(struct pl_call *call);
    /* Bytes of messages came; how many of them are done with, and need not count in the client's window any more. */
    size_t (*arrived)(struct pl_call *call, const uint8_t *data, size_t bytes);
    /* The client will send no more. */
    void (*half_closed)(struct pl_call *call);
    /* The message that was on its way is with the kernel. */
    void (*written)(struct pl_call *call);
    /* Its HTTP/2 stream is no more: is_over is set. Exactly once. */
    void (*over)(struct pl_call *call);
};

struct pl_call {
    const struct pl_call_kind *kind;
    const struct pl_served *served;
    struct pl_rpc *rpc;
    struct pl_home *home;
    struct pl_connection *connection; /* lives as long as the call */
    TAILQ_ENTRY(pl_call) link;        /* of the connection's calls, or of those that are over */
    TAILQ_ENTRY(pl_call) handed_link;
    int32_t stream_id;
    struct pl_buf metadata;
    struct pl_arena arena;
    struct pl_principal principal;
    struct pl_error error; /* gathered until fail */
    struct {
        const char *key;
        const char *value;
    } headers[PL_CALL_HEADERS_MAX]; /* of the answer */
    unsigned header_count;
    void *owner; /* of whoever handles the call */
    int64_t started_us;
    int64_t deadline_us;
    struct pl_timer late; /* the deadline; or the patience with a request, or with a client that does not read */
    int64_t bytes_in;
    int64_t bytes_out;
    struct pl_inbound inbound;
    uint8_t *out; /* the message on its way, with its prefix; NULL: none */
    size_t out_bytes;
    size_t out_sent;
    size_t lingered_at;    /* out_sent when late was armed */
    enum pl_status status; /* once it ends */
    bool takes_gzip;
    bool has_started; /* the answer: its headers are on their way */
    bool has_status;  /* it is on its way, too */
    bool ends;        /* the status is decided, and follows the message on its way */
    bool is_whole;    /* the status has left */
    bool is_handed;   /* in the connection's list of these */
    bool is_over;     /* there is no stream any more: what is answered is dropped */
};

/*
 * A call whose headers came, with them; takes the metadata. Counts as living from here until pl_rpc_call_gone. The
 * caller has zeroed it.
 */
void pl_call_init(struct pl_call *call, const struct pl_call_kind *kind, const struct pl_served *served,
                  struct pl_connection *connection, int32_t stream_id, struct pl_buf *metadata);
/* Frees what admission needed (metadata, arena): a stream lives long after it. Nothing of it may be in use. */
void pl_call_forget_admission(struct pl_call *call);
/* Lets go of everything; the call's memory is its owner's. */
void pl_call_fini(struct pl_call *call);
/* What became of a call that was over before its status had left: the deadline passed, or the client went. */
enum pl_status pl_call_cancel_status(const struct pl_call *call);
/* PL_OK, or why calls are refused now: the server drains, or `open` is more than `max`. Prepares RetryInfo. */
enum pl_status pl_call_refusal(struct pl_call *call, int64_t open, int64_t max);
/* Unpacks the inbound message, which is whole, and drops it. PL_MALFORMED_MESSAGE, PL_INVALID_TEXT,
 * PL_MESSAGE_TOO_LARGE (the arena's limit). */
enum pl_status pl_call_unpack(struct pl_call *call, struct pl_arena *arena,
                              ProtobufCMessage **ret_message) PL_MUST_CHECK;
/* One line: event is "call_finished" or "stream_finished". */
void pl_call_log(const struct pl_call *call, const char *event, enum pl_status status);

/* ---- stream.c and unary.c: a call of a method of its kind; zeroed, to be given to pl_call_init ---- */
struct pl_call *pl_stream_new(void);
struct pl_call *pl_unary_new(void);
extern const struct pl_call_kind pl_stream_kind;
extern const struct pl_call_kind pl_unary_kind;

#endif
