/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Who is in a group, as a change finds it and leaves it: read, altered and stored inside decide. A group has exactly
 * one owner while it has members. The longest-serving members come first.
 */
#ifndef PL_CHATS_MEMBERSHIP_H
#define PL_CHATS_MEMBERSHIP_H

#include <uthash.h>

#include "chats/chat_change.h"

struct pl_member {
    UT_hash_handle hh;
    struct pl_user_id user_id;
    int16_t old_role; /* parley.v1.Role; 0: was no member */
    int16_t role;     /* 0: is no member any more */
    bool is_named;    /* by pl_membership_put */
    bool is_user;     /* by pl_membership_take_users */
};

struct pl_membership {
    struct pl_chat_change *change;
    struct pl_chat_state chat;
    struct pl_member *members; /* a hash table, in order */
    int32_t count;             /* after pl_membership_store: how many there are then */
};

/* Adds the reads that pl_membership_begin takes. */
void pl_membership_ask(struct pl_chat_change *change);
/* As pl_chat_change_take_group. On PL_OK pl_membership_end must follow. */
enum pl_status pl_membership_begin(struct pl_membership *membership, struct pl_chat_change *change) PL_MUST_CHECK;
void pl_membership_end(struct pl_membership *membership);

/* NULL for who neither is nor becomes a member. */
struct pl_member *pl_membership_find(const struct pl_membership *membership, const struct pl_user_id *user);
/* A member from now on. role 0: the role that they have, or else member. */
void pl_membership_put(struct pl_membership *membership, const struct pl_user_id *user, int16_t role);
void pl_membership_remove(struct pl_membership *membership, const struct pl_user_id *user);

/* Marks who is a user of the app; rows of CHANGE_USERS. */
void pl_membership_take_users(struct pl_membership *membership, const struct pl_rows *users);

/*
 * Finds the owner, then adds the event and the writes to the change; needless when nobody's place is another.
 * PL_INVALID_ARGUMENT (two owners, or none named instead of the old one), PL_CHAT_FULL.
 */
enum pl_status pl_membership_store(struct pl_membership *membership) PL_MUST_CHECK;
/* The group ends: everybody leaves. */
void pl_membership_store_end(struct pl_membership *membership);

#endif
