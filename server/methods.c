/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A new RPC is a new file and a line here. */
#include "methods.h"

#include "apps/service.h"
#include "chats/service.h"
#include "delivery/connect.h"
#include "messages/service.h"
#include "sync/service.h"
#include "users/service.h"

/* clang-format off */
const struct pl_method *const pl_methods[] = {
    /* AdminService */
    &pl_create_app,
    &pl_get_app,
    &pl_update_app,
    &pl_create_api_key,
    &pl_list_api_keys,
    &pl_rotate_api_key,
    &pl_revoke_api_key,
    &pl_register_signing_key,
    &pl_list_signing_keys,
    &pl_revoke_signing_key,
    /* UserService */
    &pl_create_user,
    &pl_get_user,
    &pl_list_users,
    &pl_update_user,
    &pl_deactivate_user,
    &pl_reactivate_user,
    &pl_delete_user,
    &pl_lookup_users,
    &pl_create_device,
    &pl_list_devices,
    &pl_update_device,
    &pl_revoke_device,
    &pl_block_user,
    &pl_unblock_user,
    &pl_list_blocked_users,
    &pl_create_token,
    /* ChatService */
    &pl_create_chat,
    &pl_get_chat,
    &pl_list_chats,
    &pl_update_chat,
    &pl_delete_chat,
    &pl_list_participants,
    &pl_update_participants,
    &pl_join_chat,
    &pl_leave_chat,
    /* MessageService */
    &pl_send_message,
    &pl_get_message,
    &pl_list_messages,
    &pl_mark_read,
    &pl_edit_message,
    &pl_delete_message,
    &pl_hide_message,
    &pl_list_receipts,
    &pl_react_to_message,
    &pl_list_reactions,
    &pl_send_messages,
    /* PresenceService */
    &pl_get_presence,
    /* SyncService */
    &pl_list_heads,
    &pl_sync,
    &pl_ack_sync,
    /* StreamService */
    &pl_connect,
};
/* clang-format on */

const unsigned pl_method_count = sizeof(pl_methods) / sizeof(pl_methods[0]);
