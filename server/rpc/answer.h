/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: what a call answers, as gRPC over HTTP/2 has it: headers, messages with their prefix, and the
 * status in trailers. All of it leaves at the end of the turn, and nothing happens when the call is over. On the call's
 * loop.
 */
#ifndef PL_RPC_ANSWER_H
#define PL_RPC_ANSWER_H

#include "rpc/call_state.h"

/* The headers. Once. */
void pl_answer_start(struct pl_call *call);
/*
 * Room for one message, behind the headers, while none is on its way; the caller fills it in before it returns to the
 * loop, and the kind's written follows.
 */
uint8_t *pl_answer_message(struct pl_call *call, size_t bytes) PL_MUST_CHECK;
/* The same of a message that is there; compressed when the client takes that and it becomes shorter. */
void pl_answer_copy(struct pl_call *call, const void *data, size_t bytes);
/* The status, behind the message on its way; without headers before, these too. Then the stream is over. */
void pl_answer_end(struct pl_call *call, enum pl_status status);
/* What the call's timer says: its deadline has passed, its request does not come, or the client does not read the end
 * of the answer. */
void pl_answer_late(struct pl_call *call);
/* The status, before what is on its way, which is dropped (PL_OK then becomes a reset of the stream); the call is over
 * when this returns. */
void pl_answer_cut(struct pl_call *call, enum pl_status status);

#endif
