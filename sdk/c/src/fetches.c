/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Few chats are so busy at a time that looking at all of them costs anything. */
#include "sdk/c/src/fetches.h"

#include <stdlib.h>
#include <uthash.h>

struct pl_fetch_row {
    struct pl_chat_id chat_id;
    int64_t end_seq;
    int64_t asked_seq; /* the end that it was last fetched up to */
    int64_t due_us;
    UT_hash_handle hh;
};

void pl_fetches_init(struct pl_fetches *fetches)
{
    *fetches = (struct pl_fetches){.by_chat = NULL};
}

void pl_fetches_begin_session(struct pl_fetches *fetches)
{
    struct pl_fetch_row *row, *next;
    HASH_ITER (hh, fetches->by_chat, row, next) {
        HASH_DEL(fetches->by_chat, row);
        free(row);
    }
}

static bool is_shown(const struct pl_fetches *fetches, const struct pl_fetch_row *row)
{
    return pl_uuid_equal(&fetches->shown.uuid, &row->chat_id.uuid);
}

static bool is_wanting(const struct pl_fetch_row *row)
{
    return row->asked_seq < row->end_seq;
}

void pl_fetches_put(struct pl_fetches *fetches, const struct pl_cursor *end, int64_t now_us)
{
    struct pl_fetch_row *row;
    HASH_FIND(hh, fetches->by_chat, &end->chat_id, sizeof end->chat_id, row);
    if (row == NULL) {
        row = calloc(1, sizeof *row);
        pl_assert(row != NULL);
        row->chat_id = end->chat_id;
        row->due_us = now_us + PL_FETCHES_WAIT_US;
        HASH_ADD(hh, fetches->by_chat, chat_id, sizeof row->chat_id, row);
    }
    if (row->end_seq < end->seq)
        row->end_seq = end->seq;
}

void pl_fetches_show(struct pl_fetches *fetches, const struct pl_chat_id *chat_id)
{
    fetches->shown = *chat_id;
}

static int64_t due_us(const struct pl_fetches *fetches, const struct pl_fetch_row *row)
{
    return is_shown(fetches, row) ? 0 : row->due_us;
}

size_t pl_fetches_take(struct pl_fetches *fetches, int64_t now_us, struct pl_chat_id *ret_chats, size_t max)
{
    size_t count = 0;
    struct pl_fetch_row *row, *next;
    HASH_ITER (hh, fetches->by_chat, row, next) {
        if (count == max || !is_wanting(row) || due_us(fetches, row) > now_us)
            continue;
        row->asked_seq = row->end_seq;
        row->due_us = now_us + PL_FETCHES_WAIT_US;
        ret_chats[count++] = row->chat_id;
    }
    return count;
}

int64_t pl_fetches_next_due_us(const struct pl_fetches *fetches)
{
    int64_t next_us = INT64_MAX;
    const struct pl_fetch_row *row;
    for (row = fetches->by_chat; row != NULL; row = row->hh.next)
        if (is_wanting(row) && due_us(fetches, row) < next_us)
            next_us = due_us(fetches, row);
    return next_us;
}
