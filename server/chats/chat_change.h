/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A unary call that changes a chat: one append with a change, submitted by the call's loop, decided on the writer's
 * thread, answered on the call's loop. A handler's own state embeds it as its first member, in the call's arena.
 */
#ifndef PL_CHATS_CHAT_CHANGE_H
#define PL_CHATS_CHAT_CHANGE_H

#include "db/db.h"
#include "parley/v1/message_service.pb-c.h"
#include "rpc/call.h"

struct pl_chat_change {
    struct pl_change change;
    struct pl_append append;
    struct pl_call *call;
    bool is_backend; /* an API key: may do what an owner may, without being a member */
    /* What decide says with a refusal; in the arena. NULL: the status' own sentence, no detail. */
    const char *sentence;
    const char *user_ids; /* with PL_USER_NOT_FOUND */
    /* Whom the change makes members and whom it does not leave any; in the arena. They are told. */
    const struct pl_user_id *joined;
    size_t joined_count;
    const struct pl_user_id *left;
    size_t left_count;
    void (*stored)(struct pl_chat_change *change); /* on the call's loop, with PL_OK: answers the call */
};

typedef enum pl_status (*pl_decide)(struct pl_change *change, struct pl_append *append);

/* An entry of this kind by the caller, with a new id, whose sender must be a member unless an API key asks. */
void pl_chat_change_init(struct pl_chat_change *change, struct pl_call *call, struct pl_chat_id chat_id,
                         enum pl_entry_kind kind, pl_decide decide);
/* The same of a chat_id in a request. Fails the call and answers false when it is not one. */
bool pl_chat_change_init_named(struct pl_chat_change *change, struct pl_call *call, const char *chat_id,
                               enum pl_entry_kind kind, pl_decide decide) PL_MUST_CHECK;
/* Ends the call when the change is stored or refused. */
void pl_chat_change_submit(struct pl_chat_change *change, void (*stored)(struct pl_chat_change *change));

/* ---- in decide ---- */
struct pl_chat_change *pl_chat_change_of(struct pl_change *change);
/* Sets the sentence and answers the status. */
enum pl_status pl_chat_change_refuse(struct pl_chat_change *change, enum pl_status status, const char *sentence);
/* The entry's body. */
void pl_chat_change_put_event(struct pl_chat_change *change, const Parley__V1__ChatEvent *event);

/* What CHANGE_CHAT found. */
struct pl_chat_state {
    int16_t chat_type; /* parley.v1.ChatType */
    int64_t settings_seq;
    int32_t members_max;                /* of any group of the app */
    Parley__V1__ChatSettings *settings; /* with defaults filled in */
};

/* Adds the read of CHANGE_CHAT, before any other. */
void pl_chat_change_ask_chat(struct pl_chat_change *change);
/* Adds the read of the caller's role, right behind. */
void pl_chat_change_ask_role(struct pl_chat_change *change);
/* parley.v1.Role; the owner's for an API key. */
int16_t pl_chat_change_role(const struct pl_chat_change *change);
/* PL_CHAT_NOT_FOUND, PL_NOT_A_MEMBER (another app's chat, or a deleted one). */
enum pl_status pl_chat_change_take_chat(struct pl_chat_change *change, struct pl_chat_state *ret_state) PL_MUST_CHECK;
/* The same, and PL_FAILED_PRECONDITION (not a group). */
enum pl_status pl_chat_change_take_group(struct pl_chat_change *change, struct pl_chat_state *ret_state) PL_MUST_CHECK;

#endif
