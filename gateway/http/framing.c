/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Each state is "what the next byte may be": one row of a table, with the function that takes the byte, and the byte
 * that leads to the end of the request on the shortest way. A fault leaves the state as it was before the bad byte,
 * which is what makes a request that began badly completable.
 *
 * Refused although some RFC allows a recipient to repair it: bare LF, obs-fold, space before a colon, more than one
 * Content-Length, any transfer coding but one "chunked", spaces behind either, NUL and other control characters. A body
 * is passed over in one step.
 */
#include "gateway/http/framing.h"

#include <string.h>

enum state {
    START,
    START_LF,
    METHOD,
    TARGET_START,
    TARGET,
    VERSION, /* with the end of the line */
    NAME_START,
    NAME,
    VALUE,
    VALUE_LF,
    HEAD_LF,
    BODY,
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_CR,
    CHUNK_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_VALUE_LF,
    TRAILERS_LF,
    DONE,
    STATE_COUNT
};

enum { METHOD_BYTES_MAX = 32, CHUNK_SIZE_DIGITS_MAX = 8, LENGTH_DIGITS_MAX = 18 };

static const char version_text[] = "HTTP/1.1\r\n";

static void go(struct pl_framing *framing, enum state state)
{
    framing->state = (unsigned char)state;
    framing->matched = 0;
}

void pl_framing_init(struct pl_framing *framing, uint64_t body_bytes_max)
{
    *framing = (struct pl_framing){.body_bytes_max = body_bytes_max};
}

void pl_framing_fail(struct pl_framing *framing, enum pl_status status, const char *sentence)
{
    if (framing->status != PL_OK)
        return;
    framing->status = status;
    framing->sentence = sentence;
}

