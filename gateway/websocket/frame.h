/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Frames of StreamService as messages of a WebSocket, and back: binary ones are the packed protobuf, text ones its JSON
 * by the rules of docs/api/json.md. Pure; what is given is valid UTF-8 where the format is text.
 */
#ifndef PL_GATEWAY_WEBSOCKET_FRAME_H
#define PL_GATEWAY_WEBSOCKET_FRAME_H

#include "base/arena.h"
#include "base/buf.h"
#include "gateway/websocket/handshake.h"

struct pl_ws_bytes {
    const uint8_t *data;
    size_t bytes;
};

/*
 * A packed ClientFrame, in the arena or the message itself: parleyd is who looks into it. Otherwise the status of what
 * is wrong with the text, as of pl_json_read, and *ret_sentence, in the arena, says where.
 */
enum pl_status pl_ws_frame_read(enum pl_ws_format format, struct pl_ws_bytes message, struct pl_arena *arena,
                                struct pl_ws_bytes *ret_frame, const char **ret_sentence) PL_MUST_CHECK;
/*
 * The token of a frame that has reauth and nothing else. Also PL_CREDENTIALS_MISSING (something else, or more),
 * PL_MALFORMED_MESSAGE, PL_INVALID_TEXT, PL_TOKEN_INVALID (it cannot be one).
 */
enum pl_status pl_ws_frame_read_token(enum pl_ws_format format, struct pl_ws_bytes message, struct pl_arena *arena,
                                      const char **ret_token, const char **ret_sentence) PL_MUST_CHECK;
/*
 * A packed ServerFrame as a message: itself, or in text. PL_INTERNAL when it is none, or too long for the buffer, which
 * is emptied first.
 */
enum pl_status pl_ws_frame_write(enum pl_ws_format format, struct pl_ws_bytes frame, struct pl_arena *arena,
                                 struct pl_buf *text, struct pl_ws_bytes *ret_message) PL_MUST_CHECK;
/* A packed ServerFrame that says DRAINING. In the arena. */
struct pl_ws_bytes pl_ws_frame_going_away(int reconnect_after_ms, struct pl_arena *arena);

#endif
