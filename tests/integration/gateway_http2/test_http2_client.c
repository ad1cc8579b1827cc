/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Calls of gateway/http2 over a real socket, to a server that answers as it is told, well or badly. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http2/client.h"
#include "google/rpc/status.pb-c.h"
#include "grpc_server.h"
#include "support/cmocka.h"

enum { DEADLINE_MS = 60000, SOON_MS = 50, REPLY_BYTES_MAX = 1 << 16, MANY = 10 };

struct rig {
    struct grpc_server *server;
    struct pl_gateway_loops *loops;
    struct pl_http2_client *client;
    pthread_mutex_t lock; /* guards done of calls, and order */
    pthread_cond_t changed;
    unsigned order; /* of ends */
};

struct call {
    struct pl_http2_call http2;
    struct rig *rig;
    struct pl_arena arena;
    Google__Rpc__Status request;
    unsigned place; /* in the order of ends, from 1 */
};

static void open_client(struct rig *rig, int64_t deadline_ms)
{
    struct pl_http2_options options = {
        .endpoint = grpc_server_endpoint(rig->server), .deadline_ms = deadline_ms, .reply_bytes_max = REPLY_BYTES_MAX};
    char error[256];
    assert_int_equal(pl_http2_open(&options, &rig->loops->loops[0], &rig->client, error, sizeof error), PL_OK);
}

static struct rig *rig_new(unsigned streams_max)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->server = grpc_server_new(streams_max);
    rig->loops = pl_gateway_loops_open(1);
    pthread_mutex_init(&rig->lock, NULL);
    pthread_cond_init(&rig->changed, NULL);
    return rig;
}

static void rig_free(struct rig *rig)
{
    pl_http2_close(rig->client);
    pl_gateway_loops_close(rig->loops);
    grpc_server_free(rig->server);
    pthread_cond_destroy(&rig->changed);
    pthread_mutex_destroy(&rig->lock);
    free(rig);
}

