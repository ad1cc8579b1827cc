/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * How a server ends, with calls and streams in work. Fixtures are static: when an assertion fails, the server still
 * runs and points into them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fixture.h"
#include "grpc/health/v1/health.pb-c.h"
#include "parley/v1/user_service.pb-c.h"

#define HEALTH_CHECK "/grpc.health.v1.Health/Check"

static const int64_t LONG_US = 60000000;

static struct pl_call *kept_call;

static void keep_call(struct pl_call *call)
{
    kept_call = call; /* before the test is told that it is there */
    fixture_note(fixture_of(call), &fixture_of(call)->opened);
}

static void note_closed(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->closed);
}

static const struct pl_stream_ops kept_stream = {.opened = keep_call,
                                                 .received = fixture_ignore_message,
                                                 .half_closed = fixture_ignore,
                                                 .written = fixture_ignore,
                                                 .closed = note_closed};

static void fail_kept(struct pl_task *task)
{
    (void)task;
    pl_call_fail(kept_call, PL_DRAINING, NULL);
}

static void reply_kept(struct pl_task *task)
{
    Parley__V1__User user = PARLEY__V1__USER__INIT;

    (void)task;
    pl_call_reply(kept_call, &user.base);
}

static void open_stream(struct fixture *fixture, struct stream_call *stream)
{
    fixture_init(fixture);
    fixture->stream = &kept_stream;
    fixture_start(fixture);
    stream_open(&fixture->client, CONNECT, stream);
    fixture_await(fixture, &fixture->opened, 1);
}

static void finish(struct fixture *fixture)
{
    pl_rpc_close(fixture->rpc);
    client_close(&fixture->client);
    fixture_fini(fixture);
}

static void stopped_server_refuses_calls_but_tells_its_health(void **state)
{
    static struct fixture fixture;
    static struct stream_call stream;
    struct request check = {.path = HEALTH_CHECK};

    (void)state;
    open_stream(&fixture, &stream);
    pl_rpc_stop(fixture.rpc);
    struct reply reply = fixture_get_user(&fixture, "x", 0);
    assert_string_equal(reply.reason, "DRAINING");
    assert_int_equal(reply.code, 14);
    assert_true(reply.retry_after_ms > 0);
    reply_free(&reply);
    reply = client_call(&fixture.client, &check);
    assert_int_equal(reply.code, 0);
    assert_memory_equal(reply.data, "\x08\x02", 2); /* NOT_SERVING */
    reply_free(&reply);
    stream_cancel(&stream);
    reply = stream_end(&stream);
    reply_free(&reply);
    pl_rpc_drain(fixture.rpc, pl_clock_now_us() + LONG_US);
    finish(&fixture);
}

static void drain_waits_for_a_stream_that_we_end(void **state)
{
    static struct pl_task task = {.run = fail_kept};
    static struct fixture fixture;
    static struct stream_call stream;

    (void)state;
    open_stream(&fixture, &stream);
    pl_rpc_stop(fixture.rpc);
    fixture_post(kept_call, &task);
    pl_rpc_drain(fixture.rpc, pl_clock_now_us() + LONG_US);
    assert_int_equal(fixture.closed, 1);
    struct reply reply = stream_end(&stream);
    assert_string_equal(reply.reason, "DRAINING");
    reply_free(&reply);
    finish(&fixture);
}

static void drain_cancels_a_stream_that_outlives_the_deadline(void **state)
{
    static struct fixture fixture;
    static struct stream_call stream;

    (void)state;
    open_stream(&fixture, &stream);
    pl_rpc_stop(fixture.rpc);
    pl_rpc_drain(fixture.rpc, pl_clock_now_us());
    assert_int_equal(fixture.closed, 1);
    struct reply reply = stream_end(&stream);
    assert_int_equal(reply.code, 14);
    reply_free(&reply);
    finish(&fixture);
}

