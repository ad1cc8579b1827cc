/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What is answered, as it stands in the frames: deadlines, compression, the text of errors. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/clock.h"
#include "http2_client.h"
#include "parley/v1/user_service.pb-c.h"
#include "support/cmocka.h"

/* ---- deadlines ---- */

static struct pl_call *kept_call;

static void reply_kept(struct pl_task *task)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    (void)task;
    pl_call_reply(kept_call, &user.base);
}

static int64_t seen_deadline_us;

static void note_deadline(struct pl_call *call, const ProtobufCMessage *request)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    (void)request;
    seen_deadline_us = pl_call_deadline_us(call);
    pl_call_reply(call, &user.base);
}

/* The head and the message leave in one piece. */
static void start_with_timeout(struct h2_client *client, const char *path, const char *timeout, struct h2_call *call)
{
    struct h2_head head = {.path = path, .fields = {{"grpc-timeout", timeout}}};

    h2_start(client, &head, call);
    h2_message(client, call, "", 0, false);
    h2_flush(client);
}

static void timeout_of_each_unit_becomes_the_deadline(void **state)
{
    static const struct {
        const char *timeout;
        int64_t us;
    } cases[] = {{"2H", INT64_C(7200000000)},
                 {"3M", 180000000},
                 {"70S", 70000000},
                 {"80000m", 80000000},
                 {"90000000u", 90000000}};
    struct h2_rig *rig = *state;

    rig->fixture.handle = note_deadline;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t before_us = pl_clock_now_us();
        struct h2_call call;
        start_with_timeout(&rig->client, GET_USER, cases[i].timeout, &call);
        h2_await_end(&rig->client, &call);
        h2_assert_status(&call, PL_OK);
        assert_in_range(seen_deadline_us - cases[i].us, before_us, pl_clock_now_us());
        h2_free(&call);
    }
}

static void nonsense_is_no_timeout(void **state)
{
    static const char *const timeouts[] = {"",     "5",   "S",          "1s",  "-1S", "+1S",
                                           "1.5S", "1 S", "123456789n", "1SS", "0x1S"};
    struct h2_rig *rig = *state;

    rig->fixture.handle = note_deadline;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
        struct h2_call call;
        seen_deadline_us = 0;
        start_with_timeout(&rig->client, GET_USER, timeouts[i], &call);
        h2_await_end(&rig->client, &call);
        h2_assert_status(&call, PL_OK);
        assert_true(seen_deadline_us == INT64_MAX);
        h2_free(&call);
    }
}

static void deadline_is_told_while_the_handler_waits(void **state)
{
    struct pl_task task = {.run = reply_kept};
    struct h2_rig *rig = *state;
    struct h2_call call;

    rig->fixture.handle = fixture_keep;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    start_with_timeout(&rig->client, GET_USER, "50000000n", &call);
    kept_call = fixture_take(&rig->fixture);
    h2_await_end(&rig->client, &call);
    assert_int_equal(call.blocks, 1);
    assert_string_equal(pl_metadata_find(&call.headers, ":status"), "200");
    h2_assert_status(&call, PL_DEADLINE_EXCEEDED);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_calls), 1);
    fixture_post(kept_call, &task);
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
    h2_sync(&rig->client);
    assert_int_equal(call.data.bytes, 0);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_calls_total + PL_DEADLINE_EXCEEDED), 1);
    h2_free(&call);
}

static void deadline_ends_a_stream_in_trailers(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    start_with_timeout(&rig->client, CONNECT, "50m", &call);
    h2_await_end(&rig->client, &call);
    assert_int_equal(call.blocks, 2);
    h2_assert_status(&call, PL_DEADLINE_EXCEEDED);
    h2_free(&call);
    fixture_await(&rig->fixture, &rig->fixture.closed, 1);
    fixture_await_metric(&rig->fixture, PL_METRIC_streams, 0);
}

