/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * A client that says what gRPC core's client never would. Heads go through nghttp2; DATA frames go as they are given,
 * whatever the windows allow. It blocks, and its failures fail the test. One thread.
 */
#ifndef PL_TEST_HTTP2_CLIENT_H
#define PL_TEST_HTTP2_CLIENT_H

#include <nghttp2/nghttp2.h>

#include "fixture.h"
#include "rpc/metadata.h"

enum { H2_FRAME_BYTES_MAX = 16384, H2_WINDOW_BYTES = 65535, H2_FIELDS_MAX = 4 };

struct h2_client {
    int fd;
    nghttp2_session *session;
    struct pl_buf out; /* leaves with h2_flush, in one piece */
    unsigned pongs;
    bool has_warning; /* a GOAWAY that ends nothing yet */
    bool has_goaway;
    int32_t goaway_last_id;
    uint32_t goaway_code;
};

struct h2_field {
    const char *name;
    const char *value;
};

/* What is NULL is as it should be; path "" is left out. */
struct h2_head {
    const char *method;
    const char *path;
    const char *content_type;
    struct h2_field fields[H2_FIELDS_MAX];
    bool is_all; /* END_STREAM */
};

/* A call and what came of its answer. Stays where it is until the client is closed. */
struct h2_call {
    int32_t id;
    struct pl_buf headers;  /* as rpc/metadata.h has them */
    struct pl_buf trailers; /* a second block; empty: there was none */
    struct pl_buf data;
    size_t data_read; /* by h2_next */
    uint32_t credit;  /* that the server gave beyond the first window */
    unsigned blocks;  /* of headers */
    bool is_ended;    /* END_STREAM came */
    bool is_reset;
    uint32_t reset_code;
};

/* A server, and a client of it once h2_rig_start was called. */
struct h2_rig {
    struct fixture fixture;
    struct h2_client client;
};

/* For cmocka: the state is a rig whose fixture has not started. */
int h2_setup(void **state);
int h2_teardown(void **state);
/* window_bytes: as h2_open has it. */
void h2_rig_start(struct h2_rig *rig, uint32_t window_bytes);

/* ---- the connection ---- */
/* A socket without a word; receive_bytes: what the kernel may keep of what is not read; 0: as it likes. */
int h2_connect(int port, int receive_bytes);
/* Takes the socket. window_bytes: what the server may send on each stream before that is read; 0: the test says when.
 */
void h2_open(struct h2_client *client, int fd, uint32_t window_bytes);
/* A second time is nothing. */
void h2_close(struct h2_client *client);
void h2_flush(struct h2_client *client);
/* Flushes, then waits for something. False: the server has ended the connection. */
bool h2_read(struct h2_client *client);
void h2_await_eof(struct h2_client *client);
/* Returns when the server has done whatever it does for what was sent before. */
void h2_sync(struct h2_client *client);

/* ---- calls ---- */
void h2_start(struct h2_client *client, const struct h2_head *head, struct h2_call *ret_call);
/* A call of this path with nothing special about it. */
void h2_start_path(struct h2_client *client, const char *path, struct h2_call *ret_call);
/* One DATA frame. */
void h2_data(struct h2_client *client, const struct h2_call *call, const void *data, size_t bytes, bool is_last);
/* A message with its prefix, in as many frames as that takes. */
void h2_message(struct h2_client *client, const struct h2_call *call, const void *data, size_t bytes, bool is_last);
/* The server may send so many more bytes for the call. */
void h2_open_window(struct h2_client *client, const struct h2_call *call, int32_t bytes);
void h2_reset(struct h2_client *client, const struct h2_call *call);
void h2_await_headers(struct h2_client *client, struct h2_call *call);
/* Until its END_STREAM or its reset. */
void h2_await_end(struct h2_client *client, struct h2_call *call);
/* The next message, which is the call's; false: it ends without one. */
bool h2_next(struct h2_client *client, struct h2_call *call, const uint8_t **ret_data, size_t *ret_bytes);
/* Whether the one that h2_next gave last was compressed. */
bool h2_was_compressed(const struct h2_call *call, size_t bytes);
void h2_free(struct h2_call *call);

/* ---- what the answer says ---- */
/* Of the trailers, or of the headers when there are none; NULL: it says nothing of this. */
const char *h2_status_field(const struct h2_call *call, const char *name);
/* It ended with this status, its code and its reason. */
void h2_assert_status(const struct h2_call *call, enum pl_status status);

#endif