static int setup(void **state)
{
    struct rig *rig = rig_new(0);
    grpc_server_start(rig->server);
    open_client(rig, DEADLINE_MS);
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void on_done(struct pl_http2_call *http2)
{
    struct call *call = pl_container_of(http2, struct call, http2);
    pthread_mutex_lock(&call->rig->lock);
    call->place = ++call->rig->order;
    pthread_cond_broadcast(&call->rig->changed);
    pthread_mutex_unlock(&call->rig->lock);
}

static void call_init(struct call *call, struct rig *rig, const char *path, const char *text)
{
    *call = (struct call){.rig = rig};
    pl_arena_init(&call->arena, 1 << 20);
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
static void start(struct call *calls, unsigned count)
{
    struct batch batch = {.calls = calls, .count = count};
    pl_gateway_loop_call(&calls[0].rig->loops->loops[0], start_all, &batch);
}

static void await(struct call *call)
{
    pthread_mutex_lock(&call->rig->lock);
    while (call->place == 0)
        pthread_cond_wait(&call->rig->changed, &call->rig->lock);
    pthread_mutex_unlock(&call->rig->lock);
}

static bool is_done(struct call *call)
{
    pthread_mutex_lock(&call->rig->lock);
    bool done = call->place > 0;
    pthread_mutex_unlock(&call->rig->lock);
    return done;
}

static void ask(struct call *call, struct rig *rig, const char *path)
{
    call_init(call, rig, path, "hello");
    start(call, 1);
    await(call);
}

static enum pl_http2_outcome outcome_of(struct rig *rig, const char *path)
{
    struct call call;
    ask(&call, rig, path);
    pl_arena_fini(&call.arena);
    return call.http2.outcome;
}

static void assert_echoed(const struct call *call, const char *text)
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

static void reply_comes_back_with_the_call_s_headers_sent(void **state)
{
    static const struct pl_unary_header header = {.name = "authorization", .value = "Bearer secret"};
    struct call call;
    struct grpc_server_seen seen;
    call_init(&call, *state, "/echo", "hello");
    call.http2.headers = &header;
    call.http2.header_count = 1;
    start(&call, 1);
    await(&call);
    assert_echoed(&call, "hello");
    seen = grpc_server_seen(call.rig->server);
    assert_string_equal(seen.authorization, "Bearer secret");
    assert_string_equal(seen.authority, "localhost");
    assert_string_equal(seen.timeout, "60000m");
    assert_true(pl_http2_ready(call.rig->client));
    pl_arena_fini(&call.arena);
}

static void quota_comes_with_the_reply(void **state)
{
    struct call call;
    ask(&call, *state, "/limited");
    assert_echoed(&call, "hello");
    assert_string_equal(call.http2.ratelimit, "\"q\";r=9;t=1");
    assert_string_equal(call.http2.ratelimit_policy, "\"q\";q=10;w=1");
    pl_arena_fini(&call.arena);
    ask(&call, *state, "/echo");
    assert_null(call.http2.ratelimit);
    assert_null(call.http2.ratelimit_policy);
    pl_arena_fini(&call.arena);
}

static void reply_may_come_in_pieces(void **state)
{
    struct call call;
    ask(&call, *state, "/bytes");
    assert_echoed(&call, "hello");
    pl_arena_fini(&call.arena);
}

static void refusal_comes_with_its_sentence_and_details(void **state)
{
    struct call call;
    ask(&call, *state, "/refused");
    assert_int_equal(call.http2.outcome, PL_HTTP2_ANSWERED);
    assert_int_equal(call.http2.grpc_code, 5);
    assert_string_equal(call.http2.sentence, "no chat\nhere");
    assert_int_equal(call.http2.details_bytes, 2);
    assert_memory_equal(call.http2.details, "\x08\x05", 2);
    assert_null(call.http2.reply);
    pl_arena_fini(&call.arena);
}

static void calls_of_one_turn_leave_in_one_write(void **state)
{
    struct call calls[MANY];
    assert_int_equal(outcome_of(*state, "/echo"), PL_HTTP2_ANSWERED); /* it is connected */
    for (unsigned i = 0; i < MANY; i++)
        call_init(&calls[i], *state, "/echo", "hello");
    start(calls, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        await(&calls[i]);
        assert_echoed(&calls[i], "hello");
        pl_arena_fini(&calls[i].arena);
    }
    assert_int_equal(grpc_server_seen(calls[0].rig->server).most_requests, MANY);
    assert_int_equal(grpc_server_seen(calls[0].rig->server).connections, 1);
}

static void answers_may_come_in_any_order(void **state)
{
    struct call calls[3];
    call_init(&calls[0], *state, "/held", "first");
    call_init(&calls[1], *state, "/held", "second");
    call_init(&calls[2], *state, "/release", "third");
    start(calls, 3);
    for (unsigned i = 0; i < 3; i++)
        await(&calls[i]);
    assert_true(calls[1].place < calls[0].place);
    assert_echoed(&calls[0], "first");
    assert_echoed(&calls[1], "second");
    for (unsigned i = 0; i < 3; i++)
        pl_arena_fini(&calls[i].arena);
}

static void bad_answers_are_none(void **state)
{
    static const char *const paths[] = {"/excess", "/compressed", "/huge", "/wordless", "/reset"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(outcome_of(*state, paths[i]), PL_HTTP2_BROKEN);
    assert_int_equal(outcome_of(*state, "/echo"), PL_HTTP2_ANSWERED);
}

static void status_without_a_whole_message_has_no_reply(void **state)
{
    static const char *const paths[] = {"/short", "/nothing"};
    for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct call call;
        ask(&call, *state, paths[i]);
        assert_int_equal(call.http2.outcome, PL_HTTP2_ANSWERED);
        assert_null(call.http2.reply);
        pl_arena_fini(&call.arena);
    }
}

static void what_the_server_did_not_process_is_unsent(void **state)
{
    assert_int_equal(outcome_of(*state, "/unprocessed"), PL_HTTP2_UNSENT);
}

static void connection_that_ends_breaks_its_calls_and_is_made_again(void **state)
{
    struct call held;
    call_init(&held, *state, "/held", "hello");
    start(&held, 1);
    assert_int_equal(outcome_of(*state, "/cut"), PL_HTTP2_BROKEN);
    await(&held);
    assert_int_equal(held.http2.outcome, PL_HTTP2_BROKEN);
    pl_arena_fini(&held.arena);
    while (outcome_of(*state, "/echo") == PL_HTTP2_UNSENT)
        sched_yield();
    assert_true(pl_http2_ready(held.rig->client));
}

static void call_fails_at_once_while_nobody_listens(void **state)
{
    struct rig *rig = rig_new(0);
    (void)state;
    open_client(rig, DEADLINE_MS);
    assert_int_equal(outcome_of(rig, "/echo"), PL_HTTP2_UNSENT);
    assert_false(pl_http2_ready(rig->client));
    grpc_server_start(rig->server);
    while (outcome_of(rig, "/echo") == PL_HTTP2_UNSENT)
        sched_yield();
    assert_int_equal(outcome_of(rig, "/echo"), PL_HTTP2_ANSWERED);
    grpc_server_stop(rig->server);
    while (outcome_of(rig, "/echo") != PL_HTTP2_UNSENT)
        sched_yield();
    grpc_server_start(rig->server);
    while (outcome_of(rig, "/echo") == PL_HTTP2_UNSENT)
        sched_yield();
    rig_free(rig);
}

static void call_without_an_answer_ends_at_its_deadline_and_is_cancelled(void **state)
{
    struct rig *rig = rig_new(0);
    struct call call;
    (void)state;
    grpc_server_start(rig->server);
    open_client(rig, SOON_MS);
    do {
        ask(&call, rig, "/silent");
        pl_arena_fini(&call.arena);
    } while (call.http2.outcome == PL_HTTP2_UNSENT); /* on a busy machine it is not connected in time */
    assert_int_equal(call.http2.outcome, PL_HTTP2_LATE);
    grpc_server_wait_cancelled(rig->server, 1);
    rig_free(rig);
}

static void calls_beyond_what_the_server_takes_wait(void **state)
{
    struct rig *rig = rig_new(2);
    struct call calls[MANY];
    (void)state;
    grpc_server_start(rig->server);
    open_client(rig, DEADLINE_MS);
    for (unsigned i = 0; i < MANY; i++)
        call_init(&calls[i], rig, "/echo", "hello");
    start(calls, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        await(&calls[i]);
        assert_echoed(&calls[i], "hello");
        pl_arena_fini(&calls[i].arena);
    }
    assert_int_equal(grpc_server_seen(rig->server).most_streams, 2);
    rig_free(rig);
}

static void call_on_a_connection_that_goes_away_is_answered_there(void **state)
{
    struct rig *rig = *state;
    struct call going;
    call_init(&going, rig, "/going", "hello");
    start(&going, 1);
    /* These go to the next connection, once there is one. */
    while (grpc_server_seen(rig->server).connections < 2)
        (void)outcome_of(rig, "/echo");
    while (!is_done(&going))
        (void)outcome_of(rig, "/release");
    assert_echoed(&going, "hello");
    assert_int_equal(grpc_server_seen(rig->server).connections, 2);
    pl_arena_fini(&going.arena);
}

static void wrong_endpoint_is_refused(void **state)
{
    static const char *const endpoints[] = {"",       "host",   "host:",         ":50051",    "host:0", "host:65536",
                                            "host:x", "unix:x", "http://host:1", "::1:50051", "[]:1"};
    struct rig *rig = *state;
    for (unsigned i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        struct pl_http2_options options = {.endpoint = endpoints[i], .deadline_ms = 1, .reply_bytes_max = 1};
        struct pl_http2_client *client;
        char error[256] = "";
        assert_int_equal(pl_http2_open(&options, &rig->loops->loops[0], &client, error, sizeof error),
                         PL_INVALID_ARGUMENT);
        assert_non_null(strstr(error, "is not host:port or unix:/path"));
    }
}

static void client_closes_while_a_name_is_looked_up(void **state)
{
    struct pl_http2_options options = {.endpoint = "localhost:1", .deadline_ms = 1, .reply_bytes_max = 1};
    struct rig *rig = *state;
    struct pl_http2_client *client;
    char error[256] = "";
    assert_int_equal(pl_http2_open(&options, &rig->loops->loops[0], &client, error, sizeof error), PL_OK);
    pl_http2_close(client);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(reply_comes_back_with_the_call_s_headers_sent, setup, teardown),
    cmocka_unit_test_setup_teardown(quota_comes_with_the_reply, setup, teardown),
    cmocka_unit_test_setup_teardown(reply_may_come_in_pieces, setup, teardown),
    cmocka_unit_test_setup_teardown(refusal_comes_with_its_sentence_and_details, setup, teardown),
    cmocka_unit_test_setup_teardown(calls_of_one_turn_leave_in_one_write, setup, teardown),
    cmocka_unit_test_setup_teardown(answers_may_come_in_any_order, setup, teardown),
    cmocka_unit_test_setup_teardown(bad_answers_are_none, setup, teardown),
    cmocka_unit_test_setup_teardown(status_without_a_whole_message_has_no_reply, setup, teardown),
    cmocka_unit_test_setup_teardown(what_the_server_did_not_process_is_unsent, setup, teardown),
    cmocka_unit_test_setup_teardown(connection_that_ends_breaks_its_calls_and_is_made_again, setup, teardown),
    cmocka_unit_test(call_fails_at_once_while_nobody_listens),
    cmocka_unit_test(call_without_an_answer_ends_at_its_deadline_and_is_cancelled),
    cmocka_unit_test(calls_beyond_what_the_server_takes_wait),
    cmocka_unit_test_setup_teardown(call_on_a_connection_that_goes_away_is_answered_there, setup, teardown),
    cmocka_unit_test_setup_teardown(wrong_endpoint_is_refused, setup, teardown),
    cmocka_unit_test_setup_teardown(client_closes_while_a_name_is_looked_up, setup, teardown),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
