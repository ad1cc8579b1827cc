/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * What clients say over WebSocket, after HTTP and wslay have taken it apart. The first byte chooses: a handshake (its
 * five headers are lines), a message in JSON, the first message in protobuf, or a frame of parleyd's to be written as
 * text. Promises: what is passed on to parleyd is a frame; a token is fit for a header; text is UTF-8; and whatever is
 * refused can be said in a close frame.
 */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz.h"
#include "gateway/websocket/close.h"
#include "gateway/websocket/frame.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/codec.h"

enum { HANDSHAKE, JSON_MESSAGE, PROTO_MESSAGE, SERVER_FRAME, WAY_COUNT };

static void check_refusal(enum pl_status status, const char *sentence)
{
    struct pl_ws_close close = pl_ws_close_of(status, sentence);

    pl_assert(status != PL_OK && status != PL_INTERNAL && close.code > PL_WS_NORMAL);
    pl_assert(memchr(close.reason, '\0', sizeof close.reason) != NULL && close.reason[0] != '\0');
    pl_assert(pl_utf8_valid(close.reason, strlen(close.reason)));
}

static void check_handshake(const char *lines, struct pl_arena *arena)
{
    const char *headers[5];
    const char *sentence = NULL;
    char accept[PL_WS_ACCEPT_CHARS + 1];
    enum pl_ws_format format;

    for (unsigned i = 0; i < 5; i++) {
        size_t bytes = strcspn(lines, "\n");
        headers[i] = bytes > 0 ? pl_arena_copy(arena, lines, bytes) : NULL;
        lines += bytes + (lines[bytes] == '\n');
    }
    const struct pl_ws_handshake handshake = {.upgrade = headers[0],
                                              .connection = headers[1],
                                              .version = headers[2],
                                              .key = headers[3],
                                              .protocols = headers[4]};
    enum pl_status status = pl_ws_handshake_read(&handshake, &format, &sentence);
    if (status != PL_OK) {
        pl_assert(sentence != NULL);
        return;
    }
    pl_assert(format == PL_WS_PROTO || format == PL_WS_JSON);
    pl_ws_handshake_accept(handshake.key, accept);
    pl_assert(strlen(accept) == PL_WS_ACCEPT_CHARS);
}

static void check_token(enum pl_ws_format format, struct pl_ws_bytes message, struct pl_arena *arena)
{
    const char *sentence = NULL;
    const char *token = NULL;
    enum pl_status status = pl_ws_frame_read_token(format, message, arena, &token, &sentence);

    if (status != PL_OK) {
        check_refusal(status, sentence);
        return;
    }
    pl_assert(token[0] != '\0' && strlen(token) <= PL_TOKEN_BYTES_MAX);
    for (; *token != '\0'; token++)
        pl_assert(*token > ' ' && *token < 0x7f);
}

static void check_json(struct pl_ws_bytes message, struct pl_arena *arena)
{
    const char *sentence = NULL;
    struct pl_ws_bytes frame;

    if (!pl_utf8_valid((const char *)message.data, message.bytes))
        return; /* wslay takes no other text */
    enum pl_status status = pl_ws_frame_read(PL_WS_JSON, message, arena, &frame, &sentence);
    if (status == PL_OK)
        pl_assert(pl_codec_scan(&parley__v1__client_frame__descriptor, frame.data, frame.bytes) == PL_OK);
    else
        check_refusal(status, sentence);
    check_token(PL_WS_JSON, message, arena);
}

static void check_server_frame(struct pl_ws_bytes frame, struct pl_arena *arena)
{
    struct pl_ws_bytes message;
    struct pl_buf text;

    pl_buf_init(&text, 1 << 16);
    enum pl_status status = pl_ws_frame_write(PL_WS_JSON, frame, arena, &text, &message);
    pl_assert(status == PL_OK || status == PL_INTERNAL);
    if (status == PL_OK)
        pl_assert(message.bytes >= 2 && pl_utf8_valid((const char *)message.data, message.bytes));
    pl_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct pl_arena arena;

    if (bytes == 0)
        return 0;
    struct pl_ws_bytes rest = {.data = data + 1, .bytes = bytes - 1};
    pl_arena_init(&arena, 0);
    switch (data[0] % WAY_COUNT) {
    case HANDSHAKE:
        check_handshake(pl_arena_copy(&arena, rest.data, rest.bytes), &arena);
        break;
    case JSON_MESSAGE:
        check_json(rest, &arena);
        break;
    case PROTO_MESSAGE:
        check_token(PL_WS_PROTO, rest, &arena);
        break;
    default:
        check_server_frame(rest, &arena);
    }
    pl_arena_fini(&arena);
    return 0;
}
