/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* ChatService: chats and who is in them. */
#ifndef PL_CHATS_SERVICE_H
#define PL_CHATS_SERVICE_H

#include "rpc/call.h"

extern const struct pl_method pl_create_chat;
extern const struct pl_method pl_get_chat;
extern const struct pl_method pl_list_chats;
extern const struct pl_method pl_update_chat;
extern const struct pl_method pl_delete_chat;
extern const struct pl_method pl_list_participants;
extern const struct pl_method pl_update_participants;
extern const struct pl_method pl_join_chat;
extern const struct pl_method pl_leave_chat;

#endif
