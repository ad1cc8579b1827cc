/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/*
 * Bidirectional calls of the SDK that nobody waits for, against a real server over loopback. The test's thread is that
 * of the mailbox.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "parley/v1/stream_service.pb-c.h"
#include "sdk/c/src/bidi.h"
#include "support/cmocka.h"

enum { LARGE_BYTES = 60000, LARGE_FRAMES = 500, HUGE_BYTES = 8 << 20 };

struct peer {
    struct fixture fixture;
    struct pl_channel *channel;
    struct pl_bidi *bidi;
    struct pl_bidi_call *call;
    struct pl_mailbox mailbox;
    pthread_mutex_t lock; /* guards rung */
    pthread_cond_t changed;
    bool rung;
    /* Of the test's thread: what was told. */
    unsigned frames;
    unsigned written;
    unsigned ended;
    uint64_t next_id; /* above the request_ids that came, which come in order */
    bool cancels;     /* when a frame comes */
    parley_status status;
    char reason[64];
};

static void ring(void *owner)
{
    struct peer *peer = owner;

    pthread_mutex_lock(&peer->lock);
    peer->rung = true;
    pthread_cond_signal(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

/* What has come, when something has; how much that was. */
static size_t run_some(struct peer *peer)
{
    pthread_mutex_lock(&peer->lock);
    while (!peer->rung)
        pthread_cond_wait(&peer->changed, &peer->lock);
    peer->rung = false;
    pthread_mutex_unlock(&peer->lock);
    return pl_mailbox_run(&peer->mailbox);
}

/* Until one of the counters of what was told is `count`; it is never above. */
static void run_until(struct peer *peer, const unsigned *counter, unsigned count)
{
    while (*counter < count)
        run_some(peer);
    assert_int_equal(*counter, count);
}

/* Until so many batches have come back. */
static void run_batches(struct peer *peer, size_t count)
{
    for (size_t run = 0; run < count;)
        run += run_some(peer);
}

static void on_received(void *owner, const uint8_t *data, size_t bytes)
{
    struct peer *peer = owner;
    Parley__V1__ServerFrame *frame = parley__v1__server_frame__unpack(NULL, bytes, data);

    pl_assert(frame != NULL && peer->ended == 0);
    for (size_t i = 0; i < frame->n_sents; i++)
        pl_assert(frame->sents[i]->request_id == peer->next_id++);
    parley__v1__server_frame__free_unpacked(frame, NULL);
    peer->frames++;
    if (peer->cancels) {
        pl_bidi_call_cancel(peer->call);
        pl_bidi_call_read(peer->call); /* too late: nothing */
        pl_assert(peer->ended == 0);
    }
}

static void on_written(void *owner)
{
    struct peer *peer = owner;

    pl_assert(peer->ended == 0);
    peer->written++;
}

static void on_ended(void *owner, const struct pl_failure *failure)
{
    struct peer *peer = owner;

    peer->ended++;
    peer->call = NULL;
    peer->status = failure != NULL ? failure->status : PARLEY_OK;
    snprintf(peer->reason, sizeof peer->reason, "%s", failure != NULL ? failure->reason : "");
}

static void start(struct peer *peer, int port)
{
    static const struct pl_bidi_events events = {.received = on_received, .written = on_written, .ended = on_ended};
    parley_options *options = parley_options_new();
    char endpoint[32];

    snprintf(endpoint, sizeof endpoint, "127.0.0.1:%d", port);
    parley_options_set_endpoint(options, endpoint);
    pl_assert(pl_channel_open(options, &peer->channel, NULL) == PARLEY_OK);
    parley_options_free(options);
    peer->bidi = pl_bidi_open(&peer->mailbox);
    const struct pl_bidi_start how = {.channel = peer->channel, .path = CONNECT, .events = &events, .owner = peer};
    peer->call = pl_bidi_call_start(peer->bidi, &how);
}

static int setup(void **state)
{
    struct peer *peer = calloc(1, sizeof *peer);

    pl_assert(peer != NULL);
    fixture_init(&peer->fixture);
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    pl_mailbox_init(&peer->mailbox, ring, peer);
    *state = peer;
    return 0;
}

static int teardown(void **state)
{
    struct peer *peer = *state;

    pl_assert(peer->ended == 1);
    pl_bidi_close(peer->bidi);
    pl_channel_close(peer->channel);
    pl_mailbox_fini(&peer->mailbox);
    pthread_cond_destroy(&peer->changed);
    pthread_mutex_destroy(&peer->lock);
    fixture_stop(&peer->fixture);
    free(peer);
    return 0;
}

static void begin(struct peer *peer)
{
    fixture_start(&peer->fixture);
    start(peer, pl_rpc_port(peer->fixture.rpc));
}

static void write_sends(struct peer *peer, uint64_t first, unsigned count)
{
    uint8_t data[REQUEST_BYTES_MAX];

    pl_bidi_call_write(peer->call, data, pack_frame(first, count, data));
}

static void write_huge(struct peer *peer)
{
    uint8_t *data = calloc(1, HUGE_BYTES);

    pl_assert(data != NULL);
    pl_bidi_call_write(peer->call, data, HUGE_BYTES);
    free(data);
}

static void messages_go_and_come_until_the_server_ends_well(void **state)
{
    struct peer *peer = *state;

    begin(peer);
    for (unsigned i = 0; i < 20; i++) {
        write_sends(peer, i * 10, 10);
        run_until(peer, &peer->written, i + 1);
        pl_bidi_call_read(peer->call);
        run_until(peer, &peer->frames, i + 1);
        assert_int_equal(peer->next_id, (i + 1) * 10);
    }
    pl_bidi_call_half_close(peer->call);
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_OK);
    fixture_await(&peer->fixture, &peer->fixture.closed, 1);
}

static void write_large(struct pl_call *call)
{
    static char text[LARGE_BYTES];
    struct fixture *fixture = fixture_of(call);
    Parley__V1__ServerFrame frame = PARLEY__V1__SERVER_FRAME__INIT;
    Parley__V1__Sent sent = PARLEY__V1__SENT__INIT;
    Parley__V1__Sent *sents[] = {&sent};
    uint8_t data[LARGE_BYTES + 64];

    memset(text, 'x', sizeof text - 1);
    sent.request_id = (uint64_t)fixture->noted;
    sent.message_id = text;
    frame.sents = sents;
    frame.n_sents = 1;
    pl_call_write(call, data, parley__v1__server_frame__pack(&frame, data));
}

static void write_next_large(struct pl_call *call)
{
    struct fixture *fixture = fixture_of(call);

    fixture_note(fixture, &fixture->noted);
    if (fixture->noted < LARGE_FRAMES)
        write_large(call);
    else
        pl_call_finish(call);
}

static void ignore_message(struct pl_call *call, const ProtobufCMessage *message)
{
    (void)call;
    (void)message;
}

static void ignore(struct pl_call *call)
{
    (void)call;
}

static void note_closed(struct pl_call *call)
{
    fixture_note(fixture_of(call), &fixture_of(call)->closed);
}

static void who_does_not_read_holds_the_server_up(void **state)
{
    static const struct pl_stream_ops ops = {.opened = write_large,
                                             .received = ignore_message,
                                             .half_closed = ignore,
                                             .written = write_next_large,
                                             .closed = note_closed};
    struct peer *peer = *state;
    struct fixture *fixture = &peer->fixture;

    fixture->stream = &ops;
    begin(peer);
    for (unsigned i = 0; i < LARGE_FRAMES; i++) {
        pl_bidi_call_read(peer->call);
        run_until(peer, &peer->frames, i + 1);
        pthread_mutex_lock(&fixture->lock);
        assert_true(i > 0 || fixture->noted < LARGE_FRAMES);
        pthread_mutex_unlock(&fixture->lock);
    }
    assert_int_equal(peer->next_id, LARGE_FRAMES);
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_OK);
}

