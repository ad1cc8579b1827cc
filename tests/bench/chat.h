/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A sender and a receiver in their chat, and the messages between them that are not done. A message is done when the
 * sender was told its seq and the receiver has it; then its place in the window is free. On the worker's thread.
 */
#ifndef PL_TESTS_BENCH_PAIR_H
#define PL_TESTS_BENCH_PAIR_H

#include "base/uuid.h"
#include "bench/device.h"

struct bench_message {
    uint64_t number; /* 0: the place is free */
    struct pl_uuid message_id;
    int64_t due_us;        /* when it was to be sent: latencies count from here */
    int64_t sent_seq;      /* what the sender was told; 0: nothing yet */
    int64_t delivered_seq; /* where the receiver got it; 0: not yet */
};

struct bench_pair {
    struct bench_worker *worker;
    struct bench_device sender, receiver;
    char chat_text[PL_UUID_TEXT_CHARS + 1];
    uint32_t index; /* in all pairs of the run: the sender's number in bodies */
    unsigned body_bytes;
    unsigned window;
    struct bench_message *messages; /* window of them; number n is at n % window */
    uint64_t last_number;           /* of the newest message that was due */
    uint64_t written_number;        /* of the newest that left */
    unsigned in_flight;
};

void bench_pair_init(struct bench_pair *pair, struct bench_worker *worker, uint32_t index);
void bench_pair_fini(struct bench_pair *pair);
/* Room in the window for the next message. */
bool bench_pair_has_room(const struct bench_pair *pair);
/* The next message is due; only while there is room. */
void bench_pair_add(struct bench_pair *pair, int64_t due_us);
/* Puts what is due and not yet written into the sender's frame; false when that is nothing. */
bool bench_pair_put_sends(struct bench_pair *pair, Parley__V1__ClientFrame *frame, struct pl_arena *arena);
/* The sender was told that a message is on disk. */
void bench_pair_sent(struct bench_pair *pair, const Parley__V1__Sent *sent);
/* One of the two devices got the chat's next entry. */
void bench_pair_entry(struct bench_pair *pair, const struct bench_device *device, const Parley__V1__Message *entry);
/* Everything was sent, delivered, acknowledged, and the receipts say so. */
bool bench_pair_is_settled(const struct bench_pair *pair);

#endif
