/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* protobuf-c's messages in an arena. */
#ifndef PL_TESTS_BENCH_MESSAGE_H
#define PL_TESTS_BENCH_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

/* NULL when the bytes are no such message. */
ProtobufCMessage *bench_message_unpack(const ProtobufCMessageDescriptor *descriptor, const uint8_t *data, size_t bytes,
                                       struct pl_arena *arena);

#endif
