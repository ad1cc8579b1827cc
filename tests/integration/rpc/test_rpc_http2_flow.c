/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Windows, and clients that do not read: who waits for what, and how much of it is kept. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "http2_client.h"
#include "parley/v1/stream_service.pb-c.h"
#include "parley/v1/user_service.pb-c.h"
#include "rpc/inbound.h"
#include "support/cmocka.h"

enum { STREAM_WINDOW_BYTES = 64 << 10 };

static struct pl_call *kept_call;

static void admit_kept(struct pl_task *task)
{
    (void)task;
    pl_call_admit(kept_call);
}

static void note_closed(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->closed);
}

static void assert_connection_works(struct h2_client *client)
{
    struct h2_call call;

    h2_start_path(client, GET_USER, &call);
    h2_message(client, &call, "", 0, true);
    h2_open_window(client, &call, 100);
    h2_await_end(client, &call);
    h2_assert_status(&call, PL_OK);
    h2_free(&call);
}

/* ---- what the server writes ---- */

enum { MESSAGE_BYTES = 50000 };

static uint8_t pattern[MESSAGE_BYTES];

static void write_pattern(struct pl_call *call)
{
    for (unsigned i = 0; i < MESSAGE_BYTES; i++)
        pattern[i] = (uint8_t)(i % 251);
    pl_call_write(call, pattern, MESSAGE_BYTES);
}

static void note_written(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->noted);
}

static const struct pl_stream_ops writing = {.opened = write_pattern,
                                             .received = fixture_ignore_message,
                                             .half_closed = fixture_ignore,
                                             .written = note_written,
                                             .closed = note_closed};

static void stream_without_a_window_waits_alone(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;
    const uint8_t *data;
    size_t bytes;

    rig->fixture.stream = &writing;
    h2_rig_start(rig, 0);
    h2_start_path(&rig->client, CONNECT, &call);
    h2_await_headers(&rig->client, &call);
    assert_connection_works(&rig->client);
    assert_int_equal(call.data.bytes, 0);
    h2_open_window(&rig->client, &call, MESSAGE_BYTES);
    h2_sync(&rig->client);
    assert_int_equal(call.data.bytes, MESSAGE_BYTES); /* the prefix goes first, so the end is missing */
    assert_int_equal(rig->fixture.noted, 0);
    h2_open_window(&rig->client, &call, PL_PREFIX_BYTES);
    assert_true(h2_next(&rig->client, &call, &data, &bytes));
    assert_int_equal(bytes, MESSAGE_BYTES);
    assert_memory_equal(data, pattern, bytes);
    fixture_await(&rig->fixture, &rig->fixture.noted, 1);
    h2_reset(&rig->client, &call);
    h2_sync(&rig->client);
    fixture_await(&rig->fixture, &rig->fixture.closed, 1);
    h2_free(&call);
}

/* Or anybody could take all places: nobody is asked who he is before. */
static void health_that_nobody_reads_takes_no_place_of_calls(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call check;

    rig->fixture.config.calls_max = 1;
    h2_rig_start(rig, 0);
    h2_start_path(&rig->client, "/grpc.health.v1.Health/Check", &check);
    h2_message(&rig->client, &check, "", 0, true);
    h2_await_headers(&rig->client, &check);
    assert_connection_works(&rig->client);
    assert_false(check.is_ended);
    h2_free(&check);
}

static void deadline_passes_what_waits_for_the_window(void **state)
{
    struct h2_head head = {.path = CONNECT, .fields = {{"grpc-timeout", "50m"}}};
    struct h2_rig *rig = *state;
    struct h2_call call;

    rig->fixture.stream = &writing;
    h2_rig_start(rig, 0);
    h2_start(&rig->client, &head, &call);
    h2_await_end(&rig->client, &call);
    h2_assert_status(&call, PL_DEADLINE_EXCEEDED);
    assert_int_equal(call.data.bytes, 0);
    fixture_await(&rig->fixture, &rig->fixture.closed, 1);
    assert_int_equal(rig->fixture.noted, 0);
    assert_connection_works(&rig->client);
    h2_free(&call);
}

static void refuse(struct pl_call *call)
{
    pl_call_fail(call, PL_TOKEN_EXPIRED, NULL);
}

