/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The rules of a message's fields stand here once, for sends by call and by stream. */
#include "messages/message.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "chats/individual.h"
#include "rpc/fields.h"

static enum pl_status refuse(enum pl_status status, const char *sentence, const char **ret_sentence)
{
    *ret_sentence = sentence;
    return status;
}

static enum pl_status take_address(const Parley__V1__SendMessageRequest *request, const struct pl_principal *principal,
                                   struct pl_append *append, const char **ret_sentence)
{
    struct pl_message *message = &append->message;
    bool has_chat = request->chat_id[0] != '\0';
    if (has_chat == (request->recipient_id[0] != '\0'))
        return refuse(PL_INVALID_ARGUMENT, "exactly one of chat_id and recipient_id must be set", ret_sentence);
    if (has_chat) {
        if (pl_uuid_parse(request->chat_id, &message->chat_id.uuid) != PL_OK)
            return refuse(PL_INVALID_ID, "chat_id is not a UUID of 36 characters", ret_sentence);
        return PL_OK;
    }
    if (pl_uuid_parse(request->recipient_id, &message->recipient_id.uuid) != PL_OK ||
        pl_uuid_is_nil(&message->recipient_id.uuid))
        return refuse(PL_INVALID_ID, "recipient_id is not a UUID of 36 characters", ret_sentence);
    if (pl_uuid_equal(&message->recipient_id.uuid, &principal->user_id.uuid))
        return refuse(PL_INVALID_ARGUMENT, "recipient_id must be another user", ret_sentence);
    append->app_id = principal->app_id;
    message->chat_id = pl_individual_chat_id(principal->app_id, principal->user_id, message->recipient_id);
    return PL_OK;
}

static enum pl_status take_ids(const Parley__V1__SendMessageRequest *request, struct pl_message *message,
                               const char **ret_sentence)
{
    if (pl_field_optional_uuid(request->message_id, &message->message_id.uuid) != PL_OK)
        return refuse(PL_INVALID_ID, "message_id is not a UUID of 36 characters", ret_sentence);
    if (pl_uuid_is_nil(&message->message_id.uuid))
        message->message_id.uuid = pl_uuid_v7();
    if (pl_field_optional_uuid(request->media_id, &message->media_id.uuid) != PL_OK)
        return refuse(PL_INVALID_ID, "media_id is not a UUID of 36 characters", ret_sentence);
    if (pl_field_optional_uuid(request->reply_to_message_id, &message->reply_to_message_id.uuid) != PL_OK)
        return refuse(PL_INVALID_ID, "reply_to_message_id is not a UUID of 36 characters", ret_sentence);
    return PL_OK;
}

static enum pl_status take_type(const Parley__V1__SendMessageRequest *request, struct pl_message *message,
                                const char **ret_sentence)
{
    int type = (int)request->message_type;
    if (type < PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_UNSPECIFIED ||
        type > PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_DOCUMENT)
        return refuse(PL_INVALID_ARGUMENT, "message_type must be text, image, video, audio or document", ret_sentence);
    message->message_type = (int16_t)(type == 0 ? PARLEY__V1__MESSAGE_TYPE__MESSAGE_TYPE_TEXT : type);
    return PL_OK;
}

static enum pl_status take_flags(const Parley__V1__SendMessageRequest *request, struct pl_message *message,
                                 const char **ret_sentence)
{
    int16_t flags = request->n_flags == 0 ? PL_FLAG_COUNTABLE : 0;
    for (size_t i = 0; i < request->n_flags; i++) {
        int flag = (int)request->flags[i];
        if (flag < PARLEY__V1__MESSAGE_FLAG__MESSAGE_FLAG_COUNTABLE ||
            flag > PARLEY__V1__MESSAGE_FLAG__MESSAGE_FLAG_EPHEMERAL)
            return refuse(PL_INVALID_ARGUMENT, "flags must be of countable, urgent and ephemeral", ret_sentence);
        flags = (int16_t)(flags | 1 << (flag - 1));
    }
    if ((flags & PL_FLAG_COUNTABLE) != 0 && (flags & PL_FLAG_EPHEMERAL) != 0)
        return refuse(PL_INVALID_ARGUMENT, "an ephemeral message is not countable", ret_sentence);
    message->flags = flags;
    return PL_OK;
}

