/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Unary calls of a real server over loopback. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fixture.h"
#include "parley/v1/user_service.pb-c.h"

static int setup(void **state)
{
    struct fixture *fixture = malloc(sizeof(*fixture));

    fixture_init(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

static void assert_error(struct reply *reply, enum pl_status status)
{
    assert_int_equal(reply->code, pl_status_grpc_code(status));
    assert_string_equal(reply->reason, pl_status_reason(status));
    assert_null(reply->data);
    reply_free(reply);
}

static void reply_reaches_the_caller(void **state)
{
    struct fixture *fixture = *state;

    fixture_start(fixture);
    struct reply reply = fixture_get_user(fixture, "alice", 0);
    assert_int_equal(reply.code, 0);
    Parley__V1__User *user = parley__v1__user__unpack(NULL, reply.bytes, reply.data);
    assert_non_null(user);
    assert_string_equal(user->user_id, "alice");
    parley__v1__user__free_unpacked(user, NULL);
    reply_free(&reply);
}

static void half_close_without_message_is_an_empty_message(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = GET_USER};

    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_int_equal(reply.code, 0);
    assert_int_equal(reply.bytes, 0);
    reply_free(&reply);
}

static void fail_with_details(struct pl_call *call, const ProtobufCMessage *request)
{
    (void)request;
    pl_call_detail(call, "field", "user_id");
    pl_call_detail(call, "limit", "8");
    pl_call_retry_after(call, 1500);
    pl_call_fail(call, PL_INVALID_ID, "user_id \xc3\xa9 is not an id of %d characters", 36);
}

static void error_carries_sentence_reason_metadata_and_retry(void **state)
{
    struct fixture *fixture = *state;

    fixture->handle = fail_with_details;
    fixture_start(fixture);
    struct reply reply = fixture_get_user(fixture, "x", 0);
    assert_string_equal(reply.sentence, "user_id \xc3\xa9 is not an id of 36 characters");
    assert_string_equal(reply.metadata, "field=user_id;limit=8;");
    assert_int_equal(reply.retry_after_ms, 1500);
    assert_error(&reply, PL_INVALID_ID);
}

/* Every limit cuts in the middle of a character of two bytes. */
static void fail_with_long_text(struct pl_call *call, const ProtobufCMessage *request)
{
    char text[2001] = "!";

    (void)request;
    for (size_t i = 1; i < sizeof(text) - 2; i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    for (int i = 0; i < 8; i++)
        pl_call_detail(call, "key", text);
    pl_call_fail(call, PL_INVALID_ARGUMENT, "!%s", text);
}

static void longest_error_fits_and_stays_text(void **state)
{
    struct fixture *fixture = *state;

    fixture->handle = fail_with_long_text;
    fixture_start(fixture);
    struct reply reply = fixture_get_user(fixture, "x", 0);
    assert_int_equal(strlen(reply.sentence), 510);
    assert_error(&reply, PL_INVALID_ARGUMENT);
}

static void unknown_method_is_unimplemented(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = "/parley.v1.UserService/Nothing", .data = "x", .bytes = 1};

    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_error(&reply, PL_METHOD_UNKNOWN);
}

static void request_above_the_methods_limit_is_too_large(void **state)
{
    struct fixture *fixture = *state;
    char id[REQUEST_BYTES_MAX];

    memset(id, 'x', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    fixture_start(fixture);
    struct reply reply = fixture_get_user(fixture, id, 0); /* tag and length make it too long */
    assert_error(&reply, PL_MESSAGE_TOO_LARGE);
    id[sizeof(id) - 4] = '\0';
    reply = fixture_get_user(fixture, id, 0);
    assert_int_equal(reply.code, 0);
    reply_free(&reply);
}

static void request_far_above_every_limit_is_too_large(void **state)
{
    struct fixture *fixture = *state;
    size_t bytes = 4 << 20;
    struct request request = {.path = GET_USER, .data = calloc(1, bytes), .bytes = bytes};

    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_error(&reply, PL_MESSAGE_TOO_LARGE);
    free((void *)request.data);
}

static void malformed_request_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = GET_USER, .data = "\x0a\x05xx", .bytes = 4};

    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_error(&reply, PL_MALFORMED_MESSAGE);
    request.data = "\x0a\x02\xff\xff";
    reply = client_call(&fixture->client, &request);
    assert_error(&reply, PL_INVALID_TEXT);
}