static void status_without_a_message_needs_no_window(void **state)
{
    static const struct {
        const char *path;
        enum pl_status status;
    } cases[] = {{"/unknown", PL_METHOD_UNKNOWN}, {GET_USER, PL_TOKEN_EXPIRED}, {CONNECT, PL_TOKEN_EXPIRED}};
    struct h2_rig *rig = *state;

    rig->fixture.admit = refuse;
    h2_rig_start(rig, 0);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct h2_call call;
        h2_start_path(&rig->client, cases[i].path, &call);
        h2_message(&rig->client, &call, "", 0, true);
        h2_await_end(&rig->client, &call);
        h2_assert_status(&call, cases[i].status);
        h2_free(&call);
    }
}

/* ---- a client that does not read ---- */

enum { MANY = 1024, MANY_BYTES = 64 << 10, QUIET_TURNS = 100 };

static atomic_uint written_count;

/* Each message is its number, all over. */
static void write_number(struct pl_call *call)
{
    static _Thread_local uint32_t numbers[MANY_BYTES / sizeof(uint32_t)];

    for (unsigned i = 0; i < MANY_BYTES / sizeof(uint32_t); i++)
        numbers[i] = atomic_load(&written_count);
    pl_call_write(call, numbers, MANY_BYTES);
}

static void open_many(struct pl_call *call)
{
    kept_call = call;
    write_number(call);
    fixture_note(fixture_of(call), &fixture_of(call)->opened);
}

static void write_next(struct pl_call *call)
{
    if (atomic_fetch_add(&written_count, 1) + 1 < MANY)
        write_number(call);
    else
        pl_call_finish(call);
}

static const struct pl_stream_ops writing_many = {.opened = open_many,
                                                  .received = fixture_ignore_message,
                                                  .half_closed = fixture_ignore,
                                                  .written = write_next,
                                                  .closed = note_closed};

struct turn {
    struct pl_task task;
    struct fixture *fixture;
};

static void note_turn(struct pl_task *task)
{
    struct turn *turn = pl_container_of(task, struct turn, task);

    fixture_note(turn->fixture, &turn->fixture->noted);
}

/* Until many turns of the loop in a row brought nothing. */
static void await_standstill(struct fixture *fixture)
{
    struct turn turn = {.task.run = note_turn, .fixture = fixture};
    unsigned before = 0;
    unsigned quiet = 0;

    for (int turns = 1; quiet < QUIET_TURNS; turns++) {
        fixture_post(kept_call, &turn.task);
        fixture_await(fixture, &fixture->noted, turns);
        quiet = atomic_load(&written_count) == before ? quiet + 1 : 0;
        before = atomic_load(&written_count);
    }
}

static void assert_number(const uint8_t *data, size_t bytes, uint32_t number)
{
    assert_int_equal(bytes, MANY_BYTES);
    for (size_t at = 0; at < bytes; at += sizeof(number))
        if (memcmp(data + at, &number, sizeof(number)) != 0)
            fail_msg("message %u is not itself", number);
}

static void client_that_does_not_read_stops_the_writing(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call call;
    const uint8_t *data;
    size_t bytes;

    atomic_store(&written_count, 0);
    rig->fixture.stream = &writing_many;
    fixture_start(&rig->fixture);
    h2_open(&rig->client, h2_connect(pl_rpc_port(rig->fixture.rpc), 4096), INT32_MAX);
    h2_start_path(&rig->client, CONNECT, &call);
    h2_flush(&rig->client);
    fixture_await(&rig->fixture, &rig->fixture.opened, 1);
    await_standstill(&rig->fixture);
    assert_true(atomic_load(&written_count) < MANY / 2);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_true(h2_next(&rig->client, &call, &data, &bytes));
        assert_number(data, bytes, i);
    }
    assert_false(h2_next(&rig->client, &call, &data, &bytes));
    h2_assert_status(&call, PL_OK);
    assert_int_equal(atomic_load(&written_count), MANY);
    h2_free(&call);
}

/* ---- what the client sends ---- */

/* A stream whose admission waits; the client knows the server's settings. */
static void start_unadmitted(struct h2_rig *rig, struct h2_call *call)
{
    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_sync(&rig->client);
    h2_start_path(&rig->client, CONNECT, call);
    h2_flush(&rig->client);
    kept_call = fixture_take(&rig->fixture);
}

