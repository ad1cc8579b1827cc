/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A client of gateway/http2 on a loop of its own, with a server for it; and calls that a test waits for. */
#ifndef PL_TESTS_CLIENT_RIG_H
#define PL_TESTS_CLIENT_RIG_H

#include <pthread.h>

#include "gateway/http2/client.h"
#include "google/rpc/status.pb-c.h"
#include "grpc_server.h"

/* SOON_MS: of tests that wait for it. NEVER_MS: of those that must not; longer than tests may take. */
enum { DEADLINE_MS = 60000, SOON_MS = 50, NEVER_MS = 3600000 };

struct rig {
    struct grpc_server *server;
    struct pl_io_loops *loops;
    struct pl_http2_client *client;
    pthread_mutex_t lock; /* guards place of calls, and order */
    pthread_cond_t changed;
    unsigned order; /* of ends */
};

struct call {
    struct pl_http2_call http2;
    struct rig *rig;
    struct pl_arena arena;
    Google__Rpc__Status request;
    unsigned place;    /* in the order of ends, from 1 */
    struct call *next; /* starts when this one ends; NULL: none */
};

/* With a server that has not started, and no client. streams_max: of grpc_server_new. */
struct rig *rig_new(unsigned streams_max);
void rig_open_client(struct rig *rig, int64_t deadline_ms);
void rig_free(struct rig *rig);
/* For cmocka: the state is a rig whose server has started, and whose client waits for DEADLINE_MS. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* text: what /echo is to bring back. The arena is for pl_arena_fini. */
void call_init(struct call *call, struct rig *rig, const char *path, const char *text);
/* In one turn of the loop. */
void calls_start(struct call *calls, unsigned count);
void call_await(struct call *call);
bool call_is_done(struct call *call);
void call_assert_echoed(const struct call *call, const char *text);
/* Inits, starts and awaits a call. */
void call_ask(struct call *call, struct rig *rig, const char *path);
/* Of such a call. */
enum pl_http2_outcome outcome_of(struct rig *rig, const char *path);

#endif
