/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Streams of a real server over loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fixture.h"
#include "parley/v1/stream_service.pb-c.h"

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

/* Failures abort: core still points into a stream that is on the stack. */
static void write_frame(struct stream_call *stream, uint64_t first, unsigned count)
{
    uint8_t data[FRAME_BYTES_MAX];

    pl_assert(stream_write(stream, data, pack_frame(first, count, data)));
}

/* Reads frames until all sents from `next` below `end` came, in order; how many frames that took. */
static unsigned read_sents(struct stream_call *stream, uint64_t next, uint64_t end)
{
    unsigned frames = 0;

    while (next < end) {
        size_t bytes;
        uint8_t *data = stream_read(stream, &bytes);
        pl_assert(data != NULL);
        Parley__V1__ServerFrame *frame = parley__v1__server_frame__unpack(NULL, bytes, data);
        pl_assert(frame != NULL);
        for (size_t i = 0; i < frame->n_sents; i++)
            pl_assert(frame->sents[i]->request_id == next++);
        parley__v1__server_frame__free_unpacked(frame, NULL);
        free(data);
        frames++;
    }
    pl_assert(next == end);
    return frames;
}

static void assert_end(struct stream_call *stream, int code, const char *reason)
{
    size_t bytes;
    pl_assert(stream_read(stream, &bytes) == NULL);
    struct reply reply = stream_end(stream);

    assert_int_equal(reply.code, code);
    assert_string_equal(reply.reason, reason);
    reply_free(&reply);
}

static void echoes_in_order_and_gathers_what_came_meanwhile(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    for (uint64_t i = 0; i < 300; i++)
        write_frame(&stream, i * 10, 10);
    assert_true(read_sents(&stream, 0, 3000) <= 300);
    stream_half_close(&stream);
    assert_end(&stream, 0, "");
    fixture_await(fixture, &fixture->closed, 1);
}

static void closed_once_when_the_client_cancels(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    write_frame(&stream, 0, 1);
    read_sents(&stream, 0, 1);
    stream_cancel(&stream);
    assert_end(&stream, 1, "");
    fixture_await(fixture, &fixture->closed, 1);
    fixture_await_metric(fixture, PL_METRIC_streams, 0);
}

static void closed_once_when_the_client_disconnects(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call stream;
    struct client other;

    fixture_start(fixture);
    client_open_port(&other, pl_rpc_port(fixture->rpc));
    stream_open(&other, CONNECT, &stream);
    fixture_await(fixture, &fixture->opened, 1); /* who goes before that opens nothing */
    write_frame(&stream, 0, 1);
    grpc_call_cancel(stream.call, NULL);
    struct reply reply = stream_end(&stream);
    reply_free(&reply);
    client_close(&other);
    fixture_await(fixture, &fixture->closed, 1);
}

static void fail_on_message(struct pl_call *call, const ProtobufCMessage *message)
{
    (void)message;
    pl_call_detail(call, "by", "test");
    pl_call_fail(call, PL_SESSION_REPLACED, NULL);
}

static void note_opened(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->opened);
}

static void note_closed(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->closed);
}

static void note(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->noted);
}

static void failed_stream_carries_its_reason(void **state)
{
    static const struct pl_stream_ops ops = {.opened = note_opened,
                                             .received = fail_on_message,
                                             .half_closed = note,
                                             .written = note,
                                             .closed = note_closed};
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture->stream = &ops;
    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    write_frame(&stream, 0, 1);
    assert_end(&stream, 10, "SESSION_REPLACED");
    fixture_await(fixture, &fixture->closed, 1);
    assert_int_equal(fixture->noted, 0);
}

static void open_and_fail(struct pl_call *call)
{
    note_opened(call);
    pl_call_fail(call, PL_PERMISSION_DENIED, NULL);
}

static void failing_in_opened_ends_the_stream(void **state)
{
    static const struct pl_stream_ops ops = {.opened = open_and_fail,
                                             .received = fail_on_message,
                                             .half_closed = note,
                                             .written = note,
                                             .closed = note_closed};
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture->stream = &ops;
    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    assert_end(&stream, 7, "PERMISSION_DENIED");
    fixture_await(fixture, &fixture->closed, 1);
}

static void malformed_frame_ends_the_stream(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    stream_write(&stream, "\x0a\x05x", 3);
    assert_end(&stream, 3, "MALFORMED_MESSAGE");
    fixture_await(fixture, &fixture->closed, 1);
}

static void frame_above_the_limit_ends_the_stream(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call stream;
    uint8_t *data = calloc(1, FRAME_BYTES_MAX + 1);

    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    stream_write(&stream, data, FRAME_BYTES_MAX + 1);
    assert_end(&stream, 8, "MESSAGE_TOO_LARGE");
    fixture_await(fixture, &fixture->closed, 1);
    free(data);
}

static void refuse(struct pl_call *call)
{
    pl_call_fail(call, PL_TOKEN_EXPIRED, NULL);
}

static void refused_stream_is_neither_opened_nor_closed(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture->admit = refuse;
    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    assert_end(&stream, 16, "TOKEN_EXPIRED");
    fixture_await_metric(fixture, PL_METRIC_streams, 0);
    assert_int_equal(fixture->opened, 0);
    assert_int_equal(fixture->closed, 0);
}

