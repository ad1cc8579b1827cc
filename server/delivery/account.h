/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Tells users, in their SELF chats, of the chats that they joined and left. The entries are appended one after another
 * once the membership is committed, and again until they are stored; their ids follow from what they say, so each is
 * there once. When the server ends before, they are missing: what a device gets of its chats does not depend on them.
 */
#ifndef PL_DELIVERY_ACCOUNT_H
#define PL_DELIVERY_ACCOUNT_H

#include "delivery/hub.h"

struct pl_account_news {
    struct pl_app_id app_id;
    struct pl_chat_id chat_id;
    int64_t seq; /* of the entry that did it */
    const struct pl_user_id *joined;
    size_t joined_count;
    const struct pl_user_id *left;
    size_t left_count;
};

/* Copies what it needs. Any thread; never waits. The hub is not empty before all is told or given up. */
void pl_account_tell(struct pl_hub *hub, const struct pl_account_news *news);

#endif
