/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Messages that a device sends on its stream, and how each is answered. */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka.h"

#include "delivery/hub.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, OTHER_CHAT = 4, ALICES = 1, SENDS_MAX = 256 };

static struct pl_call *alice;

static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    alice = stream_start(ALICE, ALICES);
    return 0;
}

static void committed_send_is_answered_and_comes_back_without_body(void **state)
{
    (void)state;
    stream_send(alice, 77, CHAT, "hi");
    world_settle();
    assert_int_equal(stream_sents(alice), 1);
    assert_has(alice, CHAT, 1);
    assert_int_equal(alice->seen[0].body_case, PARLEY__V1__MESSAGE__BODY__NOT_SET);
    for (unsigned i = 0; i < alice->frame_count; i++) {
        const Parley__V1__ServerFrame *frame = alice->frames[i];
        if (frame->n_sents == 0)
            continue;
        assert_int_equal(frame->sents[0]->request_id, 77);
        assert_int_equal(frame->sents[0]->seq, 1);
        assert_string_equal(frame->sents[0]->chat_id, "63000000-0000-8000-8000-000000000003");
        assert_int_equal(strlen(frame->sents[0]->message_id), PL_UUID_TEXT_CHARS);
        assert_non_null(frame->sents[0]->timestamp);
    }
}

static const Parley__V1__Failed *only_failed(void)
{
    assert_int_equal(stream_faileds(alice), 1);
    assert_int_equal(stream_last(alice)->n_faileds, 1);
    return stream_last(alice)->faileds[0];
}

static void refused_send_says_why(void **state)
{
    (void)state;
    stream_send(alice, 5, OTHER_CHAT, "hi");
    world_settle();
    const Parley__V1__Failed *failed = only_failed();
    assert_int_equal(failed->request_id, 5);
    assert_int_equal(failed->code, 7);
    assert_string_equal(failed->reason, "NOT_A_MEMBER");
    assert_int_equal(failed->retry_after_ms, 0);
    assert_false(alice->is_failed);
}

static void bad_send_is_refused_and_the_stream_goes_on(void **state)
{
    (void)state;
    stream_send(alice, 6, CHAT, "");
    world_settle();
    const Parley__V1__Failed *failed = only_failed();
    assert_string_equal(failed->reason, "INVALID_CONTENT");
    assert_true(STAILQ_EMPTY(&world->db.appends));
    stream_send(alice, 7, CHAT, "hi");
    world_settle();
    assert_int_equal(stream_sents(alice), 1);
}

static void send_without_message_is_refused(void **state)
{
    (void)state;
    Parley__V1__Send send = PARLEY__V1__SEND__INIT, *sends[] = {&send};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    frame.n_sends = 1;
    frame.sends = sends;
    stream_receive(alice, &frame);
    world_settle();
    assert_string_equal(only_failed()->reason, "INVALID_ARGUMENT");
}

static void too_many_unanswered_are_refused(void **state)
{
    (void)state;
    world->db.hold_appends = true;
    for (unsigned i = 0; i < SENDS_MAX + 1; i++)
        stream_send(alice, i, CHAT, "hi");
    world_settle();
    const Parley__V1__Failed *failed = only_failed();
    assert_int_equal(failed->request_id, SENDS_MAX);
    assert_string_equal(failed->reason, "OVERLOADED");
    assert_true(failed->retry_after_ms > 0);
    world->db.hold_appends = false;
    world_settle();
    assert_int_equal(stream_sents(alice), SENDS_MAX);
    stream_send(alice, 1000, CHAT, "hi");
    world_settle();
    assert_int_equal(stream_sents(alice), SENDS_MAX + 1);
}

static void answers_that_are_not_taken_end_the_stream(void **state)
{
    (void)state;
    alice->is_slow = true;
    world_say(CHAT, BOB, 9, "in flight");
    world_settle();
    unsigned count = 0;
    for (; count < 4 * SENDS_MAX && !alice->is_failed; count++)
        stream_send(alice, count, OTHER_CHAT, "");
    assert_failed(alice, PL_OVERLOADED);
    assert_in_range(count, SENDS_MAX, 2 * SENDS_MAX + 1);
}

static void one_frame_of_many_bad_sends_ends_the_stream(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    Parley__V1__Send send = PARLEY__V1__SEND__INIT;
    Parley__V1__Send **sends = malloc(MANY * sizeof(*sends));
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    for (int i = 0; i < MANY; i++)
        sends[i] = &send;
    frame.n_sends = MANY;
    frame.sends = sends;
    stream_receive(alice, &frame);
    free(sends);
    assert_failed(alice, PL_OVERLOADED);
    world_settle();
}

static void send_after_going_away_is_left_to_be_repeated(void **state)
{
    (void)state;
    pl_hub_drain(world->server.hub);
    world_turn(0);
    world_turn(1);
    world_turn(2);
    stream_send(alice, 1, CHAT, "late");
    world_settle();
    if (stream_going_away(alice) == NULL)
        fail();
    int64_t stored = world->db.chats[CHAT].last_seq;
    stream_send(alice, 2, CHAT, "too late");
    world_settle();
    assert_int_equal(world->db.chats[CHAT].last_seq, stored);
}

static void append_that_outlives_its_stream_is_stored(void **state)
{
    (void)state;
    world->db.hold_appends = true;
    stream_send(alice, 1, CHAT, "hi");
    world_settle();
    stream_close(alice);
    world_settle();
    world->db.hold_appends = false;
    world_settle();
    assert_int_equal(world->db.chats[CHAT].last_seq, 1);
}

static void sends_keep_their_order(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, 2);
    stream_send(alice, 1, CHAT, "one");
    stream_send(alice, 2, CHAT, "two");
    stream_send(alice, 3, CHAT, "three");
    world_settle();
    assert_has(bob, CHAT, 3);
    assert_memory_equal(world->db.chats[CHAT].entries[2].message.body, "three", 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(committed_send_is_answered_and_comes_back_without_body),
        TEST(refused_send_says_why),
        TEST(bad_send_is_refused_and_the_stream_goes_on),
        TEST(send_without_message_is_refused),
        TEST(too_many_unanswered_are_refused),
        TEST(answers_that_are_not_taken_end_the_stream),
        TEST(one_frame_of_many_bad_sends_ends_the_stream),
        TEST(send_after_going_away_is_left_to_be_repeated),
        TEST(append_that_outlives_its_stream_is_stored),
        TEST(sends_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
