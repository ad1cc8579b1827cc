/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The reactions that answers show with their messages. The log is all there is of them: of each user the last entry
 * about a message (see PL_REACTIONS_SEEN in server/db/statements.def). On the loop of the call.
 */
#ifndef PL_MESSAGES_REACTIONS_H
#define PL_MESSAGES_REACTIONS_H

#include "db/db.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/call.h"

/* Whether the message is there and somebody may have reacted to it, so that it is worth asking. */
bool pl_reactions_expected(const struct pl_message *message);
/* Adds the step that counts them, for the caller. chat_id and message_ids are borrowed until this returns. */
void pl_reactions_ask(struct pl_query *query, struct pl_call *call, const struct pl_chat_id *chat_id,
                      const struct pl_message_id *message_ids, size_t count);
/* Puts what that step found into messages of the chat; rows of others are left out. In the arena. */
void pl_reactions_put(const struct pl_rows *rows, Parley__V1__Message *const *messages, size_t count,
                      struct pl_arena *arena);

#endif
