/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How calls and connections end that the client or the server does not want any longer, or that never were any. */
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http2_client.h"
#include "parley/v1/user_service.pb-c.h"
#include "support/cmocka.h"

static struct pl_call *kept_call;

static void admit_kept(struct pl_task *task)
{
    (void)task;
    pl_call_admit(kept_call);
}

static void refuse_kept(struct pl_task *task)
{
    (void)task;
    pl_call_fail(kept_call, PL_TOKEN_EXPIRED, NULL);
}

static void reply_kept(struct pl_task *task)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    (void)task;
    pl_call_reply(kept_call, &user.base);
}

static void start(struct h2_client *client, const char *path, bool is_whole, struct h2_call *ret_call)
{
    h2_start_path(client, path, ret_call);
    if (is_whole)
        h2_message(client, ret_call, "", 0, true);
    else
        h2_data(client, ret_call, "\0\0", 2, false);
}

static void assert_works(struct h2_client *client)
{
    struct h2_call call;

    start(client, GET_USER, true, &call);
    h2_await_end(client, &call);
    h2_assert_status(&call, PL_OK);
    h2_free(&call);
}

/* ---- resets; what leaks is the sanitizer's to find ---- */

static const char *const paths[] = {GET_USER, CONNECT};

static void assert_none_left(struct h2_rig *rig)
{
    assert_works(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
    fixture_await_metric(&rig->fixture, PL_METRIC_streams, 0);
    assert_int_equal(rig->fixture.opened, rig->fixture.closed);
}

static void reset_before_the_message_leaves_nothing(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        start(&rig->client, paths[i], false, &call);
        h2_sync(&rig->client);
        h2_reset(&rig->client, &call);
        assert_none_left(rig);
        h2_free(&call);
    }
}

/* The head, the message and the reset come in one piece, so that the answer is there and cannot leave. */
static void reset_behind_the_message_leaves_nothing(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        start(&rig->client, paths[i], true, &call);
        h2_reset(&rig->client, &call);
        assert_none_left(rig);
        h2_free(&call);
    }
}

static void keep_if_asked(struct pl_call *call)
{
    if (pl_call_metadata(call, "x-keep") != NULL)
        fixture_keep(call, NULL);
    else
        pl_call_admit(call);
}

static void start_kept(struct h2_rig *rig, const char *path, struct h2_call *call)
{
    struct h2_head head = {.path = path, .fields = {{"x-keep", ""}}};

    h2_start(&rig->client, &head, call);
    h2_message(&rig->client, call, "", 0, true);
    h2_flush(&rig->client);
    kept_call = fixture_take(&rig->fixture);
}

static void reset_while_admission_waits_leaves_nothing(void **state)
{
    struct pl_task tasks[] = {{.run = admit_kept}, {.run = refuse_kept}};
    struct h2_rig *rig = *state;
    struct h2_call call;

    rig->fixture.admit = keep_if_asked;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 4; i++) {
        start_kept(rig, paths[i / 2], &call);
        h2_reset(&rig->client, &call);
        h2_sync(&rig->client);
        fixture_post(kept_call, &tasks[i % 2]);
        assert_none_left(rig);
        h2_free(&call);
    }
    assert_int_equal(rig->fixture.opened, 0);
}

static void keep_request_if_asked(struct pl_call *call, const ProtobufCMessage *request)
{
    if (pl_call_metadata(call, "x-keep") != NULL)
        fixture_keep(call, request);
    else
        pl_call_reply_packed(call, "", 0);
}

static void reset_while_the_handler_waits_leaves_nothing(void **state)
{
    struct pl_task tasks[] = {{.run = reply_kept}, {.run = refuse_kept}};
    struct h2_rig *rig = *state;
    struct h2_call call;

    rig->fixture.handle = keep_request_if_asked;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        start_kept(rig, GET_USER, &call);
        h2_reset(&rig->client, &call);
        h2_sync(&rig->client);
        fixture_post(kept_call, &tasks[i]);
        assert_none_left(rig);
        h2_free(&call);
    }
}

