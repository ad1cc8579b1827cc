/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lists of users at one message, in pages by user: who has it, who reacted to it. */
#ifndef PL_MESSAGES_MESSAGE_LIST_H
#define PL_MESSAGES_MESSAGE_LIST_H

#include "page.h"

/* What the request says. */
struct pl_message_list {
    enum pl_page_list list;
    enum pl_statement statement; /* of message $1 for user $2, and what pl_page_put has */
    const char *message_id;
    int32_t page_size;
    const char *page_token;
};

/*
 * Asks for the page; done answers the call with the rows, and gets the struct pl_page as its context. A caller who may
 * not see the message is told MESSAGE_NOT_FOUND, by pl_page_rows. May fail the call at once.
 */
void pl_message_list_ask(struct pl_call *call, const struct pl_message_list *list,
                         void (*done)(struct pl_query *query, void *context));

#endif
