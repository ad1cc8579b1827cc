/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Promise: a text that decodes is the one text of its bytes; decoding writes no more than it says. */
#include <stdlib.h>
#include <string.h>

#include "auth/base64url.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    size_t room = bytes * 3 / 4;
    uint8_t *decoded = malloc(room + 1);
    char *again = malloc(bytes + 5);
    size_t count;

    pl_assert(decoded != NULL && again != NULL);
    decoded[room] = 0x5a;
    if (pl_base64url_decode((const char *)data, bytes, decoded, room, &count) == PL_OK) {
        pl_assert(count <= room && decoded[room] == 0x5a);
        pl_base64url_encode(decoded, count, again);
        pl_assert(strlen(again) == bytes && memcmp(again, data, bytes) == 0);
    }
    free(decoded);
    free(again);
    return 0;
}