/* Also where the answer waits for a window. */
static void reset_behind_the_answer_leaves_nothing(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;
    uint8_t data[16];

    h2_rig_start(rig, 0);
    h2_start_path(&rig->client, CONNECT, &call);
    h2_message(&rig->client, &call, data, pack_frame(7, 1, data), false);
    h2_await_headers(&rig->client, &call);
    fixture_await_metric(&rig->fixture, PL_METRIC_streams, 1);
    h2_sync(&rig->client);
    h2_reset(&rig->client, &call);
    h2_sync(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_streams, 0);
    fixture_await(&rig->fixture, &rig->fixture.closed, 1);
    h2_free(&call);
    h2_start_path(&rig->client, "/parley.v1.UserService/Nothing", &call);
    h2_await_end(&rig->client, &call);
    h2_assert_status(&call, PL_METHOD_UNKNOWN);
    h2_reset(&rig->client, &call);
    h2_sync(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
    h2_free(&call);
}

enum { RESETS_AT_A_TIME = 1000 };

static bool reset_many(struct h2_client *client)
{
    unsigned pongs = client->pongs;
    struct h2_call call;

    for (unsigned i = 0; i < RESETS_AT_A_TIME; i++) {
        start(client, GET_USER, false, &call);
        h2_reset(client, &call);
        h2_free(&call);
    }
    assert_int_equal(nghttp2_submit_ping(client->session, NGHTTP2_FLAG_NONE, NULL), 0);
    while (client->pongs == pongs && !client->has_goaway)
        assert_true(h2_read(client));
    return !client->has_goaway;
}

static void resets_without_end_end_their_connection_only(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_client other;
    unsigned count = RESETS_AT_A_TIME;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_open(&other, h2_connect(pl_rpc_port(rig->fixture.rpc), 0), H2_WINDOW_BYTES);
    assert_works(&other);
    while (reset_many(&rig->client))
        count += RESETS_AT_A_TIME;
    assert_true(count > 4 * RESETS_AT_A_TIME); /* a gateway's worth of them is nothing bad */
    assert_int_not_equal(rig->client.goaway_code, NGHTTP2_NO_ERROR);
    h2_await_eof(&rig->client);
    h2_close(&rig->client);
    assert_works(&other);
    fixture_await_metric(&rig->fixture, PL_METRIC_connections, 1);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
    h2_close(&other);
}

/* ---- what is no HTTP/2 ---- */

/* Until the server has ended the connection. */
static void drain_socket(int fd)
{
    char data[256];

    while (recv(fd, data, sizeof(data), 0) > 0)
        continue;
}

static void assert_hung_up_on(struct h2_rig *rig, const void *data, size_t bytes)
{
    int fd = h2_connect(pl_rpc_port(rig->fixture.rpc), 0);

    assert_int_equal(send(fd, data, bytes, MSG_NOSIGNAL), bytes);
    drain_socket(fd);
    close(fd);
    fixture_await_metric(&rig->fixture, PL_METRIC_connections, 0);
}

static void connection_without_a_preface_is_closed(void **state)
{
    static const char http1[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char tls[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    struct h2_rig *rig = *state;
    uint8_t noise[4096];

    fixture_start(&rig->fixture);
    assert_hung_up_on(rig, http1, sizeof(http1) - 1);
    assert_hung_up_on(rig, tls, sizeof(tls) - 1);
    randombytes_buf_deterministic(noise, sizeof(noise), (const uint8_t[randombytes_SEEDBYTES]){2});
    assert_hung_up_on(rig, noise, sizeof(noise));
}

static void noise_behind_the_preface_ends_the_connection(void **state)
{
    static const char no_settings[] = NGHTTP2_CLIENT_MAGIC "\0\0\0\1\4\0\0\0\1";
    static const char long_frame[] = NGHTTP2_CLIENT_MAGIC "\0\0\0\4\0\0\0\0\0\xff\xff\xff\0\0\0\0\0\1";
    static const char bad_hpack[] = NGHTTP2_CLIENT_MAGIC "\0\0\0\4\0\0\0\0\0\0\0\1\1\5\0\0\0\1\x80";
    struct h2_rig *rig = *state;

    fixture_start(&rig->fixture);
    assert_hung_up_on(rig, no_settings, sizeof(no_settings) - 1);
    assert_hung_up_on(rig, long_frame, sizeof(long_frame) - 1);
    assert_hung_up_on(rig, bad_hpack, sizeof(bad_hpack) - 1);
    h2_open(&rig->client, h2_connect(pl_rpc_port(rig->fixture.rpc), 0), H2_WINDOW_BYTES);
    assert_works(&rig->client);
}

/* It has read what the server said, so that its end is one, and no reset. */
static void connection_that_ends_inside_its_preface_is_closed(void **state)
{
    struct h2_rig *rig = *state;
    int fd;

    fixture_start(&rig->fixture);
    fd = h2_connect(pl_rpc_port(rig->fixture.rpc), 0);
    assert_int_equal(send(fd, NGHTTP2_CLIENT_MAGIC, 10, MSG_NOSIGNAL), 10);
    fixture_await_metric(&rig->fixture, PL_METRIC_connections, 1);
    shutdown(fd, SHUT_WR);
    drain_socket(fd);
    close(fd);
    fixture_await_metric(&rig->fixture, PL_METRIC_connections, 0);
}

static void connection_that_ends_with_calls_in_work_takes_them_along(void **state)
{
    struct pl_task task = {.run = reply_kept};
    struct h2_rig *rig = *state;
    struct h2_call calls[2];

    rig->fixture.handle = keep_request_if_asked;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, CONNECT, &calls[0]);
    start_kept(rig, GET_USER, &calls[1]);
    h2_sync(&rig->client);
    shutdown(rig->client.fd, SHUT_WR);
    h2_await_eof(&rig->client);
    h2_close(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_connections, 0);
    fixture_await(&rig->fixture, &rig->fixture.closed, 1);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_calls), 1);
    fixture_post(kept_call, &task);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_streams), 0);
    h2_free(&calls[0]);
    h2_free(&calls[1]);
}

