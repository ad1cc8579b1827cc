/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Requests as HTTP/2 allows them and gRPC core's client never sends them, and those that are wrong. */
#include <stdlib.h>
#include <string.h>

#include "http2_client.h"
#include "parley/v1/stream_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/inbound.h"
#include "support/cmocka.h"

/* With its prefix; how many bytes. */
static size_t put_get_user(const char *user_id, uint8_t *ret_data)
{
    size_t bytes = pack_get_user(user_id, ret_data + PL_PREFIX_BYTES);

    pl_prefix_put(ret_data, false, bytes);
    return PL_PREFIX_BYTES + bytes;
}

static size_t put_frame(uint64_t first, unsigned count, uint8_t *ret_data)
{
    size_t bytes = pack_frame(first, count, ret_data + PL_PREFIX_BYTES);

    pl_prefix_put(ret_data, false, bytes);
    return PL_PREFIX_BYTES + bytes;
}

static void assert_user(struct h2_client *client, struct h2_call *call, const char *user_id)
{
    const uint8_t *data;
    size_t bytes;

    assert_true(h2_next(client, call, &data, &bytes));
    Parley__V1__User *user = parley__v1__user__unpack(NULL, bytes, data);
    assert_non_null(user);
    assert_string_equal(user->user_id, user_id);
    parley__v1__user__free_unpacked(user, NULL);
    h2_await_end(client, call);
    h2_assert_status(call, PL_OK);
}

/* Another call of the connection, with nothing special about it. */
static void assert_connection_works(struct h2_client *client)
{
    uint8_t data[64];
    struct h2_call call;

    h2_start_path(client, GET_USER, &call);
    h2_data(client, &call, data, put_get_user("next", data), true);
    assert_user(client, &call, "next");
    h2_free(&call);
}

static void assert_sents(struct h2_client *client, struct h2_call *call, uint64_t next, uint64_t end)
{
    while (next < end) {
        const uint8_t *data;
        size_t bytes;
        assert_true(h2_next(client, call, &data, &bytes));
        Parley__V1__ServerFrame *frame = parley__v1__server_frame__unpack(NULL, bytes, data);
        assert_non_null(frame);
        for (size_t i = 0; i < frame->n_sents; i++)
            assert_int_equal(frame->sents[i]->request_id, next++);
        parley__v1__server_frame__free_unpacked(frame, NULL);
    }
    assert_int_equal(next, end);
}

static void assert_ends(struct h2_client *client, struct h2_call *call, enum pl_status status)
{
    h2_await_end(client, call);
    h2_assert_status(call, status);
    h2_free(call);
}

/* ---- frames ---- */

static void message_in_frames_of_one_byte_is_read(void **state)
{
    struct h2_rig *rig = *state;
    uint8_t data[64];
    size_t bytes = put_get_user("alice", data);
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, GET_USER, &call);
    for (size_t i = 0; i < bytes; i++)
        h2_data(&rig->client, &call, data + i, 1, false);
    assert_user(&rig->client, &call, "alice");
    h2_free(&call);
}

static void stream_reads_messages_in_frames_of_one_byte(void **state)
{
    struct h2_rig *rig = *state;
    uint8_t data[256];
    size_t bytes = put_frame(0, 3, data);
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, CONNECT, &call);
    bytes += put_frame(3, 2, data + bytes);
    for (size_t i = 0; i < bytes; i++)
        h2_data(&rig->client, &call, data + i, 1, i + 1 == bytes);
    assert_sents(&rig->client, &call, 0, 5);
    assert_ends(&rig->client, &call, PL_OK);
}

static void two_messages_in_one_frame_are_both_read(void **state)
{
    struct h2_rig *rig = *state;
    uint8_t data[256];
    size_t bytes = put_frame(0, 2, data);
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, CONNECT, &call);
    bytes += put_frame(2, 1, data + bytes);
    h2_data(&rig->client, &call, data, bytes, true);
    assert_sents(&rig->client, &call, 0, 3);
    assert_ends(&rig->client, &call, PL_OK);
}

