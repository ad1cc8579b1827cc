/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The body is the last field of the serialised message, so that the entry without its body is a prefix of it and both
 * are written without serialising again. What is left when it expires differs in more, and is serialised apart.
 */
#include "delivery/entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "messages/message.h"
#include "rpc/fields.h"

#define TAG_CONTENT 30
#define TAG_ENCRYPTED_CONTENT 31
#define TAG_DEVICE_PARTS 32
#define TAG_EVENT 33
#define WIRE_LENGTH 2

static unsigned body_field(enum pl_body_kind kind)
{
    switch (kind) {
    case PL_BODY_CONTENT:
        return TAG_CONTENT;
    case PL_BODY_ENCRYPTED:
        return TAG_ENCRYPTED_CONTENT;
    case PL_BODY_DEVICE_PARTS:
        return TAG_DEVICE_PARTS;
    case PL_BODY_EVENT:
        return TAG_EVENT;
    case PL_BODY_NONE:
        break;
    }
    return 0;
}

static size_t put_prefix(uint8_t *at, enum pl_body_kind kind, size_t body_bytes)
{
    if (kind == PL_BODY_NONE)
        return 0;
    size_t bytes = pl_varint_put(at, (uint64_t)body_field(kind) << 3 | WIRE_LENGTH);
    return bytes + pl_varint_put(at + bytes, body_bytes);
}

struct pl_entry_users {
    bool removes_all;
    size_t added_count;
    size_t removed_count;
    struct pl_user_id users[]; /* the added, then the removed */
};

/* NULL unless the entry says who joins and who leaves. */
static struct pl_entry_users *users_of(const struct pl_message *message, struct pl_arena *arena)
{
    if (message->entry_kind != PL_ENTRY_MEMBERS || message->body_kind != PL_BODY_EVENT || message->body_bytes == 0)
        return NULL;
    const Parley__V1__ChatEvent *event = (const Parley__V1__ChatEvent *)pl_field_unpack(
        &parley__v1__chat_event__descriptor, message->body, message->body_bytes, arena);
    size_t count = event->n_members_added + event->n_members_removed;
    struct pl_entry_users *users = calloc(1, sizeof(*users) + count * sizeof(users->users[0]));
    pl_assert(users != NULL);
    users->removes_all = event->chat_deleted;
    users->added_count = event->n_members_added;
    users->removed_count = event->n_members_removed;
    for (size_t i = 0; i < users->added_count; i++)
        pl_assert(pl_uuid_parse(event->members_added[i]->user_id, &users->users[i].uuid) == PL_OK);
    for (size_t i = 0; i < users->removed_count; i++)
        pl_assert(pl_uuid_parse(event->members_removed[i], &users->users[users->added_count + i].uuid) == PL_OK);
    return users;
}

static bool is_among(const struct pl_user_id *users, size_t count, const struct pl_user_id *user)
{
    for (size_t i = 0; i < count; i++)
        if (pl_uuid_equal(&users[i].uuid, &user->uuid))
            return true;
    return false;
}

size_t pl_entry_added(const struct pl_entry *entry, const struct pl_user_id **ret_users)
{
    if (entry->users == NULL)
        return 0;
    *ret_users = entry->users->users;
    return entry->users->added_count;
}

bool pl_entry_adds(const struct pl_entry *entry, const struct pl_user_id *user)
{
    return entry->users != NULL && is_among(entry->users->users, entry->users->added_count, user);
}

bool pl_entry_removes(const struct pl_entry *entry, const struct pl_user_id *user)
{
    const struct pl_entry_users *users = entry->users;
    return users != NULL &&
           (users->removes_all || is_among(users->users + users->added_count, users->removed_count, user));
}

/* A message without metadata and body, as which expired ones go out. */
static struct pl_message rest_of(const struct pl_message *message)
{
    struct pl_message rest = *message;
    rest.metadata = rest.body = NULL;
    rest.metadata_bytes = rest.body_bytes = 0;
    return rest;
}

static void put_data(struct pl_entry *entry, const struct pl_message *message, const Parley__V1__Message *head,
                     const Parley__V1__Message *rest)
{
    uint8_t *at = entry->data;
    at += parley__v1__message__pack(head, at);
    /* Stored as a message with nothing but its metadata, which is what concatenation merges. */
    if (message->metadata_bytes > 0)
        memcpy(at, message->metadata, message->metadata_bytes);
    at += message->metadata_bytes;
    at += put_prefix(at, entry->body_kind, message->body_bytes);
    if (message->body_bytes > 0)
        memcpy(at, message->body, message->body_bytes);
    if (rest != NULL)
        parley__v1__message__pack(rest, at + message->body_bytes);
}

