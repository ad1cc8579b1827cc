/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The first byte chooses a message of the API, the rest are its bytes. Promises: what the scan
 * refuses is not unpacked; what it passes needs no more than the memory that is written down below,
 * and protobuf-c unpacks it, or cannot merge a message that is there twice; the message, packed
 * again, passes the scan, unpacks and packs to the same bytes.
 */
#include <string.h>

#include "api/methods.h"
#include "fuzz.h"
#include "rpc/codec.h"

/* An empty message of 2 bytes becomes a structure and a place in a list. */
#define EXPANSION_MAX 1024
#define OVERHEAD_BYTES 65536

static const uint8_t *pack(const ProtobufCMessage *message, struct pl_arena *arena, size_t *ret_bytes)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = pl_arena_alloc(arena, bytes + 1);

    pl_assert(protobuf_c_message_pack(message, data) == bytes);
    *ret_bytes = bytes;
    return data;
}

static void check_round_trip(const ProtobufCMessage *message, struct pl_arena *arena)
{
    ProtobufCMessage *again;
    size_t bytes, bytes_again;
    const uint8_t *data = pack(message, arena, &bytes);
    const uint8_t *data_again;

    pl_assert(pl_codec_unpack(message->descriptor, data, bytes, arena, &again) == PL_OK);
    data_again = pack(again, arena, &bytes_again);
    pl_assert(bytes == bytes_again && memcmp(data, data_again, bytes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const ProtobufCMessageDescriptor *descriptor;
    ProtobufCMessage *message = NULL;
    struct pl_arena arena;
    enum pl_status scanned, unpacked;

    if (bytes == 0)
        return 0;
    descriptor = pl_api_json_messages[data[0] % pl_api_json_message_count].descriptor;
    pl_arena_init(&arena, OVERHEAD_BYTES + bytes * EXPANSION_MAX);
    scanned = pl_codec_scan(descriptor, data + 1, bytes - 1);
    unpacked = pl_codec_unpack(descriptor, data + 1, bytes - 1, &arena, &message);
    pl_assert(scanned == PL_OK || scanned == PL_MALFORMED_MESSAGE || scanned == PL_INVALID_TEXT);
    pl_assert(unpacked == scanned || (scanned == PL_OK && unpacked == PL_MALFORMED_MESSAGE));
    pl_assert((message != NULL) == (unpacked == PL_OK));
    if (message != NULL)
        check_round_trip(message, &arena);
    pl_arena_fini(&arena);
    return 0;
}
