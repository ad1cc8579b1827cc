/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Finding out what a client has missed, without a stream: SyncService. */
#ifndef PARLEY_SYNC_H
#define PARLEY_SYNC_H

#include <parley/client.h>
#include <parley/export.h>
#include <parley/status.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The end of a chat's log. */
typedef struct parley_head {
    const char *chat_id;
    int64_t last_seq; /* of its newest entry; 0: there is none */
    int64_t read_seq; /* the caller has read all entries up to here */
} parley_head;

typedef struct parley_heads {
    const parley_head *items; /* in the order of chat_id */
    size_t count;
    const char *next_page_token; /* empty on the last page */
} parley_heads;

/* Any thread; NULL is allowed. */
PARLEY_API void parley_heads_free(parley_heads *heads);

/*
 * The ends of all chats that the caller is a member of now, the user's SELF chat included. page_size 0: 1,000, which is
 * the most. page_token NULL or empty: the first page. Device token, or API key with an acting user. A stream does this
 * by itself.
 */
PARLEY_API parley_status parley_list_heads(parley_client *client, int page_size, const char *page_token,
                                           parley_heads **ret_heads, parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
