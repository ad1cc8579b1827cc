/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages out of the bytes of a call. Any bytes: the same messages and the same end, however they are cut. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rpc/inbound.h"

enum { MESSAGE_BYTES_MAX = 300, INPUT_BYTES_MAX = 1 << 16 };

/* Takes all, up to a fault; what came: the messages, each with its prefix, and nothing of one that is not whole. */
struct reader {
    struct pl_inbound inbound;
    enum pl_status status;
    uint8_t *messages;
    size_t bytes;
};

static void keep_message(struct reader *reader)
{
    size_t bytes = pl_inbound_bytes(&reader->inbound);

    pl_assert(bytes <= MESSAGE_BYTES_MAX);
    pl_prefix_put(reader->messages + reader->bytes, false, bytes);
    memcpy(reader->messages + reader->bytes + PL_PREFIX_BYTES, reader->inbound.message, bytes);
    reader->bytes += PL_PREFIX_BYTES + bytes;
    pl_inbound_reset(&reader->inbound);
}

static void read_piece(struct reader *reader, const uint8_t *data, size_t bytes)
{
    while (bytes > 0 && reader->status == PL_OK) {
        size_t taken;
        reader->status = pl_inbound_feed(&reader->inbound, data, bytes, MESSAGE_BYTES_MAX, &taken);
        pl_assert(taken <= bytes && (taken > 0 || reader->status != PL_OK));
        data += taken;
        bytes -= taken;
        if (reader->status == PL_OK && pl_inbound_is_whole(&reader->inbound))
            keep_message(reader);
    }
}

static struct reader make_reader(size_t bytes)
{
    struct reader reader = {.messages = malloc(bytes + 1)};

    pl_assert(reader.messages != NULL);
    return reader;
}

static void free_reader(struct reader *reader)
{
    pl_inbound_reset(&reader->inbound);
    free(reader->messages);
}

/* The first byte says where the cuts are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0 || bytes > INPUT_BYTES_MAX)
        return 0;
    unsigned cuts = data[0];
    data++;
    bytes--;
    struct reader whole = make_reader(bytes);
    struct reader pieces = make_reader(bytes);

    read_piece(&whole, data, bytes);
    for (size_t at = 0; at < bytes;) {
        cuts = cuts * 13 + 7;
        size_t piece = 1 + cuts / 16 % 11;
        piece = piece < bytes - at ? piece : bytes - at;
        read_piece(&pieces, data + at, piece);
        at += piece;
    }
    pl_assert(whole.status == pieces.status && whole.bytes == pieces.bytes);
    pl_assert(memcmp(whole.messages, data, whole.bytes) == 0 && memcmp(pieces.messages, data, whole.bytes) == 0);
    pl_assert(pl_inbound_is_partial(&whole.inbound) == pl_inbound_is_partial(&pieces.inbound));
    free_reader(&whole);
    free_reader(&pieces);
    return 0;
}
