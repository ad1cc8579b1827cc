/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What a device says of chats whose heads are not known yet, kept until they are. */
#include <stdlib.h>
#include <sys/param.h>

#include "base/limits.h"
#include "delivery/session.h"

static struct pl_early_cursor *find(struct pl_session *session, const struct pl_chat_id *chat)
{
    struct pl_early_cursor *cursor;
    HASH_FIND(hh, session->early_cursors, chat, sizeof(*chat), cursor);
    return cursor;
}

struct pl_early_cursor *pl_session_early_cursor(struct pl_session *session, const struct pl_chat_id *chat)
{
    struct pl_early_cursor *cursor = find(session, chat);
    if (cursor != NULL || HASH_COUNT(session->early_cursors) == PL_STREAM_CURSORS_MAX)
        return cursor;
    cursor = calloc(1, sizeof(*cursor));
    pl_assert(cursor != NULL);
    cursor->chat_id = *chat;
    HASH_ADD(hh, session->early_cursors, chat_id, sizeof(cursor->chat_id), cursor);
    return cursor;
}

static void forget(struct pl_session *session, struct pl_early_cursor *cursor)
{
    HASH_DEL(session->early_cursors, cursor);
    free(cursor);
}

void pl_session_forget_early_cursor(struct pl_session *session, const struct pl_chat_id *chat)
{
    struct pl_early_cursor *cursor = find(session, chat);
    if (cursor != NULL)
        forget(session, cursor);
}

void pl_session_drop_early_cursors(struct pl_session *session)
{
    struct pl_early_cursor *cursor = session->early_cursors;
    HASH_CLEAR(hh, session->early_cursors); /* frees the table; the cursors stay linked */
    while (cursor != NULL) {
        struct pl_early_cursor *next = cursor->hh.next;
        free(cursor);
        cursor = next;
    }
}

void pl_session_take_early_cursor(struct pl_subscription *subscription)
{
    struct pl_session *session = subscription->session;
    struct pl_early_cursor *cursor = find(session, &subscription->chat_id);
    if (cursor == NULL)
        return;
    int64_t seq = MIN(cursor->seq, subscription->head_seq);
    if (seq > subscription->sent_seq) {
        subscription->sent_seq = seq;
        pl_session_mark_cursor(session, subscription, seq);
    }
    if (cursor->read_seq > 0)
        pl_session_mark_read(session, subscription, MIN(cursor->read_seq, subscription->sent_seq));
    forget(session, cursor);
}

void pl_session_look_up_early_reads(struct pl_session *session)
{
    for (struct pl_early_cursor *cursor = session->early_cursors; cursor != NULL; cursor = cursor->hh.next)
        if (cursor->read_seq > 0)
            pl_session_look_up(session, &cursor->chat_id);
}
