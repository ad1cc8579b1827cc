/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* From the messages of the wire to the public structs. Texts stay where they are, in the arena that both live in. */
#ifndef PL_SDK_CONVERT_H
#define PL_SDK_CONVERT_H

#include <parley/apps.h>
#include <parley/messages.h>
#include <parley/stream.h>
#include <parley/users.h>

#include "base/arena.h"
#include "parley/v1/admin_service.pb-c.h"
#include "parley/v1/chat_service.pb-c.h"
#include "parley/v1/message_service.pb-c.h"
#include "parley/v1/presence_service.pb-c.h"
#include "parley/v1/stream_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

/* 0 when it is not set. */
int64_t pl_convert_time_us(const Google__Protobuf__Timestamp *time);
void pl_convert_app(parley_app *ret_app, const Parley__V1__App *app);
/* key may be NULL; secret is not. */
void pl_convert_api_key(parley_api_key *ret_key, const Parley__V1__ApiKey *from, const char *secret);
void pl_convert_user(parley_user *ret_user, const Parley__V1__User *user, struct pl_arena *arena);
void pl_convert_presence(parley_presence *ret_presence, const Parley__V1__Presence *presence);
void pl_convert_device(parley_device *ret_device, const Parley__V1__Device *device);
void pl_convert_token(parley_token *ret_token, const Parley__V1__CreateTokenResponse *response);
void pl_convert_signing_key(parley_signing_key *ret_key, const Parley__V1__SigningKey *key);
void pl_convert_participant(parley_participant *ret_participant, const Parley__V1__Participant *from);
void pl_convert_chat(parley_chat *ret_chat, const Parley__V1__Chat *chat, struct pl_arena *arena);
void pl_convert_chats(parley_chats *ret_chats, const Parley__V1__ListChatsResponse *response, struct pl_arena *arena);
void pl_convert_message(parley_message *ret_message, const Parley__V1__Message *message, struct pl_arena *arena);
void pl_convert_messages(parley_messages *ret_messages, const Parley__V1__ListMessagesResponse *response,
                         struct pl_arena *arena);
void pl_convert_receipt(parley_receipt *ret_receipt, const Parley__V1__Receipt *receipt);
void pl_convert_group_receipt(parley_group_receipt *ret_receipt, const Parley__V1__GroupReceipt *receipt);

#endif
