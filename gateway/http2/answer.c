/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * gRPC over HTTP/2: a message has a prefix of one byte (compressed or not) and its length as big-endian 32 bits;
 * trailers have the status, its sentence percent-encoded, and its details in base64, with or without padding.
 */
#include "gateway/http2/answer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/percent.h"

enum { CODE_CHARS_MAX = 3, CODE_BASE = 10, HEADER_BYTES_MAX = 64 << 10 };

static uint32_t length_of(const uint8_t prefix[PL_HTTP2_PREFIX_BYTES])
{
    return (uint32_t)prefix[1] << 24 | (uint32_t)prefix[2] << 16 | (uint32_t)prefix[3] << 8 | prefix[4];
}

void pl_http2_answer_begin(struct pl_http2_call *call)
{
    size_t bytes = protobuf_c_message_get_packed_size(call->request);
    uint8_t *body = pl_arena_alloc(call->arena, PL_HTTP2_PREFIX_BYTES + bytes);
    body[1] = (uint8_t)(bytes >> 24);
    body[2] = (uint8_t)(bytes >> 16);
    body[3] = (uint8_t)(bytes >> 8);
    body[4] = (uint8_t)bytes;
    protobuf_c_message_pack(call->request, body + PL_HTTP2_PREFIX_BYTES);
    call->body = body;
    call->body_bytes = PL_HTTP2_PREFIX_BYTES + bytes;
    call->sentence = "";
}

static bool is_name(const char *name, size_t name_bytes, const char *expected)
{
    return name_bytes == strlen(expected) && memcmp(name, expected, name_bytes) == 0;
}

static void take_code(struct pl_http2_call *call, const char *value, size_t bytes)
{
    char *end;
    const char *text = pl_arena_copy(call->arena, value, bytes);
    long code = strtol(text, &end, CODE_BASE);
    call->has_status = bytes > 0 && bytes < CODE_CHARS_MAX && *end == '\0' && code >= 0;
    call->is_malformed = call->is_malformed || !call->has_status;
    call->grpc_code = (int)code;
}

static void take_sentence(struct pl_http2_call *call, const char *value, size_t bytes)
{
    const char *text;
    if (pl_percent_decode(value, bytes, false, call->arena, &text) == PL_OK)
        call->sentence = text;
}

static void take_details(struct pl_http2_call *call, const char *value, size_t bytes)
{
    size_t got = 0;
    uint8_t *details = pl_arena_alloc(call->arena, bytes + 1);
    while (bytes > 0 && value[bytes - 1] == '=')
        bytes--;
    if (sodium_base642bin(details, bytes + 1, value, bytes, NULL, &got, NULL,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return;
    call->details = details;
    call->details_bytes = got;
}

void pl_http2_answer_header(struct pl_http2_call *call, const char *name, size_t name_bytes, const char *value,
                            size_t value_bytes)
{
    call->header_bytes += name_bytes + value_bytes;
    call->is_malformed = call->is_malformed || call->header_bytes > HEADER_BYTES_MAX;
    if (call->is_malformed)
        return;
    if (is_name(name, name_bytes, "grpc-status"))
        take_code(call, value, value_bytes);
    else if (is_name(name, name_bytes, "grpc-message"))
        take_sentence(call, value, value_bytes);
    else if (is_name(name, name_bytes, "grpc-status-details-bin"))
        take_details(call, value, value_bytes);
    else if (is_name(name, name_bytes, "ratelimit"))
        call->ratelimit = pl_arena_copy(call->arena, value, value_bytes);
    else if (is_name(name, name_bytes, "ratelimit-policy"))
        call->ratelimit_policy = pl_arena_copy(call->arena, value, value_bytes);
}

/* The prefix is whole: room for the message. */
static void begin_message(struct pl_http2_call *call, size_t reply_bytes_max)
{
    size_t bytes = length_of(call->prefix);
    bool is_compressed = call->prefix[0] != 0;
    call->incoming = is_compressed || bytes > reply_bytes_max ? NULL : pl_arena_try_alloc(call->arena, bytes + 1);
    call->is_malformed = call->incoming == NULL;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

void pl_http2_answer_data(struct pl_http2_call *call, const uint8_t *data, size_t bytes, size_t reply_bytes_max)
{
    size_t take = 0;
    if (call->is_malformed || bytes == 0)
        return;
    if (call->got_bytes < PL_HTTP2_PREFIX_BYTES) {
        take = smaller(bytes, PL_HTTP2_PREFIX_BYTES - call->got_bytes);
        memcpy(call->prefix + call->got_bytes, data, take);
        call->got_bytes += take;
        if (call->got_bytes < PL_HTTP2_PREFIX_BYTES)
            return;
        begin_message(call, reply_bytes_max);
    }
    size_t left = PL_HTTP2_PREFIX_BYTES + length_of(call->prefix) - call->got_bytes;
    call->is_malformed = call->is_malformed || bytes - take > left;
    if (call->is_malformed || bytes == take)
        return;
    memcpy(call->incoming + (call->got_bytes - PL_HTTP2_PREFIX_BYTES), data + take, bytes - take);
    call->got_bytes += bytes - take;
}

bool pl_http2_answer_is_whole(struct pl_http2_call *call)
{
    bool is_complete =
        call->got_bytes >= PL_HTTP2_PREFIX_BYTES && call->got_bytes == PL_HTTP2_PREFIX_BYTES + length_of(call->prefix);
    if (call->is_malformed || !call->has_status)
        return false;
    call->reply = is_complete ? call->incoming : NULL;
    call->reply_bytes = is_complete ? length_of(call->prefix) : 0;
    return true;
}