/* Of a message that has not expired; or of what is left of one. */
static struct pl_entry *serialise(const struct pl_message *message, bool is_rest, struct pl_arena *arena)
{
    const Parley__V1__Message *head = pl_message_head_to_proto(message, arena);
    const Parley__V1__Message *rest = NULL;
    if (message->expires_at_us != 0 && !is_rest) {
        const struct pl_message left = rest_of(message);
        rest = pl_message_head_to_proto(&left, arena);
    }
    uint8_t prefix[2 * PL_VARINT_BYTES_MAX];
    enum pl_body_kind body_kind = message->deleted_at_us == 0 && !is_rest ? message->body_kind : PL_BODY_NONE;
    size_t head_bytes = parley__v1__message__get_packed_size(head) + message->metadata_bytes;
    size_t prefix_bytes = put_prefix(prefix, body_kind, message->body_bytes);
    size_t rest_bytes = rest != NULL ? parley__v1__message__get_packed_size(rest) : 0;
    struct pl_entry *entry = malloc(sizeof(*entry) + head_bytes + prefix_bytes + message->body_bytes + rest_bytes);
    pl_assert(entry != NULL);
    *entry = (struct pl_entry){
        .holders = 1,
        .chat_id = message->chat_id,
        .seq = message->seq,
        .sender_id = message->sender_id,
        .sender_device_id = message->sender_device_id,
        .kind = message->entry_kind,
        .body_kind = body_kind,
        .users = users_of(message, arena),
        .head_bytes = (uint32_t)head_bytes,
        .prefix_bytes = (uint32_t)prefix_bytes,
        .body_bytes = (uint32_t)message->body_bytes,
        .expires_at_us = rest != NULL ? message->expires_at_us : 0,
        .rest_bytes = (uint32_t)rest_bytes,
    };
    put_data(entry, message, head, rest);
    return entry;
}

struct pl_entry *pl_entry_new(const struct pl_message *message)
{
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    bool is_expired = pl_message_is_expired(message);
    const struct pl_message rest = rest_of(message);
    struct pl_entry *entry = serialise(is_expired ? &rest : message, is_expired, &arena);
    pl_arena_fini(&arena);
    return entry;
}

struct pl_entry *pl_entry_hold(struct pl_entry *entry)
{
    atomic_fetch_add_explicit(&entry->holders, 1, memory_order_relaxed);
    return entry;
}

void pl_entry_release(struct pl_entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->holders, 1, memory_order_acq_rel) != 1)
        return;
    free(entry->users);
    free(entry);
}

static void put_own_part(const struct pl_entry *entry, uint8_t tag, const struct pl_device_id *device,
                         struct pl_buf *buf)
{
    struct pl_arena arena;
    pl_arena_init(&arena, 0);
    size_t own_bytes = 0;
    const uint8_t *own = pl_message_own_part(entry->data + entry->head_bytes + entry->prefix_bytes, entry->body_bytes,
                                             device, &arena, &own_bytes);
    uint8_t prefix[2 * PL_VARINT_BYTES_MAX];
    size_t prefix_bytes = put_prefix(prefix, PL_BODY_DEVICE_PARTS, own_bytes);
    pl_buf_put_length(buf, tag, entry->head_bytes + prefix_bytes + own_bytes);
    pl_buf_put(buf, entry->data, entry->head_bytes);
    pl_buf_put(buf, prefix, prefix_bytes);
    pl_buf_put(buf, own, own_bytes);
    pl_arena_fini(&arena);
}

void pl_entry_put(const struct pl_entry *entry, uint8_t tag, const struct pl_device_id *device, struct pl_buf *buf)
{
    bool is_message = entry->kind <= PL_ENTRY_MESSAGE;
    bool is_sender = is_message && pl_uuid_equal(&entry->sender_device_id.uuid, &device->uuid);
    if (entry->expires_at_us != 0 && entry->expires_at_us <= pl_clock_wall_us()) {
        pl_buf_put_length(buf, tag, entry->rest_bytes);
        pl_buf_put(buf, entry->data + entry->head_bytes + entry->prefix_bytes + entry->body_bytes, entry->rest_bytes);
        return;
    }
    if (entry->body_kind == PL_BODY_DEVICE_PARTS && !is_sender) {
        put_own_part(entry, tag, device, buf);
        return;
    }
    size_t bytes = entry->head_bytes;
    if (!is_sender)
        bytes += entry->prefix_bytes + entry->body_bytes;
    pl_buf_put_length(buf, tag, bytes);
    pl_buf_put(buf, entry->data, bytes);
}

size_t pl_entry_size(const struct pl_entry *entry)
{
    return 1 + PL_VARINT_BYTES_MAX + entry->head_bytes + entry->prefix_bytes + entry->body_bytes + entry->rest_bytes;
}