static void compressed_request_is_refused(void **state)
{
    struct fixture *fixture = *state;
    uint8_t data[REQUEST_BYTES_MAX];
    char id[2000];
    struct request request = {.path = GET_USER, .data = data, .gzip = true};

    memset(id, 'x', sizeof(id));
    id[sizeof(id) - 1] = '\0';
    request.bytes = pack_get_user(id, data);
    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_error(&reply, PL_MALFORMED_MESSAGE);
}

static void reply_anything(struct pl_task *task);
static struct pl_task reply_task = {.run = reply_anything};
static struct pl_call *replied_call;

static void reply_anything(struct pl_task *task)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    (void)task;
    pl_call_reply(replied_call, &user.base);
}

static void keep_late(struct pl_call *call, const ProtobufCMessage *message)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    if (strcmp(((const Parley__V1__GetUserRequest *)message)->user_id, "late") == 0)
        fixture_keep(call, message);
    else
        pl_call_reply(call, &user.base);
}

/*
 * A second call shows that the server has read what the client sent when the first was over for it. On a busy machine
 * that is nothing when the time was short: NULL.
 */
static struct pl_call *make_late(struct fixture *fixture, int deadline_ms)
{
    struct reply reply = fixture_get_user(fixture, "late", deadline_ms);
    assert_int_equal(reply.code, 4);
    reply_free(&reply);
    reply = fixture_get_user(fixture, "timely", 0);
    assert_int_equal(reply.code, 0);
    reply_free(&reply);
    pthread_mutex_lock(&fixture->lock);
    struct pl_call *late = fixture->waiting;
    pthread_mutex_unlock(&fixture->lock);
    assert_true(late == NULL || pl_call_deadline_us(late) <= pl_clock_now_us() + deadline_ms * INT64_C(1000));
    return late;
}

static void deadline_passes_while_the_handler_waits(void **state)
{
    struct fixture *fixture = *state;

    fixture->handle = keep_late;
    fixture->config.rpc_threads = 1; /* which takes calls in the order in which they came */
    fixture_start(fixture);
    replied_call = NULL;
    for (int deadline_ms = 500; replied_call == NULL; deadline_ms *= 4)
        replied_call = make_late(fixture, deadline_ms);
    /* The server's begins when it has read the call. */
    while (pl_clock_now_us() < pl_call_deadline_us(replied_call))
        sched_yield();
    fixture_post(replied_call, &reply_task);
    fixture_await_metric(fixture, PL_METRIC_calls, 0);
    assert_int_equal(pl_metrics_get(&fixture->metrics, PL_METRIC_calls_total + PL_DEADLINE_EXCEEDED), 1);
}

static void cancel_while_the_handler_waits(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = GET_USER};
    struct unary_call call;

    fixture->handle = fixture_keep;
    fixture_start(fixture);
    client_start(&fixture->client, &request, &call);
    replied_call = fixture_take(fixture);
    grpc_call_cancel(call.call, NULL);
    struct reply reply = client_wait(&call);
    assert_int_equal(reply.code, 1);
    reply_free(&reply);
    fixture_post(replied_call, &reply_task);
    fixture_await_metric(fixture, PL_METRIC_calls, 0);
    assert_int_equal(pl_metrics_observed(&fixture->metrics, PL_METRIC_call_seconds), 1);
}

