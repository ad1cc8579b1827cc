/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/gather.h"

#include <uthash.h>

#include "db/shard.h"

#define CHAT_ITEMS_MAX 64
#define BATCH_BYTES_MAX ((size_t)4 << 20)

struct gathered_chat {
    struct pl_chat_id chat_id;
    bool closed; /* an append stayed behind */
    unsigned count;
    const struct pl_append *appends[CHAT_ITEMS_MAX];
    UT_hash_handle hh;
};

struct gathering {
    struct pl_arena *arena;
    struct gathered_chat *by_chat;
    unsigned count;
    size_t bytes;
    uint32_t shard;
};

static struct gathered_chat *chat_of(struct gathering *gathering, const struct pl_append *append)
{
    struct gathered_chat *chat = NULL;
    HASH_FIND(hh, gathering->by_chat, &append->message.chat_id, sizeof(struct pl_chat_id), chat);
    if (chat == NULL) {
        chat = pl_arena_new(gathering->arena, struct gathered_chat);
        chat->chat_id = append->message.chat_id;
        HASH_ADD(hh, gathering->by_chat, chat_id, sizeof(struct pl_chat_id), chat);
    }
    return chat;
}

static bool has_message(const struct gathered_chat *chat, const struct pl_append *append)
{
    for (unsigned i = 0; i < chat->count; i++)
        if (pl_uuid_equal(&chat->appends[i]->message.message_id.uuid, &append->message.message_id.uuid))
            return true;
    return false;
}

static size_t bytes_of(const struct pl_append *append)
{
    return append->message.body_bytes + append->message.metadata_bytes;
}

static bool fits(const struct gathering *gathering, const struct gathered_chat *chat, const struct pl_append *append)
{
    if (chat->closed || chat->count == CHAT_ITEMS_MAX || has_message(chat, append))
        return false;
    if (gathering->count == 0)
        return true;
    if (append->change != NULL)
        return false;
    return gathering->bytes + bytes_of(append) <= BATCH_BYTES_MAX &&
           pl_shard_of(append->message.chat_id) == gathering->shard;
}

static void take(struct gathering *gathering, struct gathered_chat *chat, struct pl_slot *slots,
                 struct pl_append *append)
{
    if (gathering->count == 0)
        gathering->shard = pl_shard_of(append->message.chat_id);
    chat->appends[chat->count++] = append;
    gathering->bytes += bytes_of(append);
    slots[gathering->count++] = (struct pl_slot){.append = append};
}

/* A change is a batch of its own. */
static bool has_change(const struct pl_slot *slots, unsigned count)
{
    return count > 0 && slots[0].append->change != NULL;
}

unsigned pl_gather(struct pl_task_list *waiting, struct pl_slot *slots, struct pl_arena *arena)
{
    struct gathering gathering = {.arena = arena};
    struct pl_task_list behind = STAILQ_HEAD_INITIALIZER(behind);
    while (gathering.count < PL_BATCH_ITEMS_MAX && !STAILQ_EMPTY(waiting) && !has_change(slots, gathering.count)) {
        struct pl_task *task = STAILQ_FIRST(waiting);
        struct pl_append *append = pl_container_of(task, struct pl_append, task);
        struct gathered_chat *chat = chat_of(&gathering, append);
        STAILQ_REMOVE_HEAD(waiting, next);
        if (fits(&gathering, chat, append)) {
            take(&gathering, chat, slots, append);
        } else {
            chat->closed = true;
            STAILQ_INSERT_TAIL(&behind, task, next);
        }
    }
    STAILQ_CONCAT(&behind, waiting);
    STAILQ_CONCAT(waiting, &behind);
    HASH_CLEAR(hh, gathering.by_chat);
    return gathering.count;
}
