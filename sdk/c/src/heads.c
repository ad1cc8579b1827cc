/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What the server says of the ends of logs, against what the stream has brought. */
#include "sdk/c/src/heads.h"

#include <stdlib.h>
#include <uthash.h>

#include "base/status.h"

struct pl_head_row {
    struct pl_chat_id chat_id;
    int64_t known_seq; /* nothing up to here is missed */
    int64_t late_seq;  /* the end that was above what had come; 0: it was not */
    UT_hash_handle hh;
};

void pl_heads_init(struct pl_heads *heads)
{
    *heads = (struct pl_heads){.by_chat = NULL};
}

void pl_heads_fini(struct pl_heads *heads)
{
    struct pl_head_row *row;
    struct pl_head_row *next;
    HASH_ITER (hh, heads->by_chat, row, next) {
        HASH_DEL(heads->by_chat, row);
        free(row);
    }
}

void pl_heads_forget(struct pl_heads *heads)
{
    pl_heads_fini(heads);
    pl_heads_init(heads);
}

void pl_heads_begin(struct pl_heads *heads)
{
    struct pl_head_row *row;
    for (row = heads->by_chat; row != NULL; row = row->hh.next)
        row->late_seq = 0;
    heads->late_count = 0;
}

static struct pl_head_row *find_or_add(struct pl_heads *heads, const struct pl_chat_id *chat_id)
{
    struct pl_head_row *row = NULL;
    HASH_FIND(hh, heads->by_chat, chat_id, sizeof *chat_id, row);
    if (row != NULL)
        return row;
    row = calloc(1, sizeof *row);
    pl_assert(row != NULL);
    row->chat_id = *chat_id;
    HASH_ADD(hh, heads->by_chat, chat_id, sizeof row->chat_id, row);
    return row;
}

void pl_heads_put(struct pl_heads *heads, const struct pl_cursors *cursors, const struct pl_cursor *head,
                  int64_t first_seq)
{
    struct pl_head_row *row = find_or_add(heads, &head->chat_id);
    int64_t have = pl_cursors_have(cursors, &head->chat_id);
    bool may_be_from_before = !heads->has_checked && have == 0;
    if (row->known_seq < have)
        row->known_seq = have;
    if (row->known_seq >= head->seq || head->seq < first_seq)
        return;
    if (may_be_from_before) {
        row->known_seq = head->seq;
        return;
    }
    row->late_seq = head->seq;
    heads->late_count++;
}

bool pl_heads_end(struct pl_heads *heads)
{
    heads->has_checked = true;
    return heads->late_count > 0;
}

bool pl_heads_still_late(struct pl_heads *heads, const struct pl_cursors *cursors)
{
    struct pl_head_row *row;
    bool is_late = false;
    for (row = heads->by_chat; row != NULL; row = row->hh.next) {
        if (row->late_seq == 0)
            continue;
        is_late = is_late || pl_cursors_have(cursors, &row->chat_id) < row->late_seq;
        row->known_seq = row->late_seq;
        row->late_seq = 0;
    }
    heads->late_count = 0;
    return is_late;
}
