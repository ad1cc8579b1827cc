/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A hub with its loops, a database and devices, all in one thread and with a clock that the test moves. Nothing happens
 * but in world_settle (everything that can happen, until nothing more does) and world_turn (one turn of one loop).
 *
 * User n's devices may have any number. Chat n is a chat of the users in its members.
 */
#ifndef TESTS_UNIT_DELIVERY_WORLD_H
#define TESTS_UNIT_DELIVERY_WORLD_H

#include "parley/v1/stream_service.pb-c.h"
#include "server.h"
#include "unit/delivery/fake_db.h"

enum { LOOPS = 3, FRAMES_MAX = 512, STREAMS_MAX = 256, SEEN_MAX = 4096 };

struct pl_rpc {
    struct pl_loop loops[LOOPS];
};

/* An entry as it came. */
struct seen {
    int chat;
    int64_t seq;
    Parley__V1__Message__BodyCase body_case;
};

/* The stream of a device. */
struct pl_call {
    struct pl_loop *loop;
    struct pl_principal principal;
    void *owner;
    bool is_open;
    bool is_slow;    /* writes are done by stream_written only */
    bool is_writing; /* a write is in flight */
    bool is_failed;
    enum pl_status status;
    char sentence[128];
    unsigned frame_count;
    Parley__V1__ServerFrame *frames[FRAMES_MAX];
    /* Of all frames. */
    unsigned seen_count;
    struct seen seen[SEEN_MAX];
    int64_t have[CHATS_MAX];      /* as the device counts: the end of its gap-free prefix */
    int64_t first_seq[CHATS_MAX]; /* as log_start said */
    bool is_disordered;           /* an entry was neither the next of its chat nor one that it has */
    unsigned again_count;         /* entries that it has already */
    bool caught_up;
    unsigned seen_at_caught_up;
};

struct world {
    struct pl_server server;
    struct pl_rpc rpc;
    struct pl_db db;
    unsigned stream_count;
    struct pl_call *streams[STREAMS_MAX];
};

extern struct world *world;

int world_set_up(void **state);
/* Ends everything and sees that nothing is left. */
int world_tear_down(void **state);
void world_settle(void);
void world_turn(int loop);
/* Moves the clock, and nothing else. */
void world_wait_ms(int64_t ms);
/* Moves the clock, then settles. */
void world_pass_ms(int64_t ms);
/* Commits and publishes; the seq. */
int64_t world_say(int chat, int user, int device, const char *body);

/* ---- a device's stream ---- */
struct pl_call *stream_open(int user, int device);
/* On this loop. */
struct pl_call *stream_open_on(int user, int device, int loop);
void stream_hello(struct pl_call *stream);
void stream_receive(struct pl_call *stream, const Parley__V1__ClientFrame *frame);
void stream_half_close(struct pl_call *stream);
void stream_written(struct pl_call *stream);
void stream_close(struct pl_call *stream);
/* Opened, said hello, settled. */
struct pl_call *stream_start(int user, int device);
void stream_ack(struct pl_call *stream, int chat, int64_t seq);
void stream_read(struct pl_call *stream, int chat, int64_t seq);
void stream_send(struct pl_call *stream, uint64_t request_id, int chat, const char *body);
/* The last going_away that came; NULL for none. */
const Parley__V1__GoingAway *stream_going_away(const struct pl_call *stream);

/* Of all frames so far. */
unsigned stream_sents(const struct pl_call *stream);
unsigned stream_faileds(const struct pl_call *stream);
unsigned stream_receipts(const struct pl_call *stream);
unsigned stream_chats_advanced(const struct pl_call *stream);
unsigned stream_group_receipts(const struct pl_call *stream);
unsigned stream_presences(const struct pl_call *stream);
unsigned stream_typings(const struct pl_call *stream);
unsigned stream_read_oks(const struct pl_call *stream);
const Parley__V1__ServerFrame *stream_last(const struct pl_call *stream);

/* The device has 1 to seq of the chat, each once and in order. */
#define assert_has(stream, chat, last)                                                                                 \
    do {                                                                                                               \
        assert_false((stream)->is_disordered);                                                                         \
        assert_int_equal((stream)->again_count, 0);                                                                    \
        assert_int_equal((stream)->have[chat], last);                                                                  \
    } while (0)

#define assert_failed(stream, with)                                                                                    \
    do {                                                                                                               \
        assert_true((stream)->is_failed);                                                                              \
        assert_string_equal(pl_status_reason((stream)->status), pl_status_reason(with));                               \
    } while (0)

#endif
