/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A server of pl_rpc with the test's own handlers for all methods of the API. */
#ifndef PL_TEST_FIXTURE_H
#define PL_TEST_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>

#include "client.h"
#include "rpc/rpc.h"

#define GET_USER "/parley.v1.UserService/GetUser"
#define CONNECT "/parley.v1.StreamService/Connect"

enum { REQUEST_BYTES_MAX = 4096, FRAME_BYTES_MAX = 65536 };

struct fixture {
    struct pl_config config;
    struct pl_metrics metrics;
    struct pl_rpc *rpc;
    struct client client;
    struct pl_method *methods;
    const struct pl_method **table;
    void (*handle)(struct pl_call *call, const ProtobufCMessage *request); /* NULL: echo */
    void (*admit)(struct pl_call *call);                                   /* NULL: everybody */
    const struct pl_stream_ops *stream;                                    /* NULL: echo */
    atomic_bool unready;

    pthread_mutex_t lock; /* guards what follows; changed is told of each change */
    pthread_cond_t changed;
    struct pl_call *waiting; /* the call that `keep` keeps */
    int opened;
    int opened_on[4]; /* loops, by index */
    int closed;
    int noted;
};

/* Before start: sets defaults, which a test may change. */
void fixture_init(struct fixture *fixture);
/* Opens, starts, serves, and opens a client. */
void fixture_start(struct fixture *fixture);
/* Closes the client, then the server, at once. */
void fixture_stop(struct fixture *fixture);
/* Of the parts: when a test closed the client or the server itself. */
void fixture_stop_server(struct fixture *fixture, int64_t drain_us);
void fixture_fini(struct fixture *fixture);

/* A handler that keeps the call until fixture_take. */
void fixture_keep(struct pl_call *call, const ProtobufCMessage *request);
/* Waits for a kept call. */
struct pl_call *fixture_take(struct fixture *fixture);
/* Waits until *counter (one of the fixture's) is count. */
void fixture_await(struct fixture *fixture, const int *counter, int count);
void fixture_note(struct fixture *fixture, int *counter);
/* Waits until a gauge or counter has the value; progress is made by others, so it polls. */
void fixture_await_metric(struct fixture *fixture, enum pl_metric metric, int64_t value);
/* Runs task on the loop of a call from this thread. */
void fixture_post(struct pl_call *call, struct pl_task *task);
struct fixture *fixture_of(const struct pl_call *call);
/* For struct pl_stream_ops: what does not matter to a test. */
void fixture_ignore(struct pl_call *call);
void fixture_ignore_message(struct pl_call *call, const ProtobufCMessage *message);

/* A GetUser with this id. */
struct reply fixture_get_user(struct fixture *fixture, const char *user_id, int deadline_ms);
size_t pack_get_user(const char *user_id, uint8_t *ret_data);
/* A ClientFrame with `count` sends, numbered from first. */
size_t pack_frame(uint64_t first, unsigned count, uint8_t *ret_data);

#endif