/* Each with a message before it in the first frame and the rest in the second. */
static void prefix_cut_anywhere_is_read(void **state)
{
    struct h2_rig *rig = *state;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (size_t cut = 1; cut <= PL_PREFIX_BYTES; cut++) {
        uint8_t data[256];
        size_t first = put_frame(0, 2, data);
        size_t bytes = first + put_frame(2, 2, data + first);
        struct h2_call call;
        h2_start_path(&rig->client, CONNECT, &call);
        h2_data(&rig->client, &call, data, first + cut, false);
        h2_sync(&rig->client);
        h2_data(&rig->client, &call, data + first + cut, bytes - first - cut, true);
        assert_sents(&rig->client, &call, 0, 4);
        assert_ends(&rig->client, &call, PL_OK);
    }
}

static void empty_frames_are_nothing_but_an_end(void **state)
{
    struct h2_rig *rig = *state;
    uint8_t data[64];
    size_t bytes = put_get_user("alice", data);
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, GET_USER, &call);
    h2_data(&rig->client, &call, NULL, 0, false);
    h2_data(&rig->client, &call, data, 7, false);
    h2_data(&rig->client, &call, NULL, 0, false);
    h2_data(&rig->client, &call, data + 7, bytes - 7, false);
    assert_user(&rig->client, &call, "alice");
    h2_free(&call);
    h2_start_path(&rig->client, CONNECT, &call);
    h2_data(&rig->client, &call, NULL, 0, false);
    h2_data(&rig->client, &call, data, put_frame(0, 1, data), false);
    assert_sents(&rig->client, &call, 0, 1);
    h2_data(&rig->client, &call, NULL, 0, true);
    assert_ends(&rig->client, &call, PL_OK);
}

static void end_inside_a_message_is_malformed(void **state)
{
    struct h2_rig *rig = *state;
    static const char *const paths[] = {GET_USER, CONNECT};

    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        for (size_t cut = 1; cut < PL_PREFIX_BYTES + 2; cut++) {
            struct h2_call call;
            h2_start_path(&rig->client, paths[i], &call);
            h2_data(&rig->client, &call, "\0\0\0\0\2xx", cut, true);
            assert_ends(&rig->client, &call, PL_MALFORMED_MESSAGE);
        }
    }
    assert_connection_works(&rig->client);
}

static void compressed_message_is_malformed(void **state)
{
    struct h2_rig *rig = *state;
    static const char *const paths[] = {GET_USER, CONNECT};

    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 2; i++) {
        struct h2_call call;
        h2_start_path(&rig->client, paths[i], &call);
        h2_data(&rig->client, &call, "\1\0\0\0\0", PL_PREFIX_BYTES, false);
        assert_ends(&rig->client, &call, PL_MALFORMED_MESSAGE);
    }
    assert_connection_works(&rig->client);
}

/* Only the prefix is ever sent. */
static void message_above_the_limit_is_refused_by_its_prefix(void **state)
{
    static const struct {
        const char *path;
        size_t bytes;
    } cases[] = {{GET_USER, REQUEST_BYTES_MAX + 1}, {CONNECT, FRAME_BYTES_MAX + 1}, {GET_USER, UINT32_MAX}};
    struct h2_rig *rig = *state;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t prefix[PL_PREFIX_BYTES];
        struct h2_call call;
        pl_prefix_put(prefix, false, cases[i].bytes);
        h2_start_path(&rig->client, cases[i].path, &call);
        h2_data(&rig->client, &call, prefix, sizeof(prefix), false);
        h2_await_end(&rig->client, &call);
        h2_assert_status(&call, PL_MESSAGE_TOO_LARGE);
        while (!call.is_reset) /* it need not send the rest */
            assert_true(h2_read(&rig->client));
        assert_int_equal(call.reset_code, NGHTTP2_NO_ERROR);
        h2_free(&call);
    }
    assert_connection_works(&rig->client);
}

/* ---- heads ---- */

static void assert_refused(struct h2_client *client, const struct h2_head *head, const char *http_status)
{
    struct h2_call call;

    h2_start(client, head, &call);
    h2_await_end(client, &call);
    assert_true(call.is_ended);
    assert_string_equal(pl_metadata_find(&call.headers, ":status"), http_status);
    assert_null(pl_metadata_find(&call.headers, "grpc-status"));
    h2_free(&call);
}

