/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The messages that were typed in a chat. */
#include "sdk/c/cli/sent_list.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void pl_sent_list_init(struct pl_sent_list *list)
{
    pthread_mutex_init(&list->lock, NULL);
    TAILQ_INIT(&list->items);
    list->waiting = 0;
}

static void forget(struct pl_sent_list *list, struct pl_sent_item *item)
{
    TAILQ_REMOVE(&list->items, item, place);
    free(item->text);
    free(item);
}

void pl_sent_list_fini(struct pl_sent_list *list)
{
    while (!TAILQ_EMPTY(&list->items))
        forget(list, TAILQ_FIRST(&list->items));
    pthread_mutex_destroy(&list->lock);
}

void pl_sent_list_add(struct pl_sent_list *list, const char *message_id, const char *text)
{
    struct pl_sent_item *item = calloc(1, sizeof *item);
    if (item == NULL)
        abort();
    memcpy(item->message_id, message_id, PARLEY_ID_BYTES);
    item->text = strdup(text);
    if (item->text == NULL)
        abort();
    pthread_mutex_lock(&list->lock);
    TAILQ_INSERT_TAIL(&list->items, item, place);
    list->waiting++;
    pthread_mutex_unlock(&list->lock);
}

static struct pl_sent_item *find(struct pl_sent_list *list, const char *message_id)
{
    struct pl_sent_item *item;
    TAILQ_FOREACH (item, &list->items, place)
        if (strcmp(item->message_id, message_id) == 0)
            break;
    return item;
}

void pl_sent_list_remove(struct pl_sent_list *list, const char *message_id)
{
    struct pl_sent_item *item;
    pthread_mutex_lock(&list->lock);
    item = find(list, message_id);
    if (item != NULL) {
        list->waiting--;
        forget(list, item);
    }
    pthread_mutex_unlock(&list->lock);
}

void pl_sent_list_mark_sent(struct pl_sent_list *list, const parley_sent *sent,
                            void (*tell)(void *userdata, const struct pl_sent_item *item), void *userdata)
{
    struct pl_sent_item *item;
    pthread_mutex_lock(&list->lock);
    item = find(list, sent->message_id);
    if (item != NULL) {
        item->seq = sent->seq;
        item->status = PARLEY_MESSAGE_STATUS_SENT;
        list->waiting--;
        tell(userdata, item);
    }
    pthread_mutex_unlock(&list->lock);
}

static parley_message_status status_of(const parley_receipt *receipt, int64_t seq)
{
    if (seq <= receipt->read_seq)
        return PARLEY_MESSAGE_STATUS_READ;
    return seq <= receipt->delivered_seq ? PARLEY_MESSAGE_STATUS_DELIVERED : PARLEY_MESSAGE_STATUS_SENT;
}

/* What an item's status is raised to. */
struct rise {
    const parley_receipt *receipt; /* or */
    const parley_group_receipt *group_receipt;
    void (*tell)(void *userdata, const struct pl_sent_item *item);
    void *userdata;
};

static parley_message_status raised(const struct rise *rise, int64_t seq)
{
    if (rise->receipt != NULL)
        return status_of(rise->receipt, seq);
    bool is_meant = seq >= rise->group_receipt->first_seq && seq <= rise->group_receipt->last_seq;
    return is_meant ? rise->group_receipt->status : PARLEY_MESSAGE_STATUS_SENT;
}

static void mark(struct pl_sent_list *list, const struct rise *rise)
{
    struct pl_sent_item *item;
    struct pl_sent_item *next;
    pthread_mutex_lock(&list->lock);
    for (item = TAILQ_FIRST(&list->items); item != NULL; item = next) {
        next = TAILQ_NEXT(item, place);
        if (item->seq == 0 || raised(rise, item->seq) <= item->status)
            continue;
        item->status = raised(rise, item->seq);
        rise->tell(rise->userdata, item);
        if (item->status == PARLEY_MESSAGE_STATUS_READ)
            forget(list, item);
    }
    pthread_mutex_unlock(&list->lock);
}

void pl_sent_list_mark_seen(struct pl_sent_list *list, const parley_receipt *receipt,
                            void (*tell)(void *userdata, const struct pl_sent_item *item), void *userdata)
{
    mark(list, &(struct rise){.receipt = receipt, .tell = tell, .userdata = userdata});
}

void pl_sent_list_mark_counted(struct pl_sent_list *list, const parley_group_receipt *receipt,
                               void (*tell)(void *userdata, const struct pl_sent_item *item), void *userdata)
{
    mark(list, &(struct rise){.group_receipt = receipt, .tell = tell, .userdata = userdata});
}

unsigned pl_sent_list_waiting(struct pl_sent_list *list)
{
    unsigned waiting;
    pthread_mutex_lock(&list->lock);
    waiting = list->waiting;
    pthread_mutex_unlock(&list->lock);
    return waiting;
}