static enum pl_status check_parts(const Parley__V1__DeviceParts *parts)
{
    if (parts->n_parts < 1 || parts->n_parts > PL_DEVICE_PARTS_MAX)
        return PL_INVALID_CONTENT;
    size_t bytes = 0;
    for (size_t i = 0; i < parts->n_parts; i++) {
        struct pl_uuid device;
        if (pl_uuid_parse(parts->parts[i]->device_id, &device) != PL_OK)
            return PL_INVALID_ID;
        if (parts->parts[i]->encrypted_content.len == 0)
            return PL_INVALID_CONTENT;
        bytes += parts->parts[i]->encrypted_content.len;
    }
    return bytes <= PL_DEVICE_PARTS_BYTES_MAX ? PL_OK : PL_INVALID_CONTENT;
}

static enum pl_status take_parts(const Parley__V1__DeviceParts *parts, struct pl_arena *arena,
                                 struct pl_message *message, const char **ret_sentence)
{
    enum pl_status status = check_parts(parts);
    if (status != PL_OK)
        return refuse(status, "device_parts needs 1 to 32 parts for devices, together 1 to 262144 bytes", ret_sentence);
    message->body_kind = PL_BODY_DEVICE_PARTS;
    message->body = pl_field_pack(&parts->base, arena, &message->body_bytes);
    return PL_OK;
}

enum pl_status pl_message_take_body(const Parley__V1__SendMessageRequest *request, struct pl_arena *arena,
                                    struct pl_message *message, const char **ret_sentence)
{
    switch (request->body_case) {
    case PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_CONTENT:
        message->body_kind = PL_BODY_CONTENT;
        message->body_bytes = strlen(request->content);
        message->body = pl_arena_copy(arena, request->content, message->body_bytes);
        break;
    case PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_ENCRYPTED_CONTENT:
        message->body_kind = PL_BODY_ENCRYPTED;
        message->body_bytes = request->encrypted_content.len;
        message->body = pl_arena_copy(arena, request->encrypted_content.data, message->body_bytes);
        break;
    case PARLEY__V1__SEND_MESSAGE_REQUEST__BODY_DEVICE_PARTS:
        return take_parts(request->device_parts, arena, message, ret_sentence);
    default:
        break;
    }
    if (message->body_bytes < 1 || message->body_bytes > PL_CONTENT_BYTES_MAX)
        return refuse(PL_INVALID_CONTENT, "a message needs a body of 1 to 65536 bytes", ret_sentence);
    return PL_OK;
}

static enum pl_status take_metadata(const Parley__V1__SendMessageRequest *request, struct pl_arena *arena,
                                    struct pl_message *message, const char **ret_sentence)
{
    if (request->n_metadata == 0)
        return PL_OK;
    if (pl_field_metadata(request->metadata, request->n_metadata) != PL_OK)
        return refuse(PL_INVALID_ARGUMENT, "metadata must be at most 4096 bytes, with keys that differ", ret_sentence);
    Parley__V1__Message only = PARLEY__V1__MESSAGE__INIT;
    only.n_metadata = request->n_metadata;
    only.metadata = pl_arena_array(arena, Parley__V1__Message__MetadataEntry *, request->n_metadata);
    for (size_t i = 0; i < request->n_metadata; i++) {
        only.metadata[i] = pl_arena_new(arena, Parley__V1__Message__MetadataEntry);
        parley__v1__message__metadata_entry__init(only.metadata[i]);
        only.metadata[i]->key = request->metadata[i]->key;
        only.metadata[i]->value = request->metadata[i]->value;
    }
    message->metadata = pl_field_pack(&only.base, arena, &message->metadata_bytes);
    return PL_OK;
}

enum pl_status pl_message_from_request(const Parley__V1__SendMessageRequest *request,
                                       const struct pl_principal *principal, struct pl_arena *arena,
                                       struct pl_append *append, const char **ret_sentence)
{
    struct pl_message *message = &append->message;
    *message = (struct pl_message){.sender_id = principal->user_id, .sender_device_id = principal->device_id};
    append->app_id = (struct pl_app_id){{{0}}};
    enum pl_status status = take_address(request, principal, append, ret_sentence);
    if (status == PL_OK)
        status = take_ids(request, message, ret_sentence);
    if (status == PL_OK)
        status = take_type(request, message, ret_sentence);
    if (status == PL_OK)
        status = take_flags(request, message, ret_sentence);
    if (status == PL_OK)
        status = pl_message_take_body(request, arena, message, ret_sentence);
    if (status == PL_OK)
        status = take_metadata(request, arena, message, ret_sentence);
    return status;
}

