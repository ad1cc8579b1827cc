/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The message that an edit, a deletion or a reaction is about: found by its id, then read under its chat's lock. */
#ifndef PL_MESSAGES_TARGET_H
#define PL_MESSAGES_TARGET_H

#include "chats/chat_change.h"

struct pl_target {
    int64_t seq;
    struct pl_user_id sender_id;
    bool is_deleted;
    bool is_expired;
};

/*
 * Makes the change one of the chat that a MESSAGE_PLACE* statement found; body and target, which the caller has filled
 * in already, stay. False: the call is failed.
 */
bool pl_target_take_place(struct pl_chat_change *change, const struct pl_query *query, enum pl_entry_kind kind,
                          pl_decide decide) PL_MUST_CHECK;
/* Adds the reads for pl_chat_change_role and pl_target_take. */
void pl_target_ask(struct pl_chat_change *change);
/* In decide. The entry expires with what it is about. PL_FAILED_PRECONDITION: an entry, but no message of a user. */
enum pl_status pl_target_take(struct pl_chat_change *change, struct pl_target *ret_target) PL_MUST_CHECK;

#endif
