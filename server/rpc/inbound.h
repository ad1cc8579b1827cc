/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Private to server/rpc: messages out of the bytes of a call. gRPC over HTTP/2 puts before each one byte (is it
 * compressed?) and its length as big-endian 32 bits. One thread.
 */
#ifndef PL_RPC_INBOUND_H
#define PL_RPC_INBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { PL_PREFIX_BYTES = 5 };

/* Zeroed at first. */
struct pl_inbound {
    uint8_t prefix[PL_PREFIX_BYTES];
    uint32_t got; /* of prefix and message */
    uint8_t *message;
};

/*
 * Takes bytes until a message is whole; how many it took. PL_MESSAGE_TOO_LARGE (more than bytes_max) and
 * PL_MALFORMED_MESSAGE (compressed, which is refused: it would be inflated without a bound) as soon as the prefix says
 * so; nothing more is fed then.
 */
enum pl_status pl_inbound_feed(struct pl_inbound *inbound, const uint8_t *data, size_t bytes, size_t bytes_max,
                               size_t *ret_taken) PL_MUST_CHECK;
/* inbound->message has pl_inbound_bytes bytes. */
bool pl_inbound_is_whole(const struct pl_inbound *inbound);
size_t pl_inbound_bytes(const struct pl_inbound *inbound);
/* Something of a message came, and not all of it. */
bool pl_inbound_is_partial(const struct pl_inbound *inbound);
/* For the next message. */
void pl_inbound_reset(struct pl_inbound *inbound);

/* Writes the prefix of a message. */
void pl_prefix_put(uint8_t *ret_prefix, bool is_compressed, size_t bytes);

#endif