/* Of what is hidden the place is left. */
static void withhold(struct pl_message *message)
{
    message->body_kind = PL_BODY_NONE;
    message->body = message->metadata = NULL;
    message->body_bytes = message->metadata_bytes = 0;
    message->media_id = (struct pl_media_id){{{0}}};
}

struct pl_message pl_message_from_row(const struct pl_rows *rows, int row)
{
    struct pl_message message = {
        .chat_id = {pl_rows_uuid(rows, row, 0)},
        .seq = pl_rows_int(rows, row, 1),
        .message_id = {pl_rows_uuid(rows, row, 2)},
        .prev_message_id = {pl_rows_uuid(rows, row, 3)},
        .sender_id = {pl_rows_uuid(rows, row, 4)},
        .sender_device_id = {pl_rows_uuid(rows, row, 5)},
        .recipient_id = {pl_rows_uuid(rows, row, 6)},
        .message_type = (int16_t)pl_rows_int(rows, row, 7),
        .body_kind = (enum pl_body_kind)pl_rows_int(rows, row, 8),
        .media_id = {pl_rows_uuid(rows, row, 10)},
        .reply_to_message_id = {pl_rows_uuid(rows, row, 11)},
        .created_at_us = pl_rows_time(rows, row, 13),
        .entry_kind = (enum pl_entry_kind)pl_rows_int(rows, row, 14),
        .target_message_id = {pl_rows_uuid(rows, row, 15)},
        .edited_at_us = pl_rows_time(rows, row, 16),
        .deleted_at_us = pl_rows_time(rows, row, 17),
        .flags = (int16_t)pl_rows_int(rows, row, 18),
        .expires_at_us = pl_rows_time(rows, row, 19),
    };
    message.body = pl_rows_bytes(rows, row, 9, &message.body_bytes);
    message.metadata = pl_rows_bytes(rows, row, 12, &message.metadata_bytes);
    if ((message.flags & PL_FLAG_HIDDEN) != 0)
        withhold(&message);
    return message;
}

bool pl_message_is_expired(const struct pl_message *message)
{
    bool is_emptied = message->body_bytes == 0 && message->body_kind != PL_BODY_NONE;
    return message->expires_at_us != 0 && (is_emptied || message->expires_at_us <= pl_clock_wall_us());
}

static void put_expiry(const struct pl_message *message, Parley__V1__Message *proto, struct pl_arena *arena)
{
    proto->expires_at = pl_field_time(message->expires_at_us, arena);
    if (pl_message_is_expired(message))
        proto->status = PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED;
    else
        proto->media_id = pl_field_uuid(&message->media_id.uuid, arena);
}

static void put_flags(const struct pl_message *message, Parley__V1__Message *proto, struct pl_arena *arena)
{
    if (message->flags == 0)
        return;
    proto->flags = pl_arena_array(arena, Parley__V1__MessageFlag, PARLEY__V1__MESSAGE_FLAG__MESSAGE_FLAG_EPHEMERAL);
    for (int i = PARLEY__V1__MESSAGE_FLAG__MESSAGE_FLAG_COUNTABLE;
         i <= PARLEY__V1__MESSAGE_FLAG__MESSAGE_FLAG_EPHEMERAL; i++)
        if ((message->flags & 1 << (i - 1)) != 0)
            proto->flags[proto->n_flags++] = (Parley__V1__MessageFlag)i;
}

