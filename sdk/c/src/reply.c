/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Results that the caller owns, and the public functions that free them. */
#include <parley/parley.h>
#include <stdlib.h>

#include "sdk/c/src/reply.h"

/* A page of 100 messages with the largest bodies stays far below this. */
#define REPLY_BYTES_MAX ((size_t)256 << 20)

struct reply {
    struct pl_arena arena;
    max_align_t object[]; /* the public struct */
};

static struct reply *reply_of(void *object)
{
    return pl_container_of(object, struct reply, object);
}

void *pl_reply_new(size_t struct_bytes)
{
    struct reply *reply = calloc(1, sizeof *reply + struct_bytes);
    pl_assert(reply != NULL);
    pl_arena_init(&reply->arena, REPLY_BYTES_MAX);
    return reply->object;
}

struct pl_arena *pl_reply_arena(void *reply)
{
    return &reply_of(reply)->arena;
}

void pl_reply_free(void *reply)
{
    if (reply == NULL)
        return;
    pl_arena_fini(&reply_of(reply)->arena);
    free(reply_of(reply));
}

/* The text lies in the reply's own arena, so it may be written to. */
static void wipe(const char *secret)
{
    if (secret != NULL)
        explicit_bzero((void *)(uintptr_t)secret, strlen(secret));
}

void parley_app_free(parley_app *app)
{
    pl_reply_free(app);
}

void parley_api_key_free(parley_api_key *key)
{
    if (key != NULL)
        wipe(key->secret);
    pl_reply_free(key);
}

void parley_api_keys_free(parley_api_keys *keys)
{
    pl_reply_free(keys);
}

void parley_signing_key_free(parley_signing_key *key)
{
    pl_reply_free(key);
}

void parley_signing_keys_free(parley_signing_keys *keys)
{
    pl_reply_free(keys);
}

void parley_users_free(parley_users *users)
{
    pl_reply_free(users);
}

void parley_devices_free(parley_devices *devices)
{
    pl_reply_free(devices);
}

void parley_participants_free(parley_participants *participants)
{
    pl_reply_free(participants);
}

void parley_membership_free(parley_membership *membership)
{
    pl_reply_free(membership);
}

void parley_user_free(parley_user *user)
{
    pl_reply_free(user);
}

void parley_device_free(parley_device *device)
{
    pl_reply_free(device);
}

void parley_presence_free(parley_presence *presence)
{
    pl_reply_free(presence);
}

void parley_block_free(parley_block *block)
{
    pl_reply_free(block);
}

void parley_blocks_free(parley_blocks *blocks)
{
    pl_reply_free(blocks);
}

void parley_token_free(parley_token *token)
{
    if (token != NULL)
        wipe(token->token);
    pl_reply_free(token);
}

void parley_chat_free(parley_chat *chat)
{
    pl_reply_free(chat);
}

void parley_chats_free(parley_chats *chats)
{
    pl_reply_free(chats);
}

void parley_message_free(parley_message *message)
{
    pl_reply_free(message);
}

void parley_messages_free(parley_messages *messages)
{
    pl_reply_free(messages);
}

void parley_send_results_free(parley_send_results *results)
{
    pl_reply_free(results);
}

void parley_message_receipts_free(parley_message_receipts *receipts)
{
    pl_reply_free(receipts);
}

void parley_reactions_free(parley_reactions *reactions)
{
    pl_reply_free(reactions);
}

void parley_sync_page_free(parley_sync_page *page)
{
    pl_reply_free(page);
}

void parley_heads_free(parley_heads *heads)
{
    pl_reply_free(heads);
}

void parley_read_mark_free(parley_read_mark *mark)
{
    pl_reply_free(mark);
}