static void deadline_passes_before_the_request_has_come(void **state)
{
    struct h2_head head = {.path = GET_USER, .fields = {{"grpc-timeout", "1m"}}};
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start(&rig->client, &head, &call);
    h2_data(&rig->client, &call, "\0\0\0", 3, false);
    h2_await_end(&rig->client, &call);
    h2_assert_status(&call, PL_DEADLINE_EXCEEDED);
    h2_data(&rig->client, &call, "\0\0", 2, true); /* nobody waits for that */
    h2_sync(&rig->client);
    h2_free(&call);
}

/* ---- compression ---- */

enum { LONG_BYTES = 100000, MIN_BYTES = 1024 };

static uint8_t easy[LONG_BYTES];
static uint8_t hard[LONG_BYTES];

static const struct written {
    const uint8_t *data;
    size_t bytes;
    bool is_shorter;
} all_written[] = {
    {easy, LONG_BYTES, true}, {easy, MIN_BYTES - 1, false}, {hard, LONG_BYTES, false}, {easy + 1, MIN_BYTES, true},
    {easy, 0, false},         {hard, MIN_BYTES, false},
};
enum { WRITTEN_COUNT = sizeof(all_written) / sizeof(all_written[0]) };

static void write_one(struct pl_call *call, uintptr_t index)
{
    pl_call_set_owner(call, (void *)index);
    pl_call_write(call, all_written[index].data, all_written[index].bytes);
}

static void write_first(struct pl_call *call)
{
    write_one(call, 0);
}

static void write_next(struct pl_call *call)
{
    uintptr_t index = (uintptr_t)pl_call_owner(call) + 1;

    if (index < WRITTEN_COUNT)
        write_one(call, index);
    else
        pl_call_finish(call);
}

static const struct pl_stream_ops writing = {.opened = write_first,
                                             .received = fixture_ignore_message,
                                             .half_closed = fixture_ignore,
                                             .written = write_next,
                                             .closed = fixture_ignore};

static void start_writing(struct h2_rig *rig, const char *codings, struct h2_call *call)
{
    struct h2_head head = {.path = CONNECT, .fields = {{"grpc-accept-encoding", codings}}};

    for (unsigned i = 0; i < LONG_BYTES; i++)
        easy[i] = (uint8_t)(i / 100);
    randombytes_buf_deterministic(hard, LONG_BYTES, (const uint8_t[randombytes_SEEDBYTES]){1});
    rig->fixture.stream = &writing;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start(&rig->client, &head, call);
    h2_await_headers(&rig->client, call);
}

static void assert_inflates_to(const uint8_t *data, size_t bytes, const struct written *written)
{
    static uint8_t plain[LONG_BYTES];
    z_stream zlib = {
        .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)bytes, .next_out = plain, .avail_out = sizeof(plain)};

    assert_true(bytes < written->bytes);
    assert_int_equal(inflateInit2(&zlib, 15 + 16), Z_OK);
    assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
    assert_int_equal(zlib.avail_in, 0);
    assert_int_equal(zlib.total_out, written->bytes);
    assert_memory_equal(plain, written->data, written->bytes);
    inflateEnd(&zlib);
}

static void assert_written(struct h2_rig *rig, struct h2_call *call, bool takes_gzip)
{
    const uint8_t *data;
    size_t bytes;

    for (unsigned i = 0; i < WRITTEN_COUNT; i++) {
        const struct written *written = &all_written[i];
        assert_true(h2_next(&rig->client, call, &data, &bytes));
        assert_int_equal(h2_was_compressed(call, bytes), takes_gzip && written->is_shorter);
        if (h2_was_compressed(call, bytes)) {
            assert_inflates_to(data, bytes, written);
        } else {
            assert_int_equal(bytes, written->bytes);
            assert_memory_equal(data, written->data, bytes);
        }
    }
    assert_false(h2_next(&rig->client, call, &data, &bytes));
    h2_assert_status(call, PL_OK);
}

static void long_messages_of_a_stream_are_compressed(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    start_writing(rig, "identity, deflate, gzip", &call);
    assert_string_equal(pl_metadata_find(&call.headers, "grpc-encoding"), "gzip");
    assert_written(rig, &call, true);
    h2_free(&call);
}

