/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Finding out what a client has missed, without a stream: SyncService. */
#ifndef PARLEY_SYNC_H
#define PARLEY_SYNC_H

#include <parley/client.h>
#include <parley/export.h>
#include <parley/messages.h>
#include <parley/status.h>
#include <parley/stream.h>
#include <parley/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ends of a chat's log. */
typedef struct parley_head {
    const char *chat_id;
    int64_t last_seq; /* of its newest entry; 0: there is none */
    int64_t read_seq; /* the caller has read all entries up to here */
    /* What is before is gone, see on_log_start. 1: nothing is; last_seq + 1: everything, and nothing is missed. */
    int64_t first_seq;
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

typedef struct parley_sync_options {
    size_t struct_bytes;
    int wait_seconds;       /* how long the server rests when there is nothing: 0 to 60 */
    const char *sync_token; /* of the page before; NULL or empty at first: all receipts come */
    int page_size;          /* 0: 100; at most 1,000 */
} parley_sync_options;

static inline void parley_sync_options_init(parley_sync_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_bytes = sizeof *options;
}

/* Of what the device has not acknowledged of a chat, everything before first_seq is gone; see on_log_start. */
typedef struct parley_log_start {
    const char *chat_id;
    int64_t first_seq;
} parley_log_start;

/* What the device has not acknowledged yet. */
typedef struct parley_sync_page {
    const parley_message *entries; /* in order within each chat, each chat from its cursor on */
    size_t entry_count;
    const parley_receipt *receipts; /* of those who may have moved since sync_token */
    size_t receipt_count;
    const parley_group_receipt *group_receipts; /* of those that moved during this call */
    size_t group_receipt_count;
    int more;                           /* not 0: there is more behind these entries */
    const char *sync_token;             /* for the next call; empty: keep the one you have */
    const parley_log_start *log_starts; /* with nothing more behind it, acknowledge first_seq - 1 */
    size_t log_start_count;
} parley_sync_page;

/* Any thread; NULL is allowed. */
PARLEY_API void parley_sync_page_free(parley_sync_page *page);

/*
 * What a stream would bring, without one: takes the next page, and rests on the server when there is nothing, beyond
 * the client's timeout. Device token. The same comes again until parley_ack_sync. A newer call of the same device ends
 * an older one with an empty page.
 */
PARLEY_API parley_status parley_sync(parley_client *client, const parley_sync_options *options,
                                     parley_sync_page **ret_page, parley_error *ret_error);

/* The last entry that the device has of a chat. */
typedef struct parley_cursor {
    const char *chat_id;
    int64_t seq;
} parley_cursor;

/*
 * Acknowledges entries up to these; at most 1,000 cursors, all or none. When it has returned they are on disk, and do
 * not come again. Device token. PARLEY_INVALID_ARGUMENT: a seq above what there is; PARLEY_NOT_A_MEMBER.
 */
PARLEY_API parley_status parley_ack_sync(parley_client *client, const parley_cursor *acks, size_t count,
                                         parley_error *ret_error);

#ifdef __cplusplus
}
#endif

#endif
