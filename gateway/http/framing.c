/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Each state is "what the next byte may be": one row of a table, with the function that takes the byte, and the byte
 * that leads to the end of the request on the shortest way. A fault leaves the state as it was before the bad byte,
 * which is what makes a request that began badly completable.
 *
 * Refused although some RFC allows a recipient to repair it: bare LF, obs-fold, space before a colon, more than one
 * Content-Length, any transfer coding but one "chunked", spaces behind either, NUL and other control characters. A body
 * is passed over in one step, and so is what a long value of a header goes on with.
 */
#include <string.h>

#include "gateway/http/framing_state.h"

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

bool pl_framing_malformed(struct pl_framing *framing, const char *sentence)
{
    pl_framing_fail(framing, PL_MALFORMED_REQUEST, sentence);
    return false;
}

bool pl_framing_take_lf(struct pl_framing *framing, uint8_t byte, enum pl_framing_state next)
{
    if (byte != '\n')
        return pl_framing_malformed(framing, "a carriage return is not followed by a line feed");
    pl_framing_go(framing, next);
    return true;
}

/* The step that takes the next byte; not within content. */
static const struct pl_framing_step *next_step(const struct pl_framing *framing)
{
    if (framing->state < PL_EXPECT_BODY)
        return &pl_framing_head_steps[framing->state];
    return &pl_framing_body_steps[framing->state - PL_EXPECT_BODY];
}

enum pl_framing_phase pl_framing_phase(const struct pl_framing *framing)
{
    if (framing->state == PL_EXPECT_NOTHING)
        return PL_FRAMING_DONE;
    if (framing->state >= PL_EXPECT_BODY)
        return PL_FRAMING_BODY;
    return framing->head_bytes == 0 ? PL_FRAMING_IDLE : PL_FRAMING_HEAD;
}

/* How many of bytes are content; 0 outside of content. */
static size_t pass_content(struct pl_framing *framing, size_t bytes)
{
    if (framing->state != PL_EXPECT_BODY && framing->state != PL_EXPECT_CHUNK_DATA)
        return 0;
    if (bytes > framing->remaining)
        bytes = (size_t)framing->remaining;
    framing->remaining -= bytes;
    if (framing->remaining == 0)
        pl_framing_go(framing, framing->state == PL_EXPECT_BODY ? PL_EXPECT_NOTHING : PL_EXPECT_CHUNK_CR);
    return bytes;
}

/* How many of bytes go on with a value that is too long to matter; 0 elsewhere. A token is most of many a request. */
static size_t pass_value(struct pl_framing *framing, const uint8_t *data, size_t bytes)
{
    size_t room = PL_FRAMING_HEAD_BYTES_MAX - framing->head_bytes;
    size_t passed = 0;

    if (framing->state != PL_EXPECT_VALUE || framing->value_bytes < PL_FRAMING_VALUE_BYTES)
        return 0;
    while (passed < bytes && passed < room && pl_http_is_text(data[passed]))
        passed++;
    framing->head_bytes += (unsigned)passed;
    return passed;
}

static bool take_byte(struct pl_framing *framing, uint8_t byte)
{
    if (framing->head_bytes == PL_FRAMING_HEAD_BYTES_MAX) {
        pl_framing_fail(framing, PL_HEADERS_TOO_LARGE, "the headers are larger than 12288 bytes");
        return false;
    }
    framing->head_bytes++;
    return next_step(framing)->take(framing, byte);
}

size_t pl_framing_put(struct pl_framing *framing, const uint8_t *data, size_t bytes)
{
    size_t done = 0;

    while (done < bytes && framing->state != PL_EXPECT_NOTHING && framing->status == PL_OK) {
        size_t passed = pass_content(framing, bytes - done);
        if (passed == 0)
            passed = pass_value(framing, data + done, bytes - done);
        if (passed == 0 && !take_byte(framing, data[done]))
            return done;
        done += passed > 0 ? passed : 1;
    }
    if (done < bytes)
        framing->excess = true;
    return done;
}

static uint8_t fill_version(struct pl_framing *framing)
{
    uint8_t byte = (uint8_t)PL_FRAMING_VERSION[framing->matched++];

    if (PL_FRAMING_VERSION[framing->matched] == '\0')
        pl_framing_go(framing, PL_EXPECT_NAME_START);
    return byte;
}

static uint8_t fill_byte(struct pl_framing *framing)
{
    const struct pl_framing_step *step = next_step(framing);

    if (framing->state == PL_EXPECT_VERSION)
        return fill_version(framing);
    if (framing->state == PL_EXPECT_VALUE && framing->value_bytes == 0) {
        framing->value_bytes = 1;
        return '0';
    }
    if (framing->state == PL_EXPECT_CHUNK_SIZE && framing->matched == 0) {
        framing->matched = 1;
        return '0';
    }
    if (framing->state == PL_EXPECT_CHUNK_SIZE_LF && framing->remaining == 0)
        pl_framing_go(framing, PL_EXPECT_TRAILER_START);
    else
        pl_framing_go(framing, step->next);
    return (uint8_t)step->filler;
}

size_t pl_framing_fill(struct pl_framing *framing, uint8_t *data, size_t bytes)
{
    size_t done = 0;

    while (done < bytes && framing->state != PL_EXPECT_NOTHING) {
        size_t content = pass_content(framing, bytes - done);
        if (content == 0)
            data[done] = fill_byte(framing);
        else
            memset(data + done, 0, content);
        done += content > 0 ? content : 1;
    }
    return done;
}