static void what_is_not_grpc_is_refused_in_words_of_http(void **state)
{
    struct h2_rig *rig = *state;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    assert_refused(&rig->client, &(struct h2_head){.method = "GET", .path = GET_USER, .is_all = true}, "405");
    assert_refused(&rig->client, &(struct h2_head){.method = "PUT", .path = GET_USER}, "405");
    assert_refused(&rig->client, &(struct h2_head){.path = GET_USER, .content_type = "application/json"}, "415");
    assert_refused(&rig->client, &(struct h2_head){.path = CONNECT, .content_type = "text/plain"}, "415");
    assert_connection_works(&rig->client);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_streams), 0);
}

static void unknown_path_is_an_unknown_method(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, "/parley.v1.UserService/Nothing", &call);
    h2_message(&rig->client, &call, "x", 1, false);
    h2_await_end(&rig->client, &call);
    assert_string_equal(pl_metadata_find(&call.headers, ":status"), "200");
    assert_ends(&rig->client, &call, PL_METHOD_UNKNOWN);
    assert_connection_works(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
}

static void head_without_a_path_is_no_call(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start_path(&rig->client, "", &call);
    h2_await_end(&rig->client, &call);
    assert_true(call.is_reset);
    assert_int_equal(call.reset_code, NGHTTP2_PROTOCOL_ERROR);
    h2_free(&call);
    assert_connection_works(&rig->client);
}

/* ---- metadata ---- */

/* What a head of this client takes of PL_CALL_METADATA_BYTES_MAX before its fields. */
static size_t head_bytes(const char *path)
{
    static const char head[] = ":method\0POST\0:scheme\0http\0:authority\0localhost\0:path\0\0"
                               "te\0trailers\0content-type\0application/grpc";

    return sizeof(head) + strlen(path);
}

/* '\\' has a long code in HPACK, so that nothing becomes shorter on the way. */
static char *make_value(size_t bytes)
{
    char *value = malloc(bytes + 1);

    assert_non_null(value);
    memset(value, '\\', bytes);
    value[bytes] = '\0';
    return value;
}

static void assert_metadata(struct h2_client *client, const char *path, size_t bytes, enum pl_status status)
{
    char *value = make_value(bytes);
    struct h2_head head = {.path = path, .fields = {{"x", value}}, .is_all = true};
    struct h2_call call;

    h2_start(client, &head, &call);
    assert_ends(client, &call, status);
    free(value);
}

/* Also where the limit is behind a name, and behind a value. */
static void metadata_above_the_limit_fails_its_call_only(void **state)
{
    struct h2_rig *rig = *state;
    size_t most = PL_CALL_METADATA_BYTES_MAX - head_bytes(GET_USER) - sizeof("x") - 1;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    assert_metadata(&rig->client, GET_USER, most - 1, PL_OK);
    assert_metadata(&rig->client, GET_USER, most, PL_OK);
    for (size_t more = 1; more <= 8; more++)
        assert_metadata(&rig->client, GET_USER, most + more, PL_MESSAGE_TOO_LARGE);
    assert_connection_works(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
}

/* Of which 16 KiB are in the first frame. */
static void metadata_in_continuations_is_measured_as_a_whole(void **state)
{
    struct h2_rig *rig = *state;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    assert_metadata(&rig->client, GET_USER, 40000, PL_MESSAGE_TOO_LARGE);
    assert_metadata(&rig->client, CONNECT, 60000, PL_MESSAGE_TOO_LARGE);
    assert_connection_works(&rig->client);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, h2_setup, h2_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(message_in_frames_of_one_byte_is_read),
        TEST(stream_reads_messages_in_frames_of_one_byte),
        TEST(two_messages_in_one_frame_are_both_read),
        TEST(prefix_cut_anywhere_is_read),
        TEST(empty_frames_are_nothing_but_an_end),
        TEST(end_inside_a_message_is_malformed),
        TEST(compressed_message_is_malformed),
        TEST(message_above_the_limit_is_refused_by_its_prefix),
        TEST(what_is_not_grpc_is_refused_in_words_of_http),
        TEST(unknown_path_is_an_unknown_method),
        TEST(head_without_a_path_is_no_call),
        TEST(metadata_above_the_limit_fails_its_call_only),
        TEST(metadata_in_continuations_is_measured_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
