/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* By the descriptors: what is added to the frames in the protos is known here by that. */
#include "gateway/websocket/frame.h"

#include <string.h>

#include "base/limits.h"
#include "gateway/json/json.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/codec.h"

static enum pl_status read_json(struct pl_ws_bytes message, struct pl_arena *arena, ProtobufCMessage **ret_frame,
                                const char **ret_sentence)
{
    struct pl_json_problem problem;
    enum pl_status status = pl_json_read((const char *)message.data, message.bytes,
                                         &parley__v1__client_frame__descriptor, arena, ret_frame, &problem);
    if (status == PL_OK)
        return PL_OK;
    bool has_path = problem.path[0] != '\0';
    *ret_sentence = pl_arena_printf(arena, "%s%s%s", problem.path, has_path ? " " : "", problem.sentence);
    return status;
}

static enum pl_status pack(const ProtobufCMessage *message, struct pl_arena *arena, struct pl_ws_bytes *ret_bytes)
{
    size_t bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *data = pl_arena_alloc(arena, bytes);
    protobuf_c_message_pack(message, data);
    *ret_bytes = (struct pl_ws_bytes){.data = data, .bytes = bytes};
    return PL_OK;
}

enum pl_status pl_ws_frame_read(enum pl_ws_format format, struct pl_ws_bytes message, struct pl_arena *arena,
                                struct pl_ws_bytes *ret_frame, const char **ret_sentence)
{
    ProtobufCMessage *frame = NULL;
    if (format == PL_WS_PROTO) {
        *ret_frame = message;
        return PL_OK;
    }
    enum pl_status status = read_json(message, arena, &frame, ret_sentence);
    return status == PL_OK ? pack(frame, arena, ret_frame) : status;
}

static bool has_only_reauth(const Parley__V1__ClientFrame *frame)
{
    Parley__V1__ClientFrame alone = PARLEY__V1__CLIENT_FRAME__INIT;
    alone.reauth = frame->reauth;
    return frame->reauth != NULL &&
           protobuf_c_message_get_packed_size(&alone.base) == protobuf_c_message_get_packed_size(&frame->base);
}

static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

enum pl_status pl_ws_frame_read_token(enum pl_ws_format format, struct pl_ws_bytes message, struct pl_arena *arena,
                                      const char **ret_token, const char **ret_sentence)
{
    ProtobufCMessage *read = NULL;
    enum pl_status status = format == PL_WS_JSON ? read_json(message, arena, &read, ret_sentence)
                                                 : pl_codec_unpack(&parley__v1__client_frame__descriptor, message.data,
                                                                   message.bytes, arena, &read);
    const Parley__V1__ClientFrame *frame = (const Parley__V1__ClientFrame *)read;
    if (status != PL_OK)
        return status;
    if (!has_only_reauth(frame)) {
        *ret_sentence = "send authorization with the handshake, or reauth alone as the first frame";
        return PL_CREDENTIALS_MISSING;
    }
    const char *token = frame->reauth->token;
    if (token[0] == '\0' || strlen(token) > PL_TOKEN_BYTES_MAX || !is_visible(token))
        return PL_TOKEN_INVALID;
    *ret_token = token;
    return PL_OK;
}

enum pl_status pl_ws_frame_write(enum pl_ws_format format, struct pl_ws_bytes frame, struct pl_arena *arena,
                                 struct pl_buf *text, struct pl_ws_bytes *ret_message)
{
    ProtobufCMessage *message = NULL;
    *ret_message = frame;
    if (format == PL_WS_PROTO)
        return PL_OK;
    if (pl_codec_unpack(&parley__v1__server_frame__descriptor, frame.data, frame.bytes, arena, &message) != PL_OK)
        return PL_INTERNAL;
    pl_buf_reset(text);
    pl_json_write(text, message);
    *ret_message = (struct pl_ws_bytes){.data = text->data, .bytes = text->bytes};
    return text->overflowed ? PL_INTERNAL : PL_OK;
}

struct pl_ws_bytes pl_ws_frame_going_away(int reconnect_after_ms, struct pl_arena *arena)
{
    Parley__V1__ServerFrame frame = PARLEY__V1__SERVER_FRAME__INIT;
    Parley__V1__GoingAway going_away = PARLEY__V1__GOING_AWAY__INIT;
    struct pl_ws_bytes bytes;
    going_away.reason = (char *)(uintptr_t)pl_status_reason(PL_DRAINING);
    going_away.reconnect_after_ms = reconnect_after_ms;
    frame.going_away = &going_away;
    pl_assert(pack(&frame.base, arena, &bytes) == PL_OK);
    return bytes;
}
