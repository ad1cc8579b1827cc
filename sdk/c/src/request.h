/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * From what the caller fills in to requests of the wire, checked here as far as bytes are concerned: on a stream, a
 * frame with a bad text would end the whole session. Everything is built in an arena; texts are borrowed from the
 * caller.
 */
#ifndef PL_SDK_REQUEST_H
#define PL_SDK_REQUEST_H

#include <parley/messages.h>
#include <parley/users.h>

#include "base/arena.h"
#include "parley/v1/chat_service.pb-c.h"
#include "parley/v1/message_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

/* message_id is used when the draft has none; it must live as long as *ret_request. */
parley_status pl_request_of_draft(const parley_draft *draft, const char *message_id, struct pl_arena *arena,
                                  Parley__V1__SendMessageRequest **ret_request, parley_error *ret_error);
/* Nothing is checked. */
Parley__V1__NewParticipant **pl_request_participants(const parley_new_participant *from, size_t count,
                                                     struct pl_arena *arena);
parley_status pl_request_of_new_chat(const parley_new_chat *new_chat, struct pl_arena *arena,
                                     Parley__V1__CreateChatRequest **ret_request, parley_error *ret_error);
parley_status pl_request_of_new_user(const parley_new_user *new_user, struct pl_arena *arena,
                                     Parley__V1__CreateUserRequest **ret_request, parley_error *ret_error);

#endif