static void nothing_is_told_that_was_not_asked_for(void **state)
{
    struct peer *peer = *state;

    begin(peer);
    write_sends(peer, 0, 1);
    run_until(peer, &peer->written, 1);
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->frames, 1);
    write_sends(peer, 1, 1);
    run_until(peer, &peer->written, 2);
    /* Meanwhile an answer that nobody has asked for could come. */
    struct reply reply = fixture_get_user(&peer->fixture, "x", 0);
    reply_free(&reply);
    pl_mailbox_run(&peer->mailbox);
    assert_int_equal(peer->frames, 1);
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->frames, 2);
    pl_bidi_call_cancel(peer->call);
    run_until(peer, &peer->ended, 1);
}

static void fail_on_message(struct pl_call *call, const ProtobufCMessage *message)
{
    (void)message;
    pl_call_fail(call, PL_SESSION_REPLACED, NULL);
}

static void end_by_the_server_is_told_with_its_reason(void **state)
{
    static const struct pl_stream_ops ops = {
        .opened = ignore, .received = fail_on_message, .half_closed = ignore, .written = ignore, .closed = note_closed};
    struct peer *peer = *state;

    peer->fixture.stream = &ops;
    begin(peer);
    pl_bidi_call_read(peer->call);
    write_sends(peer, 0, 1);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_SESSION_REPLACED);
    assert_string_equal(peer->reason, "SESSION_REPLACED");
    assert_int_equal(peer->frames, 0);
}

