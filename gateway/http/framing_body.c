/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What stands around the content of a chunked body: the lengths of the chunks, and the trailers. */
#include "gateway/http/framing_state.h"

enum { CHUNK_SIZE_DIGITS_MAX = 8 };

static unsigned hex_value(uint8_t byte)
{
    if (pl_http_is_digit(byte))
        return byte - '0';
    byte = pl_http_lower(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : 16;
}

static bool take_chunk_size(struct pl_framing *framing, uint8_t byte)
{
    unsigned digit = hex_value(byte);

    if (framing->matched > 0 && (byte == '\r' || byte == ';')) {
        pl_framing_go(framing, byte == ';' ? PL_EXPECT_CHUNK_EXTENSION : PL_EXPECT_CHUNK_SIZE_LF);
        return true;
    }
    if (digit == 16 || framing->matched == CHUNK_SIZE_DIGITS_MAX)
        return pl_framing_malformed(framing, "the length of a chunk is not valid");
    uint64_t size = framing->remaining * 16 + digit;
    if (framing->body_bytes + size > framing->body_bytes_max) {
        pl_framing_fail(framing, PL_MESSAGE_TOO_LARGE, "the body is larger than allowed here");
        return false;
    }
    framing->remaining = size;
    framing->matched++;
    return true;
}

static bool take_chunk_extension(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r')
        pl_framing_go(framing, PL_EXPECT_CHUNK_SIZE_LF);
    else if (!pl_http_is_text(byte))
        return pl_framing_malformed(framing, "the extension of a chunk is not valid");
    return true;
}

static bool take_chunk_size_lf(struct pl_framing *framing, uint8_t byte)
{
    framing->body_bytes += framing->remaining;
    return pl_framing_take_lf(framing, byte, framing->remaining == 0 ? PL_EXPECT_TRAILER_START : PL_EXPECT_CHUNK_DATA);
}

static bool take_chunk_cr(struct pl_framing *framing, uint8_t byte)
{
    if (byte != '\r')
        return pl_framing_malformed(framing, "a chunk is longer than its length says");
    pl_framing_go(framing, PL_EXPECT_CHUNK_LF);
    return true;
}

static bool take_chunk_lf(struct pl_framing *framing, uint8_t byte)
{
    framing->head_bytes = 0;
    return pl_framing_take_lf(framing, byte, PL_EXPECT_CHUNK_SIZE);
}

static bool take_trailer_start(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        pl_framing_go(framing, PL_EXPECT_TRAILERS_LF);
        return true;
    }
    return pl_framing_begin_name(framing, byte, PL_EXPECT_TRAILER_NAME);
}

static bool take_trailer_name(struct pl_framing *framing, uint8_t byte)
{
    return pl_framing_add_to_name(framing, byte, PL_EXPECT_TRAILER_VALUE);
}

static bool take_trailer_value(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r')
        pl_framing_go(framing, PL_EXPECT_TRAILER_VALUE_LF);
    else if (!pl_http_is_text(byte))
        return pl_framing_malformed(framing, "a trailer has a control character, or a line does not end in CR LF");
    return true;
}

static bool take_trailer_value_lf(struct pl_framing *framing, uint8_t byte)
{
    return pl_framing_take_lf(framing, byte, PL_EXPECT_TRAILER_START);
}

static bool take_trailers_lf(struct pl_framing *framing, uint8_t byte)
{
    return pl_framing_take_lf(framing, byte, PL_EXPECT_NOTHING);
}

const struct pl_framing_step pl_framing_body_steps[] = {
    [PL_EXPECT_CHUNK_SIZE - PL_EXPECT_BODY] = {take_chunk_size, '\r', PL_EXPECT_CHUNK_SIZE_LF},
    [PL_EXPECT_CHUNK_EXTENSION - PL_EXPECT_BODY] = {take_chunk_extension, '\r', PL_EXPECT_CHUNK_SIZE_LF},
    [PL_EXPECT_CHUNK_SIZE_LF - PL_EXPECT_BODY] = {take_chunk_size_lf, '\n', PL_EXPECT_CHUNK_DATA},
    [PL_EXPECT_CHUNK_CR - PL_EXPECT_BODY] = {take_chunk_cr, '\r', PL_EXPECT_CHUNK_LF},
    [PL_EXPECT_CHUNK_LF - PL_EXPECT_BODY] = {take_chunk_lf, '\n', PL_EXPECT_CHUNK_SIZE},
    [PL_EXPECT_TRAILER_START - PL_EXPECT_BODY] = {take_trailer_start, '\r', PL_EXPECT_TRAILERS_LF},
    [PL_EXPECT_TRAILER_NAME - PL_EXPECT_BODY] = {take_trailer_name, ':', PL_EXPECT_TRAILER_VALUE},
    [PL_EXPECT_TRAILER_VALUE - PL_EXPECT_BODY] = {take_trailer_value, '\r', PL_EXPECT_TRAILER_VALUE_LF},
    [PL_EXPECT_TRAILER_VALUE_LF - PL_EXPECT_BODY] = {take_trailer_value_lf, '\n', PL_EXPECT_TRAILER_START},
    [PL_EXPECT_TRAILERS_LF - PL_EXPECT_BODY] = {take_trailers_lf, '\n', PL_EXPECT_NOTHING},
};
