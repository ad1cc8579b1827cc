/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The request line and the headers, byte by byte, and what the headers say of the body. */
#include <string.h>

#include "gateway/http/framing_state.h"

enum { METHOD_BYTES_MAX = 32, LENGTH_DIGITS_MAX = 18 };

static bool take_start(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        pl_framing_go(framing, PL_EXPECT_START_LF);
        return true;
    }
    if (!pl_http_is_token(byte))
        return pl_framing_malformed(framing, "the request does not begin with a verb");
    pl_framing_go(framing, PL_EXPECT_METHOD);
    return true;
}

static bool take_start_lf(struct pl_framing *framing, uint8_t byte)
{
    return pl_framing_take_lf(framing, byte, PL_EXPECT_START);
}

static bool take_method(struct pl_framing *framing, uint8_t byte)
{
    if (byte == ' ')
        pl_framing_go(framing, PL_EXPECT_TARGET_START);
    else if (!pl_http_is_token(byte) || ++framing->matched >= METHOD_BYTES_MAX)
        return pl_framing_malformed(framing, "the verb is not valid");
    return true;
}

static bool take_target(struct pl_framing *framing, uint8_t byte)
{
    if (byte == ' ' && framing->target_bytes > 0) {
        pl_framing_go(framing, PL_EXPECT_VERSION);
        return true;
    }
    if (byte <= 0x20 || byte >= 0x7f)
        return pl_framing_malformed(framing, "the path has bytes that must be percent-encoded");
    if (framing->target_bytes == PL_FRAMING_TARGET_BYTES_MAX) {
        pl_framing_fail(framing, PL_URI_TOO_LONG, "path and query are longer than 8192 bytes");
        return false;
    }
    if (byte == '&' && framing->fields++ == PL_FRAMING_FIELDS_MAX / 2) {
        pl_framing_fail(framing, PL_URI_TOO_LONG, "the query has more than 64 parameters");
        return false;
    }
    framing->target_bytes++;
    framing->state = PL_EXPECT_TARGET;
    return true;
}

static bool take_version(struct pl_framing *framing, uint8_t byte)
{
    bool minor = framing->matched == 7;

    if (byte != (uint8_t)PL_FRAMING_VERSION[framing->matched] && !(minor && byte == '0'))
        return pl_framing_malformed(framing, "the request line does not end in HTTP/1.1 and CR LF");
    if (minor)
        framing->old = byte == '0';
    framing->matched++;
    if (PL_FRAMING_VERSION[framing->matched] == '\0')
        pl_framing_go(framing, PL_EXPECT_NAME_START);
    return true;
}

bool pl_framing_begin_name(struct pl_framing *framing, uint8_t byte, enum pl_framing_state name)
{
    if (byte == ' ' || byte == '\t')
        return pl_framing_malformed(framing, "a header is folded over several lines");
    if (!pl_http_is_token(byte))
        return pl_framing_malformed(framing,
                                    "a header line does not begin with a name, or a line does not end in CR LF");
    if (framing->fields++ >= PL_FRAMING_FIELDS_MAX) {
        pl_framing_fail(framing, PL_HEADERS_TOO_LARGE, "there are more than 128 headers and query parameters");
        return false;
    }
    framing->name[0] = (char)pl_http_lower(byte);
    framing->name_bytes = 1;
    framing->value_bytes = 0;
    pl_framing_go(framing, name);
    return true;
}

static bool take_name_start(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        pl_framing_go(framing, PL_EXPECT_HEAD_LF);
        return true;
    }
    return pl_framing_begin_name(framing, byte, PL_EXPECT_NAME);
}

bool pl_framing_add_to_name(struct pl_framing *framing, uint8_t byte, enum pl_framing_state value)
{
    if (byte == ':') {
        pl_framing_go(framing, value);
        return true;
    }
    if (!pl_http_is_token(byte))
        return pl_framing_malformed(framing, "a header's name is not valid, or is not followed by a colon");
    if (framing->name_bytes < PL_FRAMING_NAME_BYTES)
        framing->name[framing->name_bytes++] = (char)pl_http_lower(byte);
    return true;
}

static bool take_name(struct pl_framing *framing, uint8_t byte)
{
    return pl_framing_add_to_name(framing, byte, PL_EXPECT_VALUE);
}

static bool name_is(const struct pl_framing *framing, const char *name)
{
    return framing->name_bytes == strlen(name) && memcmp(framing->name, name, framing->name_bytes) == 0;
}

static bool end_length(struct pl_framing *framing)
{
    if (framing->value_bytes == 0)
        return pl_framing_malformed(framing, "Content-Length is empty");
    for (unsigned i = 0; i < framing->value_bytes; i++)
        framing->body_bytes = framing->body_bytes * 10 + (uint64_t)(framing->value[i] - '0');
    return true;
}