static void server_that_is_not_there_is_unreachable(void **state)
{
    struct peer *peer = *state;

    fixture_start(&peer->fixture);
    start(peer, 1); /* nobody listens there */
    pl_bidi_call_read(peer->call);
    write_sends(peer, 0, 1);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_UNREACHABLE);
    assert_int_equal(peer->frames, 0);
}

static void cancelled_call_ends_once_and_not_at_once(void **state)
{
    struct peer *peer = *state;

    begin(peer);
    pl_bidi_call_read(peer->call);
    pl_bidi_call_cancel(peer->call);
    pl_bidi_call_cancel(peer->call);
    assert_int_equal(peer->ended, 0);
    write_sends(peer, 0, 1);
    pl_bidi_call_half_close(peer->call);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_CANCELLED);
    assert_int_equal(peer->written, 0);
}

static void owner_may_cancel_while_a_message_is_told(void **state)
{
    struct peer *peer = *state;

    begin(peer);
    peer->cancels = true;
    write_sends(peer, 0, 1);
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->frames, 1);
    assert_int_equal(peer->status, PARLEY_CANCELLED);
    fixture_await(&peer->fixture, &peer->fixture.closed, 1);
}

static void keep_admission(struct pl_call *call)
{
    fixture_keep(call, NULL);
}

struct admission {
    struct pl_task task;
    struct pl_call *call;
};

static void admit_now(struct pl_task *task)
{
    pl_call_admit(pl_container_of(task, struct admission, task)->call);
}

static void refuse_now(struct pl_task *task)
{
    pl_call_fail(pl_container_of(task, struct admission, task)->call, PL_TOKEN_EXPIRED, NULL);
}

/* The server reads nothing before it has admitted the stream, and flow control lets through far less than is written.
 */
static void begin_with_a_write_in_flight(struct peer *peer, struct admission *admission)
{
    peer->fixture.admit = keep_admission;
    begin(peer);
    pl_bidi_call_read(peer->call);
    admission->call = fixture_take(&peer->fixture);
    write_huge(peer);
}

static void call_is_cancelled_while_a_write_is_in_flight(void **state)
{
    static struct admission admission = {.task.run = admit_now};
    struct peer *peer = *state;

    begin_with_a_write_in_flight(peer, &admission);
    pl_bidi_call_cancel(peer->call);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_CANCELLED);
    assert_int_equal(peer->written, 0);
    fixture_post(admission.call, &admission.task);
    fixture_await_metric(&peer->fixture, PL_METRIC_streams, 0);
}

static void server_ends_while_a_write_is_in_flight(void **state)
{
    static struct admission admission = {.task.run = refuse_now};
    struct peer *peer = *state;

    begin_with_a_write_in_flight(peer, &admission);
    fixture_post(admission.call, &admission.task);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_TOKEN_EXPIRED);
    assert_int_equal(peer->written, 0);
}

static void say_one_thing_and_fail(struct pl_call *call)
{
    write_large(call);
    pl_call_fail(call, PL_SESSION_REPLACED, NULL);
}

/*
 * gRPC gives the status only behind what was said, which nobody has read when a write fails: the one that the end
 * overtakes or, when gRPC counts that as done, the next.
 */
static void what_was_said_before_the_end_is_read_when_a_write_has_failed(void **state)
{
    static const struct pl_stream_ops ops = {.opened = say_one_thing_and_fail,
                                             .received = ignore_message,
                                             .half_closed = ignore,
                                             .written = ignore,
                                             .closed = note_closed};
    static struct admission admission = {.task.run = admit_now};
    struct peer *peer = *state;
    unsigned told = 0;

    peer->fixture.stream = &ops;
    peer->fixture.admit = keep_admission;
    begin(peer);
    admission.call = fixture_take(&peer->fixture);
    write_huge(peer);
    fixture_post(admission.call, &admission.task);
    run_batches(peer, 2); /* the opening and the write */
    while (peer->written > told) {
        told = peer->written;
        write_sends(peer, 0, 1);
        run_batches(peer, 1);
    }
    write_sends(peer, 0, 1); /* too late: nothing */
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->frames, 1);
    pl_bidi_call_read(peer->call);
    run_until(peer, &peer->ended, 1);
    assert_int_equal(peer->status, PARLEY_SESSION_REPLACED);
    assert_int_equal(peer->written, told);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_go_and_come_until_the_server_ends_well),
        TEST(who_does_not_read_holds_the_server_up),
        TEST(nothing_is_told_that_was_not_asked_for),
        TEST(end_by_the_server_is_told_with_its_reason),
        TEST(server_that_is_not_there_is_unreachable),
        TEST(cancelled_call_ends_once_and_not_at_once),
        TEST(owner_may_cancel_while_a_message_is_told),
        TEST(call_is_cancelled_while_a_write_is_in_flight),
        TEST(server_ends_while_a_write_is_in_flight),
        TEST(what_was_said_before_the_end_is_read_when_a_write_has_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
