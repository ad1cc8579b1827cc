/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/message.h"

static void *arena_alloc(void *arena, size_t bytes)
{
    return pl_arena_try_alloc(arena, bytes);
}

static void arena_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

ProtobufCMessage *bench_message_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                                       struct pl_arena *arena)
{
    ProtobufCAllocator allocator = {.alloc = arena_alloc, .free = arena_free, .allocator_data = arena};
    return protobuf_c_message_unpack(descriptor, &allocator, bytes, data);
}