static void keep_admission(struct pl_call *call)
{
    if (pl_call_method(call)->client_streaming)
        fixture_keep(call, NULL);
    else
        pl_call_admit(call);
}

static struct pl_call *admitted_call;

static void admit_later(struct pl_task *task)
{
    (void)task;
    pl_call_admit(admitted_call);
}

static void admission_after_the_client_went_leaves_nothing_open(void **state)
{
    static struct pl_task task = {.run = admit_later};
    struct fixture *fixture = *state;
    struct stream_call stream;

    fixture->admit = keep_admission;
    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &stream);
    admitted_call = fixture_take(fixture);
    stream_cancel(&stream);
    struct reply reply = stream_end(&stream);
    reply_free(&reply);
    /* The call that follows on the same connection is behind the cancel. */
    reply = fixture_get_user(fixture, "x", 0);
    reply_free(&reply);
    fixture_post(admitted_call, &task);
    fixture_await_metric(fixture, PL_METRIC_streams, 0);
    assert_int_equal(fixture->opened, fixture->closed);
}

static void streams_beyond_the_limit_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call first;
    struct stream_call second;

    fixture->config.streams_max = 1;
    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, &first);
    fixture_await(fixture, &fixture->opened, 1);
    stream_open(&fixture->client, CONNECT, &second);
    assert_end(&second, 8, "OVERLOADED");
    stream_half_close(&first);
    assert_end(&first, 0, "");
}

/* Anybody may open those. */
static void streams_of_health_take_no_place(void **state)
{
    struct fixture *fixture = *state;
    struct stream_call watch;
    struct stream_call stream;

    fixture->config.streams_max = 1;
    fixture_start(fixture);
    stream_open(&fixture->client, "/grpc.health.v1.Health/Watch", &watch);
    fixture_await_metric(fixture, PL_METRIC_streams, 1);
    stream_open(&fixture->client, CONNECT, &stream);
    fixture_await(fixture, &fixture->opened, 1);
    stream_half_close(&stream);
    assert_end(&stream, 0, "");
    stream_half_close(&watch);
    assert_end(&watch, 3, "INVALID_ARGUMENT");
}

static void note_task(struct pl_task *task);

struct noted_task {
    struct pl_task task;
    struct pl_timer timer;
    struct pl_loop *loop;
    struct fixture *fixture;
};

static void note_timer(struct pl_timer *timer)
{
    struct noted_task *noted = pl_container_of(timer, struct noted_task, timer);

    fixture_note(noted->fixture, &noted->fixture->noted);
}

static void note_task(struct pl_task *task)
{
    struct noted_task *noted = pl_container_of(task, struct noted_task, task);

    pl_timers_arm(&noted->loop->timers, &noted->timer, pl_clock_now_us() + 1000);
}

static void posting_wakes_a_loop_and_its_timers_run(void **state)
{
    struct fixture *fixture = *state;
    struct noted_task noted[2];

    fixture_start(fixture);
    assert_int_equal(pl_rpc_loop_count(fixture->rpc), 2);
    for (unsigned i = 0; i < 2; i++) {
        struct pl_loop *loop = pl_rpc_loop(fixture->rpc, i);
        assert_int_equal(loop->index, i);
        noted[i] =
            (struct noted_task){.task.run = note_task, .timer.run = note_timer, .loop = loop, .fixture = fixture};
        pl_mailbox_post(&loop->mailbox, &noted[i].task);
    }
    fixture_await(fixture, &fixture->noted, 2);
}

/* Each connection stays on one. */
static void connections_are_spread_over_all_loops(void **state)
{
    struct fixture *fixture = *state;
    enum { CONNECTIONS = 4, STREAMS = 64 };
    struct client clients[CONNECTIONS];
    struct stream_call streams[STREAMS];

    fixture_start(fixture);
    for (int i = 0; i < CONNECTIONS; i++)
        client_open_port(&clients[i], pl_rpc_port(fixture->rpc));
    for (int i = 0; i < STREAMS; i++)
        stream_open(&clients[i % CONNECTIONS], CONNECT, &streams[i]);
    fixture_await(fixture, &fixture->opened, STREAMS);
    assert_int_equal(fixture->opened_on[0], STREAMS / 2);
    assert_int_equal(fixture->opened_on[1], STREAMS / 2);
    for (int i = 0; i < STREAMS; i++) {
        write_frame(&streams[i], 7, 2);
        read_sents(&streams[i], 7, 9);
        stream_half_close(&streams[i]);
        assert_end(&streams[i], 0, "");
    }
    fixture_await(fixture, &fixture->closed, STREAMS);
    for (int i = 0; i < CONNECTIONS; i++)
        client_close(&clients[i]);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(echoes_in_order_and_gathers_what_came_meanwhile),
        TEST(closed_once_when_the_client_cancels),
        TEST(closed_once_when_the_client_disconnects),
        TEST(failed_stream_carries_its_reason),
        TEST(failing_in_opened_ends_the_stream),
        TEST(malformed_frame_ends_the_stream),
        TEST(frame_above_the_limit_ends_the_stream),
        TEST(refused_stream_is_neither_opened_nor_closed),
        TEST(admission_after_the_client_went_leaves_nothing_open),
        TEST(streams_beyond_the_limit_are_refused),
        TEST(streams_of_health_take_no_place),
        TEST(posting_wakes_a_loop_and_its_timers_run),
        TEST(connections_are_spread_over_all_loops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
