/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Calls that end with a message as the caller sees it. */
#ifndef PL_MESSAGES_ANSWER_H
#define PL_MESSAGES_ANSWER_H

#include "rpc/call.h"

/* Ends the call with the message and its status, or MESSAGE_NOT_FOUND. */
void pl_message_answer(struct pl_call *call, const struct pl_message_id *message_id);

#endif
