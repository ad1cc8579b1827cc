/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * From bytes of the outside to a protobuf-c message in an arena. protobuf-c itself checks neither
 * depth nor UTF-8 and expands small input to much memory, so the wire is walked with the
 * descriptors first.
 */
#ifndef PL_RPC_CODEC_H
#define PL_RPC_CODEC_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

#define PL_CODEC_DEPTH_MAX 32
#define PL_CODEC_FIELDS_MAX 65536 /* fields and elements in one message, all levels together */

/*
 * Walks the wire without allocating or recursing. PL_OK; PL_MALFORMED_MESSAGE (truncated, bad
 * varint or tag, groups, wrong wire type for a known field, too deep, too many fields);
 * PL_INVALID_TEXT.
 */
enum pl_status pl_codec_scan(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
                             size_t bytes) PL_MUST_CHECK;
/* Scan, then unpack into the arena; unknown fields are dropped, never freed one by one. Also
 * PL_MESSAGE_TOO_LARGE (arena full). */
enum pl_status pl_codec_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                               struct pl_arena *arena, ProtobufCMessage **ret_message) PL_MUST_CHECK;

/* The same of bytes that one of our own servers has packed: without the scan, and unknown fields are kept. For who does
 * not pack the message again. PL_MALFORMED_MESSAGE, PL_MESSAGE_TOO_LARGE. */
enum pl_status pl_codec_unpack_trusted(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                                       struct pl_arena *arena, ProtobufCMessage **ret_message) PL_MUST_CHECK;

#endif
