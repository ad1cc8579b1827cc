/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What the files of the framing share: its states, and the steps from one to the next. Inside gateway/http/framing*.c
 * only.
 *
 *   framing.c         a connection's bytes, step by step, or past content in one; making up the rest
 *   framing_head.c    the steps of the request line and the headers
 *   framing_body.c    the steps around the content of a chunked body
 */
#ifndef PL_GATEWAY_HTTP_FRAMING_STATE_H
#define PL_GATEWAY_HTTP_FRAMING_STATE_H

#include <string.h>

#include "gateway/http/framing.h"

#define PL_FRAMING_VERSION "HTTP/1.1\r\n"

/* What the next byte may be. Those before BODY are the head's. */
enum pl_framing_state {
    PL_EXPECT_START,
    PL_EXPECT_START_LF,
    PL_EXPECT_METHOD,
    PL_EXPECT_TARGET_START,
    PL_EXPECT_TARGET,
    PL_EXPECT_VERSION, /* with the end of the line */
    PL_EXPECT_NAME_START,
    PL_EXPECT_NAME,
    PL_EXPECT_VALUE,
    PL_EXPECT_VALUE_LF,
    PL_EXPECT_HEAD_LF,
    PL_EXPECT_BODY, /* all of the content, by its length */
    PL_EXPECT_CHUNK_SIZE,
    PL_EXPECT_CHUNK_EXTENSION,
    PL_EXPECT_CHUNK_SIZE_LF,
    PL_EXPECT_CHUNK_DATA, /* likewise */
    PL_EXPECT_CHUNK_CR,
    PL_EXPECT_CHUNK_LF,
    PL_EXPECT_TRAILER_START,
    PL_EXPECT_TRAILER_NAME,
    PL_EXPECT_TRAILER_VALUE,
    PL_EXPECT_TRAILER_VALUE_LF,
    PL_EXPECT_TRAILERS_LF,
    PL_EXPECT_NOTHING /* the request is over */
};

/* One state. take takes the next byte; false: it latched a fault, and the state is as it was. */
struct pl_framing_step {
    bool (*take)(struct pl_framing *framing, uint8_t byte);
    char filler;        /* On the shortest way to the end; see fill_byte for those that depend on more. */
    unsigned char next; /* Where the filler leads. */
};

extern const struct pl_framing_step pl_framing_head_steps[]; /* By state. */
extern const struct pl_framing_step pl_framing_body_steps[]; /* By state, less PL_EXPECT_BODY. */

static inline void pl_framing_go(struct pl_framing *framing, enum pl_framing_state state)
{
    framing->state = (unsigned char)state;
    framing->matched = 0;
}

/* Latches PL_MALFORMED_REQUEST. Returns false, for take to return. */
bool pl_framing_malformed(struct pl_framing *framing, const char *sentence);
/* Takes the line feed that must be here, and goes to next. */
bool pl_framing_take_lf(struct pl_framing *framing, uint8_t byte, enum pl_framing_state next);
/* Takes the first byte of the name of a header or trailer, which counts as a field, and goes to name. */
bool pl_framing_begin_name(struct pl_framing *framing, uint8_t byte, enum pl_framing_state name);
/* Takes another byte of it, or the colon behind it, and then goes to value. */
bool pl_framing_add_to_name(struct pl_framing *framing, uint8_t byte, enum pl_framing_state value);

static inline bool pl_http_is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static inline uint8_t pl_http_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* RFC 9110 section 5.6.2, tchar. */
static inline bool pl_http_is_token(uint8_t byte)
{
    return pl_http_is_digit(byte) || (pl_http_lower(byte) >= 'a' && pl_http_lower(byte) <= 'z') ||
           (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* RFC 9110 section 5.5, field-vchar and the white space between. */
static inline bool pl_http_is_text(uint8_t byte)
{
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

#endif