static bool end_transfer_encoding(struct pl_framing *framing)
{
    if (framing->chunked || framing->value_bytes != 7 || memcmp(framing->value, "chunked", 7) != 0)
        return pl_framing_malformed(framing, "the only Transfer-Encoding that is known here is \"chunked\", once");
    framing->chunked = true;
    return true;
}

/* At the CR behind a value: what the headers that frame a request say. */
static bool end_value(struct pl_framing *framing)
{
    if (name_is(framing, "content-length"))
        return end_length(framing);
    if (name_is(framing, "transfer-encoding"))
        return end_transfer_encoding(framing);
    if (name_is(framing, "host"))
        framing->hosts++;
    return true;
}

/* Only plain digits: what completes a request must be able to make a number of what was read so far. */
static bool add_to_length(struct pl_framing *framing, uint8_t byte)
{
    if (framing->value_bytes == 0 && framing->length_given)
        return pl_framing_malformed(framing, "there is more than one Content-Length");
    if (!pl_http_is_digit(byte) || framing->value_bytes == LENGTH_DIGITS_MAX)
        return pl_framing_malformed(framing, "Content-Length is not a number of bytes");
    framing->length_given = true;
    framing->value[framing->value_bytes++] = (char)byte;
    return true;
}

static bool take_value(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        if (!end_value(framing))
            return false;
        pl_framing_go(framing, PL_EXPECT_VALUE_LF);
        return true;
    }
    if (!pl_http_is_text(byte))
        return pl_framing_malformed(framing, "a header has a control character, or a line does not end in CR LF");
    if (framing->value_bytes == 0 && (byte == ' ' || byte == '\t'))
        return true;
    if (name_is(framing, "content-length"))
        return add_to_length(framing, byte);
    if (framing->value_bytes < PL_FRAMING_VALUE_BYTES)
        framing->value[framing->value_bytes++] = (char)pl_http_lower(byte);
    return true;
}

static bool take_value_lf(struct pl_framing *framing, uint8_t byte)
{
    return pl_framing_take_lf(framing, byte, PL_EXPECT_NAME_START);
}

/* RFC 9112 section 6.3. A fault found here does not take the line feed back: the head is complete. */
static void end_head(struct pl_framing *framing)
{
    if (framing->chunked && framing->length_given)
        pl_framing_malformed(framing, "there are both Content-Length and Transfer-Encoding");
    if (framing->chunked && framing->old)
        pl_framing_malformed(framing, "HTTP/1.0 has no Transfer-Encoding");
    if (framing->hosts != 1)
        pl_framing_malformed(framing,
                             framing->hosts == 0 ? "the header Host is missing" : "there is more than one header Host");
    if (framing->body_bytes > framing->body_bytes_max)
        pl_framing_fail(framing, PL_MESSAGE_TOO_LARGE, "the body is larger than allowed here");
    framing->remaining = framing->body_bytes;
    framing->head_bytes = 0;
    if (framing->status != PL_OK || (!framing->chunked && framing->remaining == 0))
        pl_framing_go(framing, PL_EXPECT_NOTHING);
    else
        pl_framing_go(framing, framing->chunked ? PL_EXPECT_CHUNK_SIZE : PL_EXPECT_BODY);
}

static bool take_head_lf(struct pl_framing *framing, uint8_t byte)
{
    if (!pl_framing_take_lf(framing, byte, PL_EXPECT_NOTHING))
        return false;
    end_head(framing);
    return true;
}

const struct pl_framing_step pl_framing_head_steps[] = {
    [PL_EXPECT_START] = {take_start, 'X', PL_EXPECT_METHOD},
    [PL_EXPECT_START_LF] = {take_start_lf, '\n', PL_EXPECT_START},
    [PL_EXPECT_METHOD] = {take_method, ' ', PL_EXPECT_TARGET_START},
    [PL_EXPECT_TARGET_START] = {take_target, '/', PL_EXPECT_TARGET},
    [PL_EXPECT_TARGET] = {take_target, ' ', PL_EXPECT_VERSION},
    [PL_EXPECT_VERSION] = {take_version, '\0', PL_EXPECT_VERSION},
    [PL_EXPECT_NAME_START] = {take_name_start, '\r', PL_EXPECT_HEAD_LF},
    [PL_EXPECT_NAME] = {take_name, ':', PL_EXPECT_VALUE},
    [PL_EXPECT_VALUE] = {take_value, '\r', PL_EXPECT_VALUE_LF},
    [PL_EXPECT_VALUE_LF] = {take_value_lf, '\n', PL_EXPECT_NAME_START},
    [PL_EXPECT_HEAD_LF] = {take_head_lf, '\n', PL_EXPECT_NOTHING},
};
