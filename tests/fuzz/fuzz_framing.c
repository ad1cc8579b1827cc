/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The framing of requests. Any bytes: read the same however they are cut into pieces, come to an end after a fault, and
 * what is passed on has no line that does not end in CR LF, and no NUL in its head.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "gateway/http/framing.h"

enum { BODY_BYTES_MAX = 1 << 12, DELIVERED_BYTES = 1 << 17 };

static void check_head(const uint8_t *delivered, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        pl_assert(delivered[i] != '\0');
        pl_assert(delivered[i] != '\n' || (i > 0 && delivered[i - 1] == '\r'));
        pl_assert(i == 0 || delivered[i - 1] != '\r' || delivered[i] == '\n');
    }
}

static size_t put_in_pieces(struct pl_framing *framing, const uint8_t *data, size_t bytes, size_t piece)
{
    size_t done = 0;

    while (done < bytes && framing->status == PL_OK && !framing->excess) {
        size_t some = bytes - done < piece ? bytes - done : piece;
        size_t taken = pl_framing_put(framing, data + done, some);
        done += taken;
        if (taken < some)
            break;
    }
    return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_framing whole;
    struct pl_framing pieces;

    if (bytes == 0 || bytes > DELIVERED_BYTES / 2)
        return 0;
    size_t piece = 1 + data[0] % 16;
    data++;
    bytes--;
    pl_framing_init(&whole, BODY_BYTES_MAX);
    pl_framing_init(&pieces, BODY_BYTES_MAX);
    size_t done = pl_framing_put(&whole, data, bytes);
    pl_assert(put_in_pieces(&pieces, data, bytes, piece) == done);
    pl_assert(whole.status == pieces.status && pl_framing_phase(&whole) == pl_framing_phase(&pieces));

    uint8_t *delivered = malloc(DELIVERED_BYTES);
    pl_assert(delivered != NULL);
    memcpy(delivered, data, done);
    bool head = pl_framing_phase(&whole) == PL_FRAMING_HEAD;
    pl_framing_fail(&whole, PL_REQUEST_TIMEOUT, "late");
    done += pl_framing_fill(&whole, delivered + done, DELIVERED_BYTES - done);
    pl_assert(pl_framing_phase(&whole) == PL_FRAMING_DONE);
    if (head)
        check_head(delivered, done);
    free(delivered);
    return 0;
}
