/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Tells users, in their SELF chats, what happened to their accounts: chats that they joined and left, devices, their
 * profile, whom they block. The entries are appended one after another once what they tell of is committed, and again
 * until they are stored; their ids follow from what they say, so each is there once. When the server ends before, they
 * are missing: what a device gets of its chats does not depend on them.
 */
#ifndef PL_DELIVERY_ACCOUNT_H
#define PL_DELIVERY_ACCOUNT_H

#include "delivery/hub.h"

enum pl_account_event {
    PL_ACCOUNT_CHAT_JOINED,
    PL_ACCOUNT_CHAT_LEFT,
    PL_ACCOUNT_DEVICE_ADDED,
    PL_ACCOUNT_DEVICE_REVOKED,
    PL_ACCOUNT_USER_UPDATED,
    PL_ACCOUNT_USER_BLOCKED,
    PL_ACCOUNT_USER_UNBLOCKED,
    PL_ACCOUNT_MESSAGE_HIDDEN
};

struct pl_account_news {
    struct pl_app_id app_id;
    enum pl_account_event event;
    struct pl_uuid subject; /* the chat, the device or the other user; of USER_UPDATED an id of its own */
    int64_t seq;            /* of the chat's entry that did it; 0: none did. Of a block its time: which one it is */
    /* Nobody knows whether it happened (OUTCOME_UNKNOWN). The first user is looked up: is it so now? If not, nobody is
     * told. Of CHAT_JOINED and DEVICE_ADDED. */
    bool is_unsure;
    const char *const *fields; /* USER_UPDATED: names of fields of User */
    size_t field_count;
    const struct pl_user_id *users; /* to tell */
    size_t count;
};

/* Copies what it needs. Any thread; never waits. The hub is not empty before all is told or given up. */
void pl_account_tell(struct pl_hub *hub, const struct pl_account_news *news);

#endif
