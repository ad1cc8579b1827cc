/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Input: a byte that chooses a message of the API, then a query. Promise: a query is refused with a sentence, or gives
 * a message that packs.
 */
#include <stdlib.h>
#include <string.h>

#include "api/methods.h"
#include "fuzz.h"
#include "gateway/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_arena arena;
    struct pl_json_problem problem;
    ProtobufCMessage *message;
    if (bytes == 0)
        return 0;
    pl_arena_init(&arena, 16 << 20);
    const ProtobufCMessageDescriptor *descriptor = pl_api_methods[data[0] % pl_api_method_count].input;
    pl_assert(pl_json_read("", 0, descriptor, &arena, &message, &problem) == PL_OK);
    problem.sentence[0] = '\0';
    const char *query = pl_arena_copy(&arena, data + 1, bytes - 1);
    enum pl_status status = pl_query_read(query, message, &arena, &problem);
    if (status == PL_OK) {
        size_t packed_bytes = protobuf_c_message_get_packed_size(message);
        pl_assert(protobuf_c_message_pack(message, pl_arena_alloc(&arena, packed_bytes + 1)) == packed_bytes);
    } else {
        pl_assert(problem.status == status && problem.sentence[0] != '\0');
    }
    pl_arena_fini(&arena);
    return 0;
}
