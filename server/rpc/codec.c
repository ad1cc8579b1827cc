/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Unpacking into an arena behind the scan. protobuf-c gets an allocator whose free does nothing, so a message lives as
 * long as its arena. Unknown fields would be kept and sent on; they are dropped on every level.
 */
#include "rpc/codec.h"

#include <stdbool.h>

struct memory {
    struct pl_arena *arena;
    bool full; /* The arena said no. */
};

static void *arena_alloc(void *object, size_t bytes)
{
    struct memory *memory = object;
    void *pointer = pl_arena_try_alloc(memory->arena, bytes);

    memory->full = memory->full || pointer == NULL;
    return pointer;
}

static void arena_free(void *object, void *pointer)
{
    (void)object;
    (void)pointer;
}

static void drop_unknown(ProtobufCMessage *message);

static void drop_unknown_of_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
        ProtobufCMessage **items = *(ProtobufCMessage * *const *)(const void *)(base + field->offset);
        for (size_t i = 0; i < count; i++)
            drop_unknown(items[i]);
        return;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
        *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id)
        return;
    drop_unknown(*(ProtobufCMessage *const *)(const void *)(base + field->offset));
}

static void drop_unknown(ProtobufCMessage *message)
{
    if (message == NULL)
        return;
    message->n_unknown_fields = 0;
    message->unknown_fields = NULL;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (message->descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            drop_unknown_of_field(message, &message->descriptor->fields[i]);
}

static enum pl_status unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                             struct pl_arena *arena, ProtobufCMessage **ret_message)
{
    struct memory memory = {.arena = arena};
    ProtobufCAllocator allocator = {.alloc = arena_alloc, .free = arena_free, .allocator_data = &memory};
    ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, bytes, data);

    if (message == NULL)
        return memory.full ? PL_MESSAGE_TOO_LARGE : PL_MALFORMED_MESSAGE;
    *ret_message = message;
    return PL_OK;
}

/*
 * What the scan passes is well formed. protobuf-c 1.4 refuses some of it even so: a singular message that is there
 * twice and has a oneof that is not set, which it fails to merge. Recursion is as deep as the message nests.
 */
enum pl_status pl_codec_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                               struct pl_arena *arena, ProtobufCMessage **ret_message)
{
    enum pl_status status = pl_codec_scan(descriptor, data, bytes);

    if (status == PL_OK)
        status = unpack(descriptor, data, bytes, arena, ret_message);
    if (status == PL_OK)
        drop_unknown(*ret_message);
    return status;
}

enum pl_status pl_codec_unpack_trusted(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                                       struct pl_arena *arena, ProtobufCMessage **ret_message)
{
    return unpack(descriptor, data, bytes, arena, ret_message);
}
