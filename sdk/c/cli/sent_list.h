/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The messages that were typed in a chat and how far each has come, so that ticks can be shown beside their words. Any
 * thread.
 */
#ifndef PL_CLI_SENT_LIST_H
#define PL_CLI_SENT_LIST_H

#include <parley/parley.h>
#include <pthread.h>
#include <sys/queue.h>

struct pl_sent_item {
    char message_id[PARLEY_ID_BYTES];
    char *text;
    int64_t seq; /* 0: not on disk yet */
    parley_message_status status;
    TAILQ_ENTRY(pl_sent_item) place;
};
TAILQ_HEAD(pl_sent_items, pl_sent_item);

struct pl_sent_list {
    pthread_mutex_t lock; /* guards items and waiting */
    struct pl_sent_items items;
    unsigned waiting; /* not answered yet */
};

void pl_sent_list_init(struct pl_sent_list *list);
void pl_sent_list_fini(struct pl_sent_list *list);
/* Before the message is given to the stream. Copies. */
void pl_sent_list_add(struct pl_sent_list *list, const char *message_id, const char *text);
/* It was refused, or not taken at all. */
void pl_sent_list_remove(struct pl_sent_list *list, const char *message_id);
/*
 * Calls tell(userdata, item) for each item that a watermark moves on: to SENT by its message_id, to DELIVERED or READ
 * by seq. What was read is forgotten. tell must not call back.
 */
void pl_sent_list_mark_sent(struct pl_sent_list *list, const parley_sent *sent,
                            void (*tell)(void *userdata, const struct pl_sent_item *item), void *userdata);
void pl_sent_list_mark_seen(struct pl_sent_list *list, const parley_receipt *receipt,
                            void (*tell)(void *userdata, const struct pl_sent_item *item), void *userdata);
/* The same with the status that a group's receipt gives. */
void pl_sent_list_mark_counted(struct pl_sent_list *list, const parley_group_receipt *receipt,
                               void (*tell)(void *userdata, const struct pl_sent_item *item), void *userdata);
unsigned pl_sent_list_waiting(struct pl_sent_list *list);

#endif
