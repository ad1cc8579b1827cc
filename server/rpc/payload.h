/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Private to server/rpc: messages between core's byte buffers and protobuf-c. Any thread. */
#ifndef PL_RPC_PAYLOAD_H
#define PL_RPC_PAYLOAD_H

#include <grpc/byte_buffer.h>
#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/status.h"
#include "rpc/served.h"

/* Empty for NULL: a client that sends no message sends an empty one. */
size_t pl_payload_bytes(grpc_byte_buffer *buffer);
/*
 * A message of the method, in the arena; the buffer is not needed afterwards. PL_MESSAGE_TOO_LARGE (the method's limit,
 * or the arena's), PL_MALFORMED_MESSAGE (also compressed), PL_INVALID_TEXT.
 */
enum pl_status pl_payload_unpack(grpc_byte_buffer *buffer, const struct pl_served *served, struct pl_arena *arena,
                                 ProtobufCMessage **ret_message) PL_MUST_CHECK;
/* Packed straight into the slice that core sends. */
grpc_byte_buffer *pl_payload_pack(const ProtobufCMessage *message);
grpc_byte_buffer *pl_payload_copy(const void *data, size_t bytes);

#endif
