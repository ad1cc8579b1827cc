/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The bidirectional call of a stream, as a source of events for one thread. At most one call at a time; a new one may
 * be started when the last has ended. Everything here belongs to the stream's thread but for pl_wire_ring.
 */
#ifndef PL_SDK_WIRE_H
#define PL_SDK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/c/src/channel.h"

struct pl_wire;

enum pl_wire_event {
    PL_WIRE_TIMEOUT,
    PL_WIRE_RUNG,     /* somebody called pl_wire_ring */
    PL_WIRE_RECEIVED, /* a message; borrowed until the next wait, and the next one is not read before that */
    PL_WIRE_WRITTEN,  /* the write is done */
    PL_WIRE_ANSWERED, /* what pl_wire_ask asked; pl_wire_take_answer is called before the next wait */
    PL_WIRE_ENDED     /* the call is over, however; pl_wire_end tells */
};

struct pl_wire_bytes {
    const uint8_t *data;
    size_t bytes;
};

/* path is static. */
struct pl_wire *pl_wire_new(struct pl_channel *channel, const char *path);
/* No call may be open. */
void pl_wire_free(struct pl_wire *wire);
/* Starts a call. token: beside the channel's credentials; NULL or empty: none. Copied. */
void pl_wire_open(struct pl_wire *wire, const char *token);
bool pl_wire_is_open(const struct pl_wire *wire);
/* A call is open and no write is in flight. */
bool pl_wire_can_write(const struct pl_wire *wire);
/* Copies. */
void pl_wire_write(struct pl_wire *wire, const void *data, size_t bytes);
/* Says that nothing more will be written; as a write. */
void pl_wire_half_close(struct pl_wire *wire);
/* Starts a unary call beside; one at a time, whether a call is open or not. Freeing the wire cancels it. */
void pl_wire_ask(struct pl_wire *wire, const struct pl_unary *unary);
bool pl_wire_is_asking(const struct pl_wire *wire);
/* After PL_WIRE_ANSWERED: the reply, in the arena, or why there is none. ret_error is not NULL. */
parley_status pl_wire_take_answer(struct pl_wire *wire, struct pl_arena *arena, ProtobufCMessage **ret_reply,
                                  parley_error *ret_error);
/* PL_WIRE_ENDED follows soon. */
void pl_wire_cancel(struct pl_wire *wire);
/* Blocks until deadline_us (pl_clock_now_us) at most. */
enum pl_wire_event pl_wire_wait(struct pl_wire *wire, int64_t deadline_us, struct pl_wire_bytes *ret_bytes);
/* How the last call ended: PARLEY_OK when the server ended it well. Valid after PL_WIRE_ENDED. */
const parley_error *pl_wire_end(const struct pl_wire *wire);
/* Any thread: ends the wait that runs, or the next. */
void pl_wire_ring(struct pl_wire *wire);

#endif
