/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How long the server waits for clients that neither read nor say what they want, and what it keeps of them meanwhile.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http2_client.h"
#include "parley/v1/stream_service.pb-c.h"
#include "rpc/inbound.h"
#include "support/cmocka.h"

/* More than two sockets hold. */
enum { MESSAGE_BYTES = 32 << 20, TAKEN_BYTES = 1000 };

static uint8_t message[MESSAGE_BYTES];

static void write_and_finish(struct pl_call *call)
{
    pl_call_write(call, message, MESSAGE_BYTES);
    pl_call_finish(call);
}

static const struct pl_stream_ops finishing = {.opened = write_and_finish,
                                               .received = fixture_ignore_message,
                                               .half_closed = fixture_ignore,
                                               .written = fixture_ignore,
                                               .closed = fixture_ignore};

static void request_that_never_comes_has_its_deadline(void **state)
{
    struct h2_head head = {.path = GET_USER, .fields = {{"grpc-timeout", "50m"}}};
    struct h2_rig *rig = *state;
    struct h2_call call;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    h2_start(&rig->client, &head, &call);
    h2_await_end(&rig->client, &call);
    h2_assert_status(&call, PL_DEADLINE_EXCEEDED);
    assert_int_equal(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_calls), 0);
    h2_free(&call);
}

/* It takes the patience of the server, twice 5 s where something was read. Whoever has half an answer must not take it
 * for a whole one. An answer that waits in a socket is not given up meanwhile: that is the connection's to do.
 */
static void answers_that_nobody_reads_are_given_up(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_call stream;
    struct h2_call unary;
    struct h2_client later;
    struct h2_call waiting;

    rig->fixture.stream = &finishing;
    h2_rig_start(rig, 0);
    h2_open(&later, h2_connect(pl_rpc_port(rig->fixture.rpc), 0), 2 * MESSAGE_BYTES);
    h2_start_path(&later, CONNECT, &waiting);
    h2_flush(&later);
    h2_start_path(&rig->client, CONNECT, &stream);
    h2_start_path(&rig->client, "/grpc.health.v1.Health/Check", &unary);
    h2_message(&rig->client, &unary, "", 0, true);
    h2_open_window(&rig->client, &stream, TAKEN_BYTES);
    h2_await_end(&rig->client, &unary);
    h2_await_end(&rig->client, &stream);
    assert_int_equal(stream.data.bytes, TAKEN_BYTES);
    assert_true(stream.is_reset && unary.is_reset);
    assert_int_equal(stream.reset_code, NGHTTP2_CANCEL);
    assert_int_equal(unary.reset_code, NGHTTP2_CANCEL);
    assert_null(h2_status_field(&stream, "grpc-status"));
    fixture_await_metric(&rig->fixture, PL_METRIC_calls, 0);
    fixture_await_metric(&rig->fixture, PL_METRIC_streams, 1);
    h2_await_end(&later, &waiting);
    h2_assert_status(&waiting, PL_OK);
    assert_int_equal(waiting.data.bytes, PL_PREFIX_BYTES + MESSAGE_BYTES);
    h2_free(&waiting);
    h2_close(&later);
    h2_free(&stream);
    h2_free(&unary);
}

struct visit {
    struct pl_task task;
    struct fixture *fixture;
};

static void note_visit(struct pl_task *task)
{
    struct fixture *fixture = pl_container_of(task, struct visit, task)->fixture;

    fixture_note(fixture, &fixture->noted);
}

/* Each loop has had a turn since. */
static void let_turn_pass(struct fixture *fixture)
{
    struct visit visits[2];

    fixture->noted = 0;
    for (unsigned i = 0; i < 2; i++) {
        visits[i] = (struct visit){.task.run = note_visit, .fixture = fixture};
        pl_mailbox_post(&pl_rpc_loop(fixture->rpc, i)->mailbox, &visits[i].task);
    }
    fixture_await(fixture, &fixture->noted, 2);
}

/* How much of it the server takes; 0: none, however often it had the chance. */
static size_t send_some(struct fixture *fixture, int fd, const void *data, size_t bytes)
{
    enum { CHANCES = 20 };

    for (int i = 0; i < CHANCES; i++) {
        ssize_t sent = send(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        assert_true(sent > 0 || errno == EAGAIN);
        let_turn_pass(fixture);
        if (sent > 0)
            return (size_t)sent;
    }
    return 0;
}

/* A call of "/x", whole in one frame: RFC 9113 section 6.2, with HPACK's literals that are never indexed (RFC 7541). */
enum { STREAM_ID_AT = 5 };
static const uint8_t call_frame[] = "\0\0\x1c\x01\x05\0\0\0\0" /* HEADERS, END_STREAM and END_HEADERS */
                                    "\x83\x86\x01\x01h\x04\x02/x\x0f\x10\x10"
                                    "application/grpc";
enum { CALL_BYTES = sizeof(call_frame) - 1, LOT = 64 };

static void put_calls(uint8_t *lot, uint32_t *stream_id)
{
    for (unsigned i = 0; i < LOT; i++, *stream_id += 2) {
        uint8_t *frame = lot + (size_t)i * CALL_BYTES;
        uint32_t id = htobe32(*stream_id);
        memcpy(frame, call_frame, CALL_BYTES);
        memcpy(frame + STREAM_ID_AT, &id, sizeof(id));
    }
}

/* Or it could ask for answers without end, all of which would have to be kept. */
static void who_does_not_read_is_not_read(void **state)
{
    enum { CALLS_MAX = 2000000 };
    /* The preface and SETTINGS without any, whose last byte is the string's NUL. */
    static const uint8_t greeting[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0";
    struct h2_rig *rig = *state;
    uint8_t lot[LOT * CALL_BYTES];
    uint32_t stream_id = 1;
    size_t at = sizeof(lot);
    size_t taken;

    h2_rig_start(rig, H2_WINDOW_BYTES);
    int fd = h2_connect(pl_rpc_port(rig->fixture.rpc), 4096);
    taken = send_some(&rig->fixture, fd, greeting, sizeof(greeting));
    for (; taken > 0 && stream_id < CALLS_MAX; at += taken) {
        if (at == sizeof(lot)) {
            put_calls(lot, &stream_id);
            at = 0;
        }
        taken = send_some(&rig->fixture, fd, lot + at, sizeof(lot) - at);
    }
    assert_int_equal(taken, 0);
    assert_true(pl_metrics_get(&rig->fixture.metrics, PL_METRIC_calls_total + PL_METHOD_UNKNOWN) > LOT);
    close(fd);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, h2_setup, h2_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request_that_never_comes_has_its_deadline),
        TEST(answers_that_nobody_reads_are_given_up),
        TEST(who_does_not_read_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
