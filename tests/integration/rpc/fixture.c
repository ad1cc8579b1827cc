/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * The echoing stream answers every send with a sent of the same request_id. It gathers: one write is in flight, what
 * comes meanwhile leaves together in the next one.
 */
#include "fixture.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "parley/v1/stream_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

enum { SENDS_MAX = 4096 };

struct echo {
    struct pl_call *call;
    struct pl_task flush;
    bool deferred;
    bool writing;
    bool finishing;
    unsigned count;
    uint64_t ids[SENDS_MAX];
};

struct fixture *fixture_of(const struct pl_call *call)
{
    return pl_call_context(call);
}

void fixture_note(struct fixture *fixture, int *counter)
{
    pthread_mutex_lock(&fixture->lock);
    (*counter)++;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

void fixture_await(struct fixture *fixture, const int *counter, int count)
{
    pthread_mutex_lock(&fixture->lock);
    while (*counter < count)
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    pl_assert(*counter == count);
    pthread_mutex_unlock(&fixture->lock);
}

void fixture_await_metric(struct fixture *fixture, enum pl_metric metric, int64_t value)
{
    while (pl_metrics_get(&fixture->metrics, metric) != value)
        sched_yield();
}

void fixture_post(struct pl_call *call, struct pl_task *task)
{
    pl_mailbox_post(&pl_call_loop(call)->mailbox, task);
}

void fixture_keep(struct pl_call *call, const ProtobufCMessage *request)
{
    struct fixture *fixture = fixture_of(call);

    (void)request;
    pthread_mutex_lock(&fixture->lock);
    fixture->waiting = call;
    pthread_cond_broadcast(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

struct pl_call *fixture_take(struct fixture *fixture)
{
    struct pl_call *call;

    pthread_mutex_lock(&fixture->lock);
    while (fixture->waiting == NULL)
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    call = fixture->waiting;
    fixture->waiting = NULL;
    pthread_mutex_unlock(&fixture->lock);
    return call;
}

static void handle(struct pl_call *call, const ProtobufCMessage *request)
{
    struct fixture *fixture = fixture_of(call);
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    if (fixture->handle != NULL) {
        fixture->handle(call, request);
        return;
    }
    pl_assert(strcmp(pl_call_method(call)->path, GET_USER) == 0);
    user.user_id = ((const Parley__V1__GetUserRequest *)request)->user_id;
    pl_call_reply(call, &user.base);
}

static void admit(struct pl_call *call)
{
    struct fixture *fixture = fixture_of(call);

    if (fixture->admit != NULL)
        fixture->admit(call);
    else
        pl_call_admit(call);
}

static void send_gathered(struct echo *echo)
{
    Parley__V1__ServerFrame frame = PARLEY__V1__SERVER_FRAME__INIT;
    static _Thread_local Parley__V1__Sent sents[SENDS_MAX];
    static _Thread_local Parley__V1__Sent *pointers[SENDS_MAX];
    static _Thread_local uint8_t packed[FRAME_BYTES_MAX];

    if (echo->writing || echo->count == 0)
        return;
    for (unsigned i = 0; i < echo->count; i++) {
        parley__v1__sent__init(&sents[i]);
        sents[i].request_id = echo->ids[i];
        pointers[i] = &sents[i];
    }
    frame.n_sents = echo->count;
    frame.sents = pointers;
    echo->count = 0;
    echo->writing = true;
    pl_call_write(echo->call, packed, parley__v1__server_frame__pack(&frame, packed));
}

static void flush(struct pl_task *task)
{
    struct echo *echo = pl_container_of(task, struct echo, flush);

    echo->deferred = false;
    if (echo->call != NULL)
        send_gathered(echo);
    else
        free(echo);
}

static void echo_opened(struct pl_call *call)
{
    struct echo *echo = calloc(1, sizeof(*echo));

    pl_assert(echo != NULL);
    echo->call = call;
    echo->flush.run = flush;
    pl_call_set_owner(call, echo);
    fixture_note(fixture_of(call), &fixture_of(call)->opened_on[pl_call_loop(call)->index]);
    fixture_note(fixture_of(call), &fixture_of(call)->opened);
}

static void echo_received(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ClientFrame *frame = (const Parley__V1__ClientFrame *)message;
    struct echo *echo = pl_call_owner(call);

    for (size_t i = 0; i < frame->n_sends; i++) {
        pl_assert(echo->count < SENDS_MAX);
        echo->ids[echo->count++] = frame->sends[i]->request_id;
    }
    if (!echo->deferred) {
        echo->deferred = true;
        pl_loop_defer(pl_call_loop(call), &echo->flush);
    }
}

static void echo_half_closed(struct pl_call *call)
{
    struct echo *echo = pl_call_owner(call);

    echo->finishing = true;
    if (!echo->writing && echo->count == 0)
        pl_call_finish(call);
}

static void echo_written(struct pl_call *call)
{
    struct echo *echo = pl_call_owner(call);

    echo->writing = false;
    send_gathered(echo);
    if (echo->finishing && !echo->writing)
        pl_call_finish(call);
}

static void echo_closed(struct pl_call *call)
{
    struct echo *echo = pl_call_owner(call);

    /* The last message and the close may come in one turn, before what the message deferred. */
    echo->call = NULL;
    if (!echo->deferred)
        free(echo);
    fixture_note(fixture_of(call), &fixture_of(call)->closed);
}

static const struct pl_stream_ops echo_ops = {
    .opened = echo_opened,
    .received = echo_received,
    .half_closed = echo_half_closed,
    .written = echo_written,
    .closed = echo_closed,
};

void fixture_ignore(struct pl_call *call)
{
    (void)call;
}

void fixture_ignore_message(struct pl_call *call, const ProtobufCMessage *message)
{
    (void)call;
    (void)message;
}

void fixture_init(struct fixture *fixture)
{
    char *argv[] = {"test", NULL};
    char error[256];
    struct pl_settings_source source = {.argc = 1, .argv = argv, .error = error, .error_bytes = sizeof(error)};
    int rest;

    /* While a test waits for the server nobody polls for core's client but this, by default every 5 s. */
    setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "50", 0);
    *fixture = (struct fixture){.stream = &echo_ops};
    pl_log_set_level(PL_LOG_ERROR);
    pl_assert(pl_settings_load(&pl_config_settings, &source, &fixture->config, &rest) == PL_OK);
    fixture->config.grpc_listen = "127.0.0.1:0";
    fixture->config.rpc_threads = 2;
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->changed, NULL);
}

static void make_methods(struct fixture *fixture)
{
    fixture->methods = calloc(pl_api_method_count, sizeof(*fixture->methods));
    fixture->table = calloc(pl_api_method_count, sizeof(struct pl_method *));
    pl_assert(fixture->methods != NULL && fixture->table != NULL);
    for (unsigned i = 0; i < pl_api_method_count; i++) {
        const struct pl_api_method *api = &pl_api_methods[i];
        bool stream = api->client_streaming || api->server_streaming;
        fixture->methods[i] = (struct pl_method){.path = api->path,
                                                 .request_bytes_max = stream ? FRAME_BYTES_MAX : REQUEST_BYTES_MAX,
                                                 .handle = stream ? NULL : handle,
                                                 .stream = stream ? fixture->stream : NULL};
        fixture->table[i] = &fixture->methods[i];
    }
}

static bool ready(void *context)
{
    struct fixture *fixture = context;

    return !atomic_load(&fixture->unready);
}

void fixture_start(struct fixture *fixture)
{
    struct pl_rpc_options options = {.config = &fixture->config,
                                     .metrics = &fixture->metrics,
                                     .context = fixture,
                                     .admit = admit,
                                     .ready = ready,
                                     .method_count = pl_api_method_count};
    char error[256] = "";

    make_methods(fixture);
    options.methods = fixture->table;
    pl_assert(pl_rpc_open(&options, &fixture->rpc, error, sizeof(error)) == PL_OK);
    pl_rpc_start(fixture->rpc);
    pl_rpc_set_serving(fixture->rpc, true);
    client_open_port(&fixture->client, pl_rpc_port(fixture->rpc));
}

void fixture_stop_server(struct fixture *fixture, int64_t drain_us)
{
    pl_rpc_stop(fixture->rpc);
    pl_rpc_drain(fixture->rpc, pl_clock_now_us() + drain_us);
    pl_rpc_close(fixture->rpc);
}

void fixture_fini(struct fixture *fixture)
{
    free(fixture->methods);
    free(fixture->table);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->lock);
}

