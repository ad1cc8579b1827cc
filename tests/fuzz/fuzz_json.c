/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The first byte chooses a message of the API, the rest is its JSON. Promises: what is refused has a problem, with a
 * status and a sentence that are told; what is read is, packed, fit for parleyd, and is written as JSON that reads and
 * writes as the same bytes.
 */
#include <string.h>

#include "api/methods.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "gateway/json/json.h"
#include "rpc/codec.h"

static void check_problem(const struct pl_json_problem *problem, enum pl_status status)
{
    pl_assert(problem->status == status);
    pl_assert(status == PL_MALFORMED_JSON || status == PL_INVALID_TEXT || status == PL_UNKNOWN_FIELD ||
              status == PL_INVALID_ARGUMENT);
    pl_assert(memchr(problem->path, '\0', sizeof(problem->path)) != NULL);
    pl_assert(problem->sentence[0] != '\0' && memchr(problem->sentence, '\0', sizeof(problem->sentence)) != NULL);
    pl_assert(pl_utf8_valid(problem->path, strlen(problem->path)));
    pl_assert(pl_utf8_valid(problem->sentence, strlen(problem->sentence)));
}

static void check_packed(const ProtobufCMessage *message, struct pl_arena *arena)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = pl_arena_alloc(arena, bytes + 1);

    pl_assert(protobuf_c_message_pack(message, data) == bytes);
    pl_assert(pl_codec_scan(message->descriptor, data, bytes) == PL_OK);
}

static void check_round_trip(const ProtobufCMessage *message, struct pl_arena *arena)
{
    struct pl_json_problem problem;
    ProtobufCMessage *again;
    struct pl_buf first, second;

    pl_buf_init(&first, 1 << 24);
    pl_buf_init(&second, 1 << 24);
    pl_json_write(&first, message);
    pl_assert(!first.overflowed && pl_utf8_valid((const char *)first.data, first.bytes));
    pl_assert(pl_json_read((const char *)first.data, first.bytes, message->descriptor, arena, &again, &problem) ==
              PL_OK);
    pl_json_write(&second, again);
    pl_assert(first.bytes == second.bytes && memcmp(first.data, second.data, first.bytes) == 0);
    pl_buf_fini(&first);
    pl_buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const ProtobufCMessageDescriptor *descriptor;
    struct pl_json_problem problem;
    ProtobufCMessage *message;
    struct pl_arena arena;

    if (bytes == 0)
        return 0;
    descriptor = pl_api_json_messages[data[0] % pl_api_json_message_count].descriptor;
    pl_arena_init(&arena, 0);
    enum pl_status status = pl_json_read((const char *)data + 1, bytes - 1, descriptor, &arena, &message, &problem);
    if (status == PL_OK) {
        check_packed(message, &arena);
        check_round_trip(message, &arena);
    } else {
        check_problem(&problem, status);
    }
    pl_arena_fini(&arena);
    return 0;
}