/* ---- the server's end ---- */

/* HANG_UP_US: for how long at least the server waits for the client to do so. */
enum { DRAIN_US = 60000000, HANG_UP_US = 1000000 };

static void *drain(void *argument)
{
    struct fixture *fixture = argument;
    int64_t deadline_us = pl_clock_now_us() + DRAIN_US;

    pl_rpc_drain(fixture->rpc, deadline_us);
    pl_assert(pl_clock_now_us() < deadline_us);
    return NULL;
}

/* Instead of fixture_stop. */
static void finish(struct h2_rig *rig)
{
    h2_close(&rig->client);
    pl_rpc_close(rig->fixture.rpc);
    client_close(&rig->fixture.client);
    fixture_fini(&rig->fixture);
    free(rig);
}

static void await_goaway(struct h2_client *client, int32_t last_id)
{
    while (!client->has_goaway)
        assert_true(h2_read(client));
    assert_true(client->has_warning);
    assert_int_equal(client->goaway_code, NGHTTP2_NO_ERROR);
    assert_int_equal(client->goaway_last_id, last_id);
}

/* The second send would be told of the reset that the first one met. */
static bool bytes_are_taken(int fd)
{
    ssize_t sent = 1;

    for (unsigned i = 0; i < 2 && sent == 1; i++)
        sent = send(fd, "x", 1, MSG_NOSIGNAL);
    return sent == 1;
}

static void draining_server_finishes_what_it_has_and_ends_its_half(void **state)
{
    struct pl_task task = {.run = reply_kept};
    struct h2_rig *rig = *state;
    int64_t before_us = pl_clock_now_us();
    pthread_t thread;
    struct h2_call call;

    rig->fixture.handle = keep_request_if_asked;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    assert_works(&rig->client);
    start_kept(rig, GET_USER, &call);
    assert_int_equal(pthread_create(&thread, NULL, drain, &rig->fixture), 0);
    await_goaway(&rig->client, call.id);
    assert_int_equal(call.blocks, 0);
    fixture_post(kept_call, &task);
    h2_await_eof(&rig->client);
    assert_true(bytes_are_taken(rig->client.fd) || pl_clock_now_us() - before_us >= HANG_UP_US);
    h2_assert_status(&call, PL_OK);
    h2_free(&call);
    h2_close(&rig->client);
    pthread_join(thread, NULL);
    finish(rig);
}

static void client_that_does_not_hang_up_is_hung_up_on(void **state)
{
    struct h2_rig *rig = *state;
    pthread_t thread;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    assert_works(&rig->client);
    assert_int_equal(pthread_create(&thread, NULL, drain, &rig->fixture), 0);
    await_goaway(&rig->client, 1);
    h2_await_eof(&rig->client);
    pthread_join(thread, NULL);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_connections), 0);
    finish(rig);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, h2_setup, h2_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reset_before_the_message_leaves_nothing),
        TEST(reset_behind_the_message_leaves_nothing),
        TEST(reset_while_admission_waits_leaves_nothing),
        TEST(reset_while_the_handler_waits_leaves_nothing),
        TEST(reset_behind_the_answer_leaves_nothing),
        TEST(resets_without_end_end_their_connection_only),
        TEST(connection_without_a_preface_is_closed),
        TEST(noise_behind_the_preface_ends_the_connection),
        TEST(connection_that_ends_inside_its_preface_is_closed),
        TEST(connection_that_ends_with_calls_in_work_takes_them_along),
        cmocka_unit_test_setup(draining_server_finishes_what_it_has_and_ends_its_half, h2_setup),
        cmocka_unit_test_setup(client_that_does_not_hang_up_is_hung_up_on, h2_setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
