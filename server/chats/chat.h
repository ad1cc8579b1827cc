/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A chat from its rows to parley.v1.Chat. */
#ifndef PL_CHATS_CHAT_H
#define PL_CHATS_CHAT_H

#include "db/db.h"
#include "parley/v1/chat_service.pb-c.h"
#include "rpc/call.h"

#define PL_CHAT_COLUMN_COUNT 13

/* A row of a statement that begins with PL_CHAT_COLUMNS; without participants. Borrows texts from rows. */
Parley__V1__Chat *pl_chat_from_row(const struct pl_rows *rows, int row, struct pl_arena *arena);
/* Rows of CHAT_PARTICIPANTS and PARTICIPANTS_PAGE. */
Parley__V1__Participant *pl_chat_participant_from_row(char *chat_id, const struct pl_rows *rows, int row,
                                                      struct pl_arena *arena);

/* Entries of a request's map, as the column holds them; null for none. */
void pl_chat_put_metadata(struct pl_params *params, const void *entries, size_t count, struct pl_arena *arena);

/*
 * Adds the two steps that pl_chat_reply reads to query; user must be a member.
 */
void pl_chat_ask(struct pl_query *query, const struct pl_chat_id *chat, const struct pl_user_id *user);
/* The same for whoever asks: with an API key any chat of the app. */
void pl_chat_ask_as(struct pl_query *query, const struct pl_chat_id *chat, const struct pl_principal *principal);
/* The chat that the steps from first on read; NULL when user is not a member. */
Parley__V1__Chat *pl_chat_take(struct pl_call *call, const struct pl_query *query, unsigned first);
/* Answers the call with the chat that the steps from first on read, or NOT_A_MEMBER. */
void pl_chat_reply(struct pl_call *call, const struct pl_query *query, unsigned first);

#endif