static void drain_waits_for_a_call_in_work(void **state)
{
    static struct pl_task task = {.run = reply_kept};
    struct request request = {.path = GET_USER};
    static struct fixture fixture;
    static struct unary_call call;

    (void)state;
    fixture_init(&fixture);
    fixture.handle = fixture_keep;
    fixture_start(&fixture);
    client_start(&fixture.client, &request, &call);
    kept_call = fixture_take(&fixture);
    pl_rpc_stop(fixture.rpc);
    fixture_post(kept_call, &task);
    pl_rpc_drain(fixture.rpc, pl_clock_now_us() + LONG_US);
    struct reply reply = client_wait(&call);
    assert_int_equal(reply.code, 0);
    reply_free(&reply);
    finish(&fixture);
}

static void watchers_are_told_and_then_ended(void **state)
{
    static struct fixture fixture;
    static struct stream_call watch;
    size_t bytes;

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    stream_open(&fixture.client, "/grpc.health.v1.Health/Watch", &watch);
    stream_write(&watch, "", 0);
    stream_half_close(&watch);
    uint8_t *data = stream_read(&watch, &bytes);
    assert_memory_equal(data, "\x08\x01", 2); /* SERVING */
    free(data);
    pl_rpc_stop(fixture.rpc);
    data = stream_read(&watch, &bytes);
    assert_memory_equal(data, "\x08\x02", 2); /* NOT_SERVING */
    free(data);
    pl_rpc_drain(fixture.rpc, pl_clock_now_us() + LONG_US);
    struct reply reply = stream_end(&watch);
    assert_string_equal(reply.reason, "DRAINING");
    reply_free(&reply);
    finish(&fixture);
}

static void post_note(struct pl_task *task);

struct late_mail {
    struct pl_task task;
    struct fixture *fixture;
    struct pl_loop *next;
};

static void post_note(struct pl_task *task)
{
    struct late_mail *mail = pl_container_of(task, struct late_mail, task);
    struct pl_loop *next = mail->next;

    fixture_note(mail->fixture, &mail->fixture->noted);
    mail->next = NULL;
    if (next != NULL)
        pl_mailbox_post(&next->mailbox, task);
}

static void mail_after_the_drain_is_still_run(void **state)
{
    static struct fixture fixture;
    struct late_mail mail = {.task.run = post_note, .fixture = &fixture};

    (void)state;
    fixture_init(&fixture);
    fixture_start(&fixture);
    pl_rpc_stop(fixture.rpc);
    pl_rpc_drain(fixture.rpc, pl_clock_now_us() + LONG_US);
    mail.next = pl_rpc_loop(fixture.rpc, 0);
    pl_mailbox_post(&pl_rpc_loop(fixture.rpc, 1)->mailbox, &mail.task);
    finish(&fixture);
    assert_int_equal(fixture.noted, 2);
}

static void write_much_and_finish(struct pl_call *call)
{
    size_t bytes = 32 << 20; /* far above what windows and buffers take */
    void *data = calloc(1, bytes);

    pl_assert(data != NULL);
    pl_call_write(call, data, bytes);
    free(data);
    pl_call_finish(call);
}

static void stream_that_nobody_reads_ends_all_the_same(void **state)
{
    static const struct pl_stream_ops ops = {.opened = write_much_and_finish,
                                             .received = fixture_ignore_message,
                                             .half_closed = fixture_ignore,
                                             .written = fixture_ignore,
                                             .closed = note_closed};
    static struct fixture fixture;
    static struct stream_call stream;

    (void)state;
    fixture_init(&fixture);
    fixture.stream = &ops;
    fixture_start(&fixture);
    stream_open(&fixture.client, CONNECT, &stream);
    fixture_await(&fixture, &fixture.closed, 1);
    stream_cancel(&stream); /* core's client tells no status before the messages are read */
    struct reply reply = stream_end(&stream);
    reply_free(&reply);
    fixture_stop(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_server_refuses_calls_but_tells_its_health),
        cmocka_unit_test(drain_waits_for_a_stream_that_we_end),
        cmocka_unit_test(drain_cancels_a_stream_that_outlives_the_deadline),
        cmocka_unit_test(drain_waits_for_a_call_in_work),
        cmocka_unit_test(watchers_are_told_and_then_ended),
        cmocka_unit_test(mail_after_the_drain_is_still_run),
        cmocka_unit_test(stream_that_nobody_reads_ends_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
