/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A chat of two or a group: one device that sends, those that receive, and the messages between them that are not done.
 * A message is done when its sender was told its seq and every receiver has it; then its place in the window is free.
 * On the worker's thread.
 */
#ifndef PL_TESTS_BENCH_CHAT_H
#define PL_TESTS_BENCH_CHAT_H

#include "base/uuid.h"
#include "bench/device.h"

#define BENCH_TOLD_MAX 1024 /* newest messages of which it is known what was told */

struct bench_message {
    uint64_t number; /* 0: the place is free */
    struct pl_uuid message_id;
    int64_t due_us;        /* when it was to be sent: latencies count from here */
    int64_t sent_seq;      /* what the sender was told; 0: nothing yet */
    int64_t delivered_seq; /* where the first receiver got it; 0: nobody yet */
    unsigned delivered;    /* receivers that have it */
};

/* What the sender was told last of a message of the group. */
struct bench_told {
    int64_t seq;
    int delivered_count;
};

struct bench_chat {
    struct bench_worker *worker;
    struct bench_device *devices; /* of its members; the first one sends, the others receive */
    unsigned device_count;
    char chat_text[PL_UUID_TEXT_CHARS + 1];
    int64_t begin_seq; /* the end of its log before the run */
    uint32_t index;    /* in all chats of the run: the sender's number in bodies */
    unsigned body_bytes;
    unsigned window;
    struct bench_message *messages; /* window of them; number n is at n % window */
    uint64_t due_number;            /* open loop: of the newest message that is due, with room or without */
    uint64_t last_number;           /* of the newest message that was added */
    uint64_t written_number;        /* of the newest that left */
    unsigned in_flight;
    int64_t counted_seq;     /* group: of the newest message that, its sender was told, everybody has */
    struct bench_told *told; /* group: of the newest messages; that of a seq has the place seq % BENCH_TOLD_MAX */
};

void bench_chat_init(struct bench_chat *chat, struct bench_worker *worker, uint32_t index);
void bench_chat_fini(struct bench_chat *chat);
bool bench_chat_is_sender(const struct bench_chat *chat, const struct bench_device *device);
/* Room in the window for the next message. */
bool bench_chat_has_room(const struct bench_chat *chat);
/* The next message, which was due then; only while there is room. */
void bench_chat_add(struct bench_chat *chat, int64_t due_us);
/* Puts what was added and not yet written into the sender's frame; false when that is nothing. */
bool bench_chat_put_sends(struct bench_chat *chat, Parley__V1__ClientFrame *frame, struct pl_arena *arena);
/* The sender was told that a message is on disk. */
void bench_chat_sent(struct bench_chat *chat, const Parley__V1__Sent *sent);
/* One of the devices got the chat's next entry. */
void bench_chat_entry(struct bench_chat *chat, const struct bench_device *device, const Parley__V1__Message *entry);
/* The sender was told how many have a message of the group. */
void bench_chat_counted(struct bench_chat *chat, const struct bench_device *device,
                        const Parley__V1__GroupReceipt *receipt);
/* Everything was sent, delivered, acknowledged, and the receipts say so. */
bool bench_chat_is_settled(const struct bench_chat *chat);

#endif