void fixture_stop(struct fixture *fixture)
{
    client_close(&fixture->client);
    fixture_stop_server(fixture, 1000000);
    fixture_fini(fixture);
}

size_t pack_get_user(const char *user_id, uint8_t *ret_data)
{
    Parley__V1__GetUserRequest request = PARLEY__V1__GET_USER_REQUEST__INIT;

    request.user_id = (char *)user_id;
    return parley__v1__get_user_request__pack(&request, ret_data);
}

struct reply fixture_get_user(struct fixture *fixture, const char *user_id, int deadline_ms)
{
    uint8_t data[REQUEST_BYTES_MAX * 2];
    struct request request = {.path = GET_USER, .data = data, .deadline_ms = deadline_ms};

    request.bytes = pack_get_user(user_id, data);
    return client_call(&fixture->client, &request);
}

size_t pack_frame(uint64_t first, unsigned count, uint8_t *ret_data)
{
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    Parley__V1__Send sends[64];
    Parley__V1__Send *pointers[64];

    pl_assert(count <= 64);
    for (unsigned i = 0; i < count; i++) {
        parley__v1__send__init(&sends[i]);
        sends[i].request_id = first + i;
        pointers[i] = &sends[i];
    }
    frame.n_sends = count;
    frame.sends = pointers;
    return parley__v1__client_frame__pack(&frame, ret_data);
}
