/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A user who is deleted leaves all groups, as if by LeaveChat: one after another, each in a transaction of its own. */
#ifndef PL_CHATS_LEAVE_GROUPS_H
#define PL_CHATS_LEAVE_GROUPS_H

#include "rpc/call.h"

/*
 * On the call's loop. done(call) when no group is left; otherwise the call has failed, and calling again goes on with
 * the groups that remain. Needs the memory of one group at a time; the call's deadline bounds how long it takes.
 */
void pl_leave_groups(struct pl_call *call, struct pl_user_id user, void (*done)(struct pl_call *call));

#endif
