/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Where an HTTP/1.1 request begins and ends, read as strictly as RFC 9112 allows: a state machine over the bytes of one
 * connection, one request after the other. It keeps nothing of what it reads but counts. Not thread-safe.
 *
 * Its use is in front of a lenient parser that reads the same bytes: that one is only ever given a valid request. After
 * a fault, pl_framing_fill makes up the shortest valid rest, so that the parser comes to an end and the fault can be
 * answered.
 */
#ifndef PL_GATEWAY_HTTP_FRAMING_H
#define PL_GATEWAY_HTTP_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    PL_FRAMING_HEAD_BYTES_MAX = 12 << 10,
    PL_FRAMING_TARGET_BYTES_MAX = 8 << 10,
    PL_FRAMING_FIELDS_MAX = 128, /* headers, trailers and query parameters together */
    PL_FRAMING_NAME_BYTES = 20,
    PL_FRAMING_VALUE_BYTES = 20,
};

enum pl_framing_phase { PL_FRAMING_IDLE, PL_FRAMING_HEAD, PL_FRAMING_BODY, PL_FRAMING_DONE };

struct pl_framing {
    unsigned char state; /* Private; see framing_state.h. */
    bool length_given;
    bool chunked;
    bool old;              /* HTTP/1.0 */
    bool excess;           /* Bytes came behind the end of the request. */
    enum pl_status status; /* PL_OK, or the fault. */
    const char *sentence;  /* Static; of the fault. */
    unsigned hosts;
    unsigned fields;
    unsigned head_bytes; /* Of the head, then of the framing of one chunk, the last one's with the trailers. */
    unsigned target_bytes;
    unsigned matched; /* Of a fixed text, or of a chunk's length: how many bytes were read. */
    uint64_t body_bytes_max;
    uint64_t body_bytes; /* Announced so far. */
    uint64_t remaining;  /* Of the body or chunk. */
    unsigned char name_bytes;
    unsigned char value_bytes;
    char name[PL_FRAMING_NAME_BYTES];   /* Lower case; too long: cut, and then of no interest. */
    char value[PL_FRAMING_VALUE_BYTES]; /* Likewise. */
};

/* Before the first request and after each. */
void pl_framing_init(struct pl_framing *framing, uint64_t body_bytes_max);
enum pl_framing_phase pl_framing_phase(const struct pl_framing *framing);
/*
 * Reads bytes. Returns how many belong to the request and are valid; what follows them is dropped: either there was a
 * fault (framing->status) or the request has ended (framing->excess).
 */
size_t pl_framing_put(struct pl_framing *framing, const uint8_t *data, size_t bytes);
/* Latches a fault found elsewhere. The first one counts. */
void pl_framing_fail(struct pl_framing *framing, enum pl_status status, const char *sentence);
/*
 * After a fault: writes up to bytes bytes of what completes the request, and reads them itself. Returns 0 when it is
 * complete; a head without its body counts as such.
 */
size_t pl_framing_fill(struct pl_framing *framing, uint8_t *data, size_t bytes);

#endif