static bool malformed(struct pl_framing *framing, const char *sentence)
{
    pl_framing_fail(framing, PL_MALFORMED_REQUEST, sentence);
    return false;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* RFC 9110 section 5.6.2, tchar. */
static bool is_token(uint8_t byte)
{
    return is_digit(byte) || (lower(byte) >= 'a' && lower(byte) <= 'z') ||
           (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* RFC 9110 section 5.5, field-vchar and the white space between. */
static bool is_text(uint8_t byte)
{
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

static bool take_lf(struct pl_framing *framing, uint8_t byte, enum state next)
{
    if (byte != '\n')
        return malformed(framing, "a carriage return is not followed by a line feed");
    go(framing, next);
    return true;
}

static bool take_start(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        go(framing, START_LF);
        return true;
    }
    if (!is_token(byte))
        return malformed(framing, "the request does not begin with a verb");
    go(framing, METHOD);
    return true;
}

static bool take_start_lf(struct pl_framing *framing, uint8_t byte)
{
    return take_lf(framing, byte, START);
}

static bool take_method(struct pl_framing *framing, uint8_t byte)
{
    if (byte == ' ')
        go(framing, TARGET_START);
    else if (!is_token(byte) || ++framing->matched >= METHOD_BYTES_MAX)
        return malformed(framing, "the verb is not valid");
    return true;
}

static bool take_target(struct pl_framing *framing, uint8_t byte)
{
    if (byte == ' ' && framing->target_bytes > 0) {
        go(framing, VERSION);
        return true;
    }
    if (byte <= 0x20 || byte >= 0x7f)
        return malformed(framing, "the path has bytes that must be percent-encoded");
    if (framing->target_bytes == PL_FRAMING_TARGET_BYTES_MAX) {
        pl_framing_fail(framing, PL_URI_TOO_LONG, "path and query are longer than 8192 bytes");
        return false;
    }
    if (byte == '&' && framing->fields++ == PL_FRAMING_FIELDS_MAX / 2) {
        pl_framing_fail(framing, PL_URI_TOO_LONG, "the query has more than 64 parameters");
        return false;
    }
    framing->target_bytes++;
    framing->state = TARGET;
    return true;
}

static bool take_version(struct pl_framing *framing, uint8_t byte)
{
    bool minor = framing->matched == 7;

    if (byte != (uint8_t)version_text[framing->matched] && !(minor && byte == '0'))
        return malformed(framing, "the request line does not end in HTTP/1.1 and CR LF");
    if (minor)
        framing->old = byte == '0';
    framing->matched++;
    if (version_text[framing->matched] == '\0')
        go(framing, NAME_START);
    return true;
}

static bool begin_name(struct pl_framing *framing, uint8_t byte, enum state name)
{
    if (byte == ' ' || byte == '\t')
        return malformed(framing, "a header is folded over several lines");
    if (!is_token(byte))
        return malformed(framing, "a header line does not begin with a name, or a line does not end in CR LF");
    if (framing->fields++ >= PL_FRAMING_FIELDS_MAX) {
        pl_framing_fail(framing, PL_HEADERS_TOO_LARGE, "there are more than 128 headers and query parameters");
        return false;
    }
    framing->name[0] = (char)lower(byte);
    framing->name_bytes = 1;
    framing->value_bytes = 0;
    go(framing, name);
    return true;
}

static bool take_name_start(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        go(framing, HEAD_LF);
        return true;
    }
    return begin_name(framing, byte, NAME);
}

static bool add_to_name(struct pl_framing *framing, uint8_t byte, enum state value)
{
    if (byte == ':') {
        go(framing, value);
        return true;
    }
    if (!is_token(byte))
        return malformed(framing, "a header's name is not valid, or is not followed by a colon");
    if (framing->name_bytes < PL_FRAMING_NAME_BYTES)
        framing->name[framing->name_bytes++] = (char)lower(byte);
    return true;
}

static bool take_name(struct pl_framing *framing, uint8_t byte)
{
    return add_to_name(framing, byte, VALUE);
}

static bool name_is(const struct pl_framing *framing, const char *name)
{
    return framing->name_bytes == strlen(name) && memcmp(framing->name, name, framing->name_bytes) == 0;
}

static bool end_length(struct pl_framing *framing)
{
    if (framing->value_bytes == 0)
        return malformed(framing, "Content-Length is empty");
    for (unsigned i = 0; i < framing->value_bytes; i++)
        framing->body_bytes = framing->body_bytes * 10 + (uint64_t)(framing->value[i] - '0');
    return true;
}

static bool end_transfer_encoding(struct pl_framing *framing)
{
    if (framing->chunked || framing->value_bytes != 7 || memcmp(framing->value, "chunked", 7) != 0)
        return malformed(framing, "the only Transfer-Encoding that is known here is \"chunked\", once");
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
        return malformed(framing, "there is more than one Content-Length");
    if (!is_digit(byte) || framing->value_bytes == LENGTH_DIGITS_MAX)
        return malformed(framing, "Content-Length is not a number of bytes");
    framing->length_given = true;
    framing->value[framing->value_bytes++] = (char)byte;
    return true;
}

static bool take_value(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        if (!end_value(framing))
            return false;
        go(framing, VALUE_LF);
        return true;
    }
    if (!is_text(byte))
        return malformed(framing, "a header has a control character, or a line does not end in CR LF");
    if (framing->value_bytes == 0 && (byte == ' ' || byte == '\t'))
        return true;
    if (name_is(framing, "content-length"))
        return add_to_length(framing, byte);
    if (framing->value_bytes < PL_FRAMING_VALUE_BYTES)
        framing->value[framing->value_bytes++] = (char)lower(byte);
    return true;
}

static bool take_value_lf(struct pl_framing *framing, uint8_t byte)
{
    return take_lf(framing, byte, NAME_START);
}

/* RFC 9112 section 6.3. A fault found here does not take the line feed back: the head is complete. */
static void end_head(struct pl_framing *framing)
{
    if (framing->chunked && framing->length_given)
        malformed(framing, "there are both Content-Length and Transfer-Encoding");
    if (framing->chunked && framing->old)
        malformed(framing, "HTTP/1.0 has no Transfer-Encoding");
    if (framing->hosts != 1)
        malformed(framing, framing->hosts == 0 ? "the header Host is missing" : "there is more than one header Host");
    if (framing->body_bytes > framing->body_bytes_max)
        pl_framing_fail(framing, PL_MESSAGE_TOO_LARGE, "the body is larger than allowed here");
    framing->remaining = framing->body_bytes;
    framing->head_bytes = 0;
    if (framing->status != PL_OK || (!framing->chunked && framing->remaining == 0))
        go(framing, DONE);
    else
        go(framing, framing->chunked ? CHUNK_SIZE : BODY);
}

static bool take_head_lf(struct pl_framing *framing, uint8_t byte)
{
    if (!take_lf(framing, byte, DONE))
        return false;
    end_head(framing);
    return true;
}

static unsigned hex_value(uint8_t byte)
{
    if (is_digit(byte))
        return byte - '0';
    byte = lower(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : 16;
}

static bool take_chunk_size(struct pl_framing *framing, uint8_t byte)
{
    unsigned digit = hex_value(byte);

    if (framing->matched > 0 && (byte == '\r' || byte == ';')) {
        go(framing, byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_LF);
        return true;
    }
    if (digit == 16 || framing->matched == CHUNK_SIZE_DIGITS_MAX)
        return malformed(framing, "the length of a chunk is not valid");
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
        go(framing, CHUNK_SIZE_LF);
    else if (!is_text(byte))
        return malformed(framing, "the extension of a chunk is not valid");
    return true;
}

static bool take_chunk_size_lf(struct pl_framing *framing, uint8_t byte)
{
    framing->body_bytes += framing->remaining;
    return take_lf(framing, byte, framing->remaining == 0 ? TRAILER_START : CHUNK_DATA);
}

static bool take_chunk_cr(struct pl_framing *framing, uint8_t byte)
{
    if (byte != '\r')
        return malformed(framing, "a chunk is longer than its length says");
    go(framing, CHUNK_LF);
    return true;
}

static bool take_chunk_lf(struct pl_framing *framing, uint8_t byte)
{
    framing->head_bytes = 0;
    return take_lf(framing, byte, CHUNK_SIZE);
}

static bool take_trailer_start(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r') {
        go(framing, TRAILERS_LF);
        return true;
    }
    return begin_name(framing, byte, TRAILER_NAME);
}

static bool take_trailer_name(struct pl_framing *framing, uint8_t byte)
{
    return add_to_name(framing, byte, TRAILER_VALUE);
}

static bool take_trailer_value(struct pl_framing *framing, uint8_t byte)
{
    if (byte == '\r')
        go(framing, TRAILER_VALUE_LF);
    else if (!is_text(byte))
        return malformed(framing, "a trailer has a control character, or a line does not end in CR LF");
    return true;
}

static bool take_trailer_value_lf(struct pl_framing *framing, uint8_t byte)
{
    return take_lf(framing, byte, TRAILER_START);
}

static bool take_trailers_lf(struct pl_framing *framing, uint8_t byte)
{
    return take_lf(framing, byte, DONE);
}

static const struct {
    bool (*take)(struct pl_framing *framing, uint8_t byte);
    char filler;        /* On the shortest way to the end; see fill_byte for those that depend on more. */
    unsigned char next; /* Where the filler leads. */
} states[STATE_COUNT] = {
    [START] = {take_start, 'X', METHOD},
    [START_LF] = {take_start_lf, '\n', START},
    [METHOD] = {take_method, ' ', TARGET_START},
    [TARGET_START] = {take_target, '/', TARGET},
    [TARGET] = {take_target, ' ', VERSION},
    [VERSION] = {take_version, '\0', VERSION},
    [NAME_START] = {take_name_start, '\r', HEAD_LF},
    [NAME] = {take_name, ':', VALUE},
    [VALUE] = {take_value, '\r', VALUE_LF},
    [VALUE_LF] = {take_value_lf, '\n', NAME_START},
    [HEAD_LF] = {take_head_lf, '\n', DONE},
    [CHUNK_SIZE] = {take_chunk_size, '\r', CHUNK_SIZE_LF},
    [CHUNK_EXTENSION] = {take_chunk_extension, '\r', CHUNK_SIZE_LF},
    [CHUNK_SIZE_LF] = {take_chunk_size_lf, '\n', CHUNK_DATA},
    [CHUNK_CR] = {take_chunk_cr, '\r', CHUNK_LF},
    [CHUNK_LF] = {take_chunk_lf, '\n', CHUNK_SIZE},
    [TRAILER_START] = {take_trailer_start, '\r', TRAILERS_LF},
    [TRAILER_NAME] = {take_trailer_name, ':', TRAILER_VALUE},
    [TRAILER_VALUE] = {take_trailer_value, '\r', TRAILER_VALUE_LF},
    [TRAILER_VALUE_LF] = {take_trailer_value_lf, '\n', TRAILER_START},
    [TRAILERS_LF] = {take_trailers_lf, '\n', DONE},
};

enum pl_framing_phase pl_framing_phase(const struct pl_framing *framing)
{
    if (framing->state == DONE)
        return PL_FRAMING_DONE;
    if (framing->state >= BODY)
        return PL_FRAMING_BODY;
    return framing->head_bytes == 0 ? PL_FRAMING_IDLE : PL_FRAMING_HEAD;
}

/* How many of bytes are content; 0 outside of content. */
static size_t pass_content(struct pl_framing *framing, size_t bytes)
{
    if (framing->state != BODY && framing->state != CHUNK_DATA)
        return 0;
    if (bytes > framing->remaining)
        bytes = (size_t)framing->remaining;
    framing->remaining -= bytes;
    if (framing->remaining == 0)
        go(framing, framing->state == BODY ? DONE : CHUNK_CR);
    return bytes;
}

static bool take_byte(struct pl_framing *framing, uint8_t byte)
{
    if (framing->head_bytes == PL_FRAMING_HEAD_BYTES_MAX) {
        pl_framing_fail(framing, PL_HEADERS_TOO_LARGE, "the headers are larger than 12288 bytes");
        return false;
    }
    framing->head_bytes++;
    return states[framing->state].take(framing, byte);
}

size_t pl_framing_put(struct pl_framing *framing, const uint8_t *data, size_t bytes)
{
    size_t done = 0;

    while (done < bytes && framing->state != DONE && framing->status == PL_OK) {
        size_t content = pass_content(framing, bytes - done);
        if (content == 0 && !take_byte(framing, data[done]))
            return done;
        done += content > 0 ? content : 1;
    }
    if (done < bytes)
        framing->excess = true;
    return done;
}

static uint8_t fill_version(struct pl_framing *framing)
{
    uint8_t byte = (uint8_t)version_text[framing->matched++];

    if (version_text[framing->matched] == '\0')
        go(framing, NAME_START);
    return byte;
}

static uint8_t fill_byte(struct pl_framing *framing)
{
    uint8_t byte = (uint8_t)states[framing->state].filler;

    if (framing->state == VERSION)
        return fill_version(framing);
    if (framing->state == VALUE && framing->value_bytes == 0) {
        framing->value_bytes = 1;
        return '0';
    }
    if (framing->state == CHUNK_SIZE && framing->matched == 0) {
        framing->matched = 1;
        return '0';
    }
    if (framing->state == CHUNK_SIZE_LF && framing->remaining == 0)
        go(framing, TRAILER_START);
    else
        go(framing, states[framing->state].next);
    return byte;
}

size_t pl_framing_fill(struct pl_framing *framing, uint8_t *data, size_t bytes)
{
    size_t done = 0;

    while (done < bytes && framing->state != DONE) {
        size_t content = pass_content(framing, bytes - done);
        if (content == 0)
            data[done] = fill_byte(framing);
        else
            memset(data + done, 0, content);
        done += content > 0 ? content : 1;
    }
    return done;
}
