/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "client_rig.h"

#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

enum { REPLY_BYTES_MAX = 1 << 20 };

void rig_open_client(struct rig *rig, int64_t deadline_ms)
{
    struct pl_http2_options options = {
        .endpoint = grpc_server_endpoint(rig->server), .deadline_ms = deadline_ms, .reply_bytes_max = REPLY_BYTES_MAX};
    char error[256];
    assert_int_equal(pl_http2_open(&options, &rig->loops->loops[0], &rig->client, error, sizeof error), PL_OK);
}

struct rig *rig_new(unsigned streams_max)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->server = grpc_server_new(streams_max);
    rig->loops = pl_io_loops_open(1, "http");
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->changed, NULL);
    return rig;
}

void rig_free(struct rig *rig)
{
    pl_http2_close(rig->client);
    pl_io_loops_close(rig->loops);
    grpc_server_free(rig->server);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->lock);
    free(rig);
}

int rig_setup(void **state)
{
    struct rig *rig = rig_new(0);
    grpc_server_start(rig->server);
    rig_open_client(rig, DEADLINE_MS);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void on_done(struct pl_http2_call *http2)
{
    struct call *call = pl_container_of(http2, struct call, http2);
    if (call->next != NULL)
        pl_http2_start(call->rig->client, &call->next->http2);
    pthread_mutex_lock(&call->rig->lock);
    call->place = ++call->rig->order;
    pthread_cond_broadcast(&call->rig->changed);
    pthread_mutex_unlock(&call->rig->lock);
}

void call_init(struct call *call, struct rig *rig, const char *path, const char *text)
{
    *call = (struct call){.rig = rig};
    pl_arena_init(&call->arena, 4 << 20);
    google__rpc__status__init(&call->request);
    call->request.message = pl_arena_copy(&call->arena, text, strlen(text));
    call->http2.path = path;
    call->http2.request = &call->request.base;
    call->http2.arena = &call->arena;
    call->http2.done = on_done;
}

struct batch {
    struct call *calls;
    unsigned count;
};

static void start_all(void *context)
{
    const struct batch *batch = context;
    for (unsigned i = 0; i < batch->count; i++)
        pl_http2_start(batch->calls[i].rig->client, &batch->calls[i].http2);
}

/* In one turn. */
void calls_start(struct call *calls, unsigned count)
{
    struct batch batch = {.calls = calls, .count = count};
    pl_io_loop_call(&calls[0].rig->loops->loops[0], start_all, &batch);
}

void call_await(struct call *call)
{
    pthread_mutex_lock(&call->rig->lock);
    while (call->place == 0)
        pthread_cond_wait(&call->rig->changed, &call->rig->lock);
    pthread_mutex_unlock(&call->rig->lock);
}

bool call_is_done(struct call *call)
{
    pthread_mutex_lock(&call->rig->lock);
    bool done = call->place > 0;
    pthread_mutex_unlock(&call->rig->lock);
    return done;
}

void call_ask(struct call *call, struct rig *rig, const char *path)
{
    call_init(call, rig, path, "hello");
    calls_start(call, 1);
    call_await(call);
}

enum pl_http2_outcome outcome_of(struct rig *rig, const char *path)
{
    struct call call;
    call_ask(&call, rig, path);
    pl_arena_fini(&call.arena);
    return call.http2.outcome;
}

void call_assert_echoed(const struct call *call, const char *text)
{
    Google__Rpc__Status *reply;
    assert_int_equal(call->http2.outcome, PL_HTTP2_ANSWERED);
    assert_int_equal(call->http2.grpc_code, 0);
    assert_non_null(call->http2.reply);
    reply = google__rpc__status__unpack(NULL, call->http2.reply_bytes, call->http2.reply);
    assert_non_null(reply);
    assert_string_equal(reply->message, text);
    google__rpc__status__free_unpacked(reply, NULL);
}