Parley__V1__Message *pl_message_head_to_proto(const struct pl_message *message, struct pl_arena *arena)
{
    Parley__V1__Message *proto = pl_arena_new(arena, Parley__V1__Message);
    parley__v1__message__init(proto);
    proto->message_id = pl_field_uuid(&message->message_id.uuid, arena);
    proto->chat_id = pl_field_uuid(&message->chat_id.uuid, arena);
    proto->seq = message->seq;
    proto->prev_message_id = pl_field_uuid(&message->prev_message_id.uuid, arena);
    proto->sender_id = pl_field_uuid(&message->sender_id.uuid, arena);
    proto->sender_device_id = pl_field_uuid(&message->sender_device_id.uuid, arena);
    proto->recipient_id = pl_field_uuid(&message->recipient_id.uuid, arena);
    proto->message_type = (Parley__V1__MessageType)message->message_type;
    proto->timestamp = pl_field_time(message->created_at_us, arena);
    proto->reply_to_message_id = pl_field_uuid(&message->reply_to_message_id.uuid, arena);
    proto->kind = message->entry_kind == 0 ? PARLEY__V1__ENTRY_KIND__ENTRY_KIND_MESSAGE
                                           : (Parley__V1__EntryKind)message->entry_kind;
    proto->target_message_id = pl_field_uuid(&message->target_message_id.uuid, arena);
    proto->edited_at = pl_field_time(message->edited_at_us, arena);
    proto->deleted_at = pl_field_time(message->deleted_at_us, arena);
    proto->hidden = (message->flags & PL_FLAG_HIDDEN) != 0;
    put_flags(message, proto, arena);
    put_expiry(message, proto, arena);
    return proto;
}

uint8_t *pl_message_own_part(const void *parts, size_t bytes, const struct pl_device_id *device, struct pl_arena *arena,
                             size_t *ret_bytes)
{
    Parley__V1__DeviceParts *all =
        (Parley__V1__DeviceParts *)pl_field_unpack(&parley__v1__device_parts__descriptor, parts, bytes, arena);
    Parley__V1__DeviceParts own = PARLEY__V1__DEVICE_PARTS__INIT;
    for (size_t i = 0; i < all->n_parts && own.n_parts == 0; i++) {
        struct pl_uuid part_device;
        if (pl_uuid_parse(all->parts[i]->device_id, &part_device) == PL_OK &&
            pl_uuid_equal(&part_device, &device->uuid)) {
            own.parts = &all->parts[i];
            own.n_parts = 1;
        }
    }
    return pl_field_pack(&own.base, arena, ret_bytes);
}

static void put_body(const struct pl_message *message, const struct pl_device_id *device, struct pl_arena *arena,
                     Parley__V1__Message *proto)
{
    switch (message->body_kind) {
    case PL_BODY_NONE:
        break;
    case PL_BODY_CONTENT:
        proto->body_case = PARLEY__V1__MESSAGE__BODY_CONTENT;
        proto->content = pl_arena_copy(arena, message->body, message->body_bytes);
        break;
    case PL_BODY_ENCRYPTED:
        proto->body_case = PARLEY__V1__MESSAGE__BODY_ENCRYPTED_CONTENT;
        proto->encrypted_content.data = (uint8_t *)pl_arena_copy(arena, message->body, message->body_bytes);
        proto->encrypted_content.len = message->body_bytes;
        break;
    case PL_BODY_DEVICE_PARTS: {
        size_t bytes = 0;
        const uint8_t *own = pl_message_own_part(message->body, message->body_bytes, device, arena, &bytes);
        proto->body_case = PARLEY__V1__MESSAGE__BODY_DEVICE_PARTS;
        proto->device_parts =
            (Parley__V1__DeviceParts *)pl_field_unpack(&parley__v1__device_parts__descriptor, own, bytes, arena);
        break;
    }
    case PL_BODY_EVENT:
        proto->body_case = PARLEY__V1__MESSAGE__BODY_EVENT;
        proto->event = (Parley__V1__ChatEvent *)pl_field_unpack(&parley__v1__chat_event__descriptor, message->body,
                                                                message->body_bytes, arena);
        break;
    }
}

Parley__V1__Message *pl_message_to_proto(const struct pl_message *message, const struct pl_device_id *device,
                                         struct pl_arena *arena)
{
    Parley__V1__Message *proto = pl_message_head_to_proto(message, arena);
    bool is_expired = proto->status == PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_EXPIRED;
    if (message->metadata_bytes > 0 && !is_expired) {
        const Parley__V1__Message *stored = (const Parley__V1__Message *)pl_field_unpack(
            &parley__v1__message__descriptor, message->metadata, message->metadata_bytes, arena);
        proto->n_metadata = stored->n_metadata;
        proto->metadata = stored->metadata;
    }
    if (message->deleted_at_us == 0 && !is_expired)
        put_body(message, device, arena, proto);
    return proto;
}