static void calls_beyond_the_limit_are_refused_with_a_hint(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = GET_USER};
    struct unary_call first;

    fixture->config.calls_max = 1;
    fixture->handle = fixture_keep;
    fixture_start(fixture);
    client_start(&fixture->client, &request, &first);
    replied_call = fixture_take(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_true(reply.retry_after_ms > 0);
    assert_error(&reply, PL_OVERLOADED);
    assert_int_equal(pl_metrics_get(&fixture->metrics, PL_METRIC_calls_refused_total), 1);
    fixture_post(replied_call, &reply_task);
    reply = client_wait(&first);
    assert_int_equal(reply.code, 0);
    reply_free(&reply);
}

static void check_metadata(struct pl_call *call, const ProtobufCMessage *request)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    (void)request;
    assert_null(pl_call_metadata(call, "absent"));
    user.user_id = (char *)pl_call_metadata(call, "x-api-key");
    pl_call_reply(call, &user.base);
}

static void first_of_two_equal_metadata_keys_wins(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = GET_USER, .metadata = {{"x-api-key", "first"}, {"x-api-key", "second"}}};

    fixture->handle = check_metadata;
    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_int_equal(reply.bytes, 7);
    assert_memory_equal(reply.data + 2, "first", 5);
    reply_free(&reply);
}

static void metadata_above_the_limit_is_refused(void **state)
{
    struct fixture *fixture = *state;
    char value[20000];
    struct request request = {.path = GET_USER, .metadata = {{"x-api-key", value}}};

    memset(value, 'x', sizeof(value));
    value[sizeof(value) - 1] = '\0';
    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_error(&reply, PL_MESSAGE_TOO_LARGE);
    reply = fixture_get_user(fixture, "x", 0);
    assert_int_equal(reply.code, 0);
    reply_free(&reply);
}

static void refuse(struct pl_call *call)
{
    pl_call_fail(call, PL_CREDENTIALS_MISSING, NULL);
}

static void refused_caller_never_reaches_the_handler(void **state)
{
    struct fixture *fixture = *state;
    struct request request = {.path = GET_USER, .data = "\x0a\x05xx", .bytes = 4};

    fixture->admit = refuse;
    fixture->handle = fixture_keep;
    fixture_start(fixture);
    struct reply reply = client_call(&fixture->client, &request);
    assert_string_equal(reply.sentence, pl_status_sentence(PL_CREDENTIALS_MISSING));
    assert_error(&reply, PL_CREDENTIALS_MISSING);
    assert_null(fixture->waiting);
}

static void many_calls_at_once_are_all_answered(void **state)
{
    struct fixture *fixture = *state;
    enum { CALLS = 200 };
    struct unary_call *calls = calloc(CALLS, sizeof(*calls));
    struct request request = {.path = GET_USER};

    fixture_start(fixture);
    for (int i = 0; i < CALLS; i++)
        client_start(&fixture->client, &request, &calls[i]);
    for (int i = 0; i < CALLS; i++) {
        struct reply reply = client_wait(&calls[i]);
        assert_int_equal(reply.code, 0);
        reply_free(&reply);
    }
    fixture_await_metric(fixture, PL_METRIC_calls_total + PL_OK, CALLS);
    free(calls);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reply_reaches_the_caller),
        TEST(half_close_without_message_is_an_empty_message),
        TEST(error_carries_sentence_reason_metadata_and_retry),
        TEST(longest_error_fits_and_stays_text),
        TEST(unknown_method_is_unimplemented),
        TEST(request_above_the_methods_limit_is_too_large),
        TEST(request_far_above_every_limit_is_too_large),
        TEST(malformed_request_is_refused),
        TEST(compressed_request_is_refused),
        TEST(deadline_passes_while_the_handler_waits),
        TEST(cancel_while_the_handler_waits),
        TEST(calls_beyond_the_limit_are_refused_with_a_hint),
        TEST(first_of_two_equal_metadata_keys_wins),
        TEST(metadata_above_the_limit_is_refused),
        TEST(refused_caller_never_reaches_the_handler),
        TEST(many_calls_at_once_are_all_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