static void keep_admission(struct pl_call *call)
{
    if (pl_call_method(call)->client_streaming)
        fixture_keep(call, NULL);
    else
        pl_call_admit(call);
}

static void more_than_the_window_is_a_flow_control_error(void **state)
{
    static const uint8_t zeros[H2_FRAME_BYTES_MAX];
    struct pl_task task = {.run = admit_kept};
    struct h2_rig *rig = *state;
    struct h2_call call;

    rig->fixture.admit = keep_admission;
    start_unadmitted(rig, &call);
    for (unsigned sent = 0; sent < STREAM_WINDOW_BYTES; sent += H2_FRAME_BYTES_MAX)
        h2_data(&rig->client, &call, zeros, H2_FRAME_BYTES_MAX, false);
    h2_sync(&rig->client);
    assert_false(call.is_reset);
    assert_int_equal(call.credit, 0);
    h2_data(&rig->client, &call, zeros, 1, false);
    h2_await_end(&rig->client, &call);
    assert_true(call.is_reset);
    assert_int_equal(call.reset_code, NGHTTP2_FLOW_CONTROL_ERROR);
    assert_connection_works(&rig->client);
    fixture_post(kept_call, &task);
    fixture_await_metric(&rig->fixture, PL_METRIC_streams, 0);
    assert_int_equal(rig->fixture.opened, 0);
    h2_free(&call);
}

enum { SENDS = 64 };

static uint64_t next_id;

static void check_order(struct pl_call *call, const ProtobufCMessage *message)
{
    const Parley__V1__ClientFrame *frame = (const Parley__V1__ClientFrame *)message;

    pl_assert(frame->n_sends == SENDS && frame->sends[0]->request_id == next_id);
    next_id += SENDS;
    fixture_note(fixture_of(call), &fixture_of(call)->noted);
}

static const struct pl_stream_ops checking = {.opened = fixture_ignore,
                                              .received = check_order,
                                              .half_closed = pl_call_finish,
                                              .written = fixture_ignore,
                                              .closed = note_closed};

/* As many messages as fit into so many bytes, numbered from *first on. */
static void send_what_fits(struct h2_client *client, const struct h2_call *call, size_t room, uint64_t *first)
{
    uint8_t data[SENDS * 16];

    for (;;) {
        size_t bytes = pack_frame(*first, SENDS, data);
        if (bytes + PL_PREFIX_BYTES > room)
            return;
        h2_message(client, call, data, bytes, false);
        room -= bytes + PL_PREFIX_BYTES;
        *first += SENDS;
    }
}

static void what_came_before_admission_is_read_after_it(void **state)
{
    struct pl_task task = {.run = admit_kept};
    struct h2_rig *rig = *state;
    struct h2_call call;
    uint64_t sent = 1;

    next_id = 1;
    rig->fixture.admit = keep_admission;
    rig->fixture.stream = &checking;
    start_unadmitted(rig, &call);
    send_what_fits(&rig->client, &call, STREAM_WINDOW_BYTES, &sent);
    h2_sync(&rig->client);
    assert_int_equal(call.credit, 0);
    assert_int_equal(rig->fixture.noted, 0);
    fixture_post(kept_call, &task);
    while (call.credit == 0)
        assert_true(h2_read(&rig->client));
    fixture_await(&rig->fixture, &rig->fixture.noted, (int)(sent / SENDS));
    send_what_fits(&rig->client, &call, call.credit, &sent);
    h2_data(&rig->client, &call, NULL, 0, true);
    h2_await_end(&rig->client, &call);
    h2_assert_status(&call, PL_OK);
    assert_int_equal(next_id, sent);
    h2_free(&call);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, h2_setup, h2_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(health_that_nobody_reads_takes_no_place_of_calls), TEST(stream_without_a_window_waits_alone),
        TEST(deadline_passes_what_waits_for_the_window),        TEST(status_without_a_message_needs_no_window),
        TEST(client_that_does_not_read_stops_the_writing),      TEST(more_than_the_window_is_a_flow_control_error),
        TEST(what_came_before_admission_is_read_after_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
