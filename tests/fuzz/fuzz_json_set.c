/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The first two bytes choose a message of the API and a field of it, the rest is the text of a parameter. Promises: a
 * problem has a status and a sentence; a field that was set takes the same text again, unless it is of a kind that is
 * never the same twice; the message is, packed, fit for parleyd.
 */
#include <string.h>

#include "api/methods.h"
#include "fuzz.h"
#include "gateway/json/json.h"
#include "rpc/codec.h"

static void check_packed(const ProtobufCMessage *message, struct pl_arena *arena)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = pl_arena_alloc(arena, bytes + 1);

    pl_assert(protobuf_c_message_pack(message, data) == bytes);
    pl_assert(pl_codec_scan(message->descriptor, data, bytes) == PL_OK);
}

static void set_twice(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *text,
                      struct pl_arena *arena)
{
    struct pl_json_problem problem = {.status = PL_OK};
    enum pl_status status = pl_json_set(message, field->name, text, arena, &problem);
    bool comparable = field->type != PROTOBUF_C_TYPE_MESSAGE && field->type != PROTOBUF_C_TYPE_BYTES;

    if (status != PL_OK) {
        pl_assert(problem.status == status && (status == PL_INVALID_TEXT || status == PL_INVALID_ARGUMENT));
        pl_assert(strcmp(problem.path, field->name) == 0 && problem.sentence[0] != '\0');
        return;
    }
    status = pl_json_set(message, field->name, text, arena, &problem);
    pl_assert(status == PL_OK || (status == PL_INVALID_ARGUMENT && !comparable));
    check_packed(message, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const ProtobufCMessageDescriptor *descriptor;
    struct pl_json_problem problem;
    ProtobufCMessage *message;
    struct pl_arena arena;

    if (bytes < 2)
        return 0;
    descriptor = pl_api_json_messages[data[0] % pl_api_json_message_count].descriptor;
    if (descriptor->n_fields == 0)
        return 0;
    pl_arena_init(&arena, 0);
    const char *text = pl_arena_copy(&arena, data + 2, bytes - 2);
    pl_assert(pl_json_read("", 0, descriptor, &arena, &message, &problem) == PL_OK);
    set_twice(message, &descriptor->fields[data[1] % descriptor->n_fields], text, &arena);
    pl_arena_fini(&arena);
    return 0;
}