static void nothing_is_compressed_for_who_does_not_take_gzip(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;

    start_writing(rig, "identity, deflate", &call);
    assert_null(pl_metadata_find(&call.headers, "grpc-encoding"));
    assert_written(rig, &call, false);
    h2_free(&call);
}

static void reply_easy(struct pl_call *call, const ProtobufCMessage *request)
{
    (void)request;
    pl_call_reply_packed(call, easy, LONG_BYTES);
}

static void answer_of_a_unary_call_is_never_compressed(void **state)
{
    struct h2_head head = {.path = GET_USER, .fields = {{"grpc-accept-encoding", "gzip"}}, .is_all = true};
    struct h2_rig *rig = *state;
    struct h2_call call;
    const uint8_t *data;
    size_t bytes;

    rig->fixture.handle = reply_easy;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start(&rig->client, &head, &call);
    assert_true(h2_next(&rig->client, &call, &data, &bytes));
    assert_null(pl_metadata_find(&call.headers, "grpc-encoding"));
    assert_false(h2_was_compressed(&call, bytes));
    assert_int_equal(bytes, LONG_BYTES);
    assert_memory_equal(data, easy, LONG_BYTES);
    h2_await_end(&rig->client, &call);
    h2_free(&call);
}

/* ---- errors ---- */

static const char *sentence;

static void fail_with_sentence(struct pl_call *call, const ProtobufCMessage *request)
{
    (void)request;
    pl_call_fail(call, PL_INVALID_ARGUMENT, "%s", sentence);
}

static void ask_to_fail(struct h2_rig *rig, const char *text, struct h2_call *call)
{
    sentence = text;
    h2_start_path(&rig->client, GET_USER, call);
    h2_message(&rig->client, call, "", 0, true);
    h2_await_end(&rig->client, call);
    h2_assert_status(call, PL_INVALID_ARGUMENT);
}

static void sentence_is_percent_encoded(void **state)
{
    static const struct {
        const char *sentence;
        const char *encoded;
    } cases[] = {{"all is ~well", "all is ~well"},
                 {"100% of it", "100%25 of it"},
                 {"\xc3\xa9t\xc3\xa9", "%C3%A9t%C3%A9"},
                 {"one\ntwo\x7f\x01", "one%0Atwo%7F%01"}};
    struct h2_rig *rig = *state;

    rig->fixture.handle = fail_with_sentence;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct h2_call call;
        ask_to_fail(rig, cases[i].sentence, &call);
        assert_string_equal(h2_status_field(&call, "grpc-message"), cases[i].encoded);
        h2_free(&call);
    }
}

/* Of every length modulo three; that they are what they should be is asserted with the status. */
static void details_are_base64_without_padding(void **state)
{
    static const char *const sentences[] = {"x", "xx", "xxx"};
    struct h2_rig *rig = *state;
    unsigned with_rest = 0;

    rig->fixture.handle = fail_with_sentence;
    h2_rig_start(rig, H2_WINDOW_BYTES);
    for (unsigned i = 0; i < 3; i++) {
        struct h2_call call;
        ask_to_fail(rig, sentences[i], &call);
        assert_null(strchr(h2_status_field(&call, "grpc-status-details-bin"), '='));
        with_rest += strlen(h2_status_field(&call, "grpc-status-details-bin")) % 4 != 0;
        h2_free(&call);
    }
    assert_int_equal(with_rest, 2);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, h2_setup, h2_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timeout_of_each_unit_becomes_the_deadline),
        TEST(nonsense_is_no_timeout),
        TEST(deadline_is_told_while_the_handler_waits),
        TEST(deadline_ends_a_stream_in_trailers),
        TEST(deadline_passes_before_the_request_has_come),
        TEST(long_messages_of_a_stream_are_compressed),
        TEST(nothing_is_compressed_for_who_does_not_take_gzip),
        TEST(answer_of_a_unary_call_is_never_compressed),
        TEST(sentence_is_percent_encoded),
        TEST(details_are_base64_without_padding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
