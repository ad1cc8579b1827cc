/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* MessageService: sending, reading, marking read. */
#ifndef PL_MESSAGES_SERVICE_H
#define PL_MESSAGES_SERVICE_H

#include "rpc/call.h"

extern const struct pl_method pl_send_message;
extern const struct pl_method pl_send_messages;
extern const struct pl_method pl_get_message;
extern const struct pl_method pl_list_messages;
extern const struct pl_method pl_mark_read;
extern const struct pl_method pl_edit_message;
extern const struct pl_method pl_delete_message;
extern const struct pl_method pl_hide_message;
extern const struct pl_method pl_list_receipts;
extern const struct pl_method pl_react_to_message;
extern const struct pl_method pl_list_reactions;

#endif
