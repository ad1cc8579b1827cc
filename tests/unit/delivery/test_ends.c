/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How streams end: replaced, drained, expired, and closed at every moment of their life. */
#include <string.h>

#include "support/cmocka.h"

#include "delivery/hub.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, OTHER_CHAT = 4, ALICES = 1, BOBS = 2 };

static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    world->db.chats[OTHER_CHAT].members = 1U << ALICE | 1U << BOB;
    for (int i = 0; i < 150; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "hi");
    return 0;
}

/* ---- takeover ---- */

static void newer_stream_replaces_the_older(void **state)
{
    (void)state;
    struct pl_call *older = stream_start(BOB, BOBS);
    struct pl_call *newer = stream_open_on(BOB, BOBS, 0);
    stream_hello(newer);
    world_settle();
    assert_string_equal(stream_going_away(older)->reason, "SESSION_REPLACED");
    assert_int_equal(stream_going_away(older)->reconnect_after_ms, 0);
    assert_failed(older, PL_SESSION_REPLACED);
    assert_null(stream_going_away(newer));
    assert_has(newer, CHAT, 150);
    stream_close(older);
    world_say(CHAT, ALICE, ALICES, "next");
    world_settle();
    assert_has(newer, CHAT, 151);
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_sessions_replaced_total), 1);
}

static void other_devices_of_the_user_stay(void **state)
{
    (void)state;
    struct pl_call *phone = stream_start(BOB, BOBS);
    struct pl_call *tablet = stream_start(BOB, 4);
    assert_null(stream_going_away(phone));
    world_say(CHAT, ALICE, ALICES, "next");
    world_settle();
    assert_has(phone, CHAT, 151);
    assert_has(tablet, CHAT, 151);
}

static void three_streams_at_once_leave_the_last(void **state)
{
    (void)state;
    struct pl_call *streams[3];
    for (int i = 0; i < 3; i++) {
        streams[i] = stream_open_on(BOB, BOBS, i);
        stream_hello(streams[i]);
    }
    world_settle();
    int left = 0;
    for (int i = 0; i < 3; i++)
        left += !streams[i]->is_failed;
    assert_int_equal(left, 1);
}

static void end_waits_for_the_write_in_flight(void **state)
{
    (void)state;
    struct pl_call *older = stream_start(BOB, BOBS);
    older->is_slow = true;
    world_say(CHAT, ALICE, ALICES, "in flight");
    world_settle();
    world_say(CHAT, ALICE, ALICES, "queued");
    world_settle();
    stream_start(BOB, BOBS);
    assert_null(stream_going_away(older));
    assert_false(older->is_failed);
    stream_written(older);
    world_settle();
    assert_non_null(stream_going_away(older));
    assert_int_equal(stream_last(older)->n_entries, 1);
    assert_false(older->is_failed);
    stream_written(older);
    world_settle();
    assert_failed(older, PL_SESSION_REPLACED);
}

static void device_that_does_not_read_is_ended_after_2_s(void **state)
{
    (void)state;
    struct pl_call *older = stream_start(BOB, BOBS);
    older->is_slow = true;
    world_say(CHAT, ALICE, ALICES, "in flight");
    world_settle();
    stream_start(BOB, BOBS);
    world_pass_ms(1999);
    assert_false(older->is_failed);
    world_pass_ms(1);
    assert_failed(older, PL_SESSION_REPLACED);
}

static void nothing_is_taken_from_a_stream_that_ends(void **state)
{
    (void)state;
    struct pl_call *older = stream_start(BOB, BOBS);
    older->is_slow = true;
    world_say(CHAT, ALICE, ALICES, "in flight");
    world_settle();
    stream_start(BOB, BOBS);
    stream_ack(older, CHAT, 10);
    stream_ack(older, CHAT, 100000);
    stream_read(older, CHAT, 10);
    stream_hello(older);
    world_settle();
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 0);
    assert_int_equal(world->db.chats[CHAT].read[BOB], 0);
    assert_false(older->is_failed);
}

/* ---- drain ---- */

static void drain_sends_everybody_away_and_back(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    struct pl_call *bob = stream_start(BOB, BOBS);
    pl_hub_drain(world->server.hub);
    world_settle();
    struct pl_call *late = stream_start(BOB, 4);
    const struct pl_call *streams[] = {alice, bob, late};
    for (int i = 0; i < 3; i++) {
        assert_failed(streams[i], PL_DRAINING);
        assert_string_equal(stream_going_away(streams[i])->reason, "DRAINING");
        assert_in_range(stream_going_away(streams[i])->reconnect_after_ms, 1, 5000);
    }
}

static void drain_waits_for_the_last_session(void **state)
{
    (void)state;
    pl_hub_await_empty(world->server.hub);
}

/* ---- the token, and the client's own end ---- */

static void stream_ends_with_its_token(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    assert_int_equal(bob->frames[0]->welcome->token_expires_at->seconds, bob->principal.expires_at_us / 1000000);
    world_pass_ms(3599999);
    assert_false(bob->is_failed);
    world_pass_ms(1);
    assert_failed(bob, PL_TOKEN_EXPIRED);
    assert_string_equal(stream_going_away(bob)->reason, "TOKEN_EXPIRED");
    assert_int_equal(stream_going_away(bob)->reconnect_after_ms, 0);
}

static void client_that_says_no_more_is_done(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_half_close(bob);
    world_settle();
    assert_failed(bob, PL_OK);
}

/* A script that says hello, sends and closes its side gets all its answers, and what waited for it. */
static void last_words_are_answered(void **state)
{
    (void)state;
    int64_t seq = world_say(CHAT, ALICE, ALICES, "waiting");
    struct pl_call *bob = stream_open(BOB, BOBS);
    stream_hello(bob);
    stream_send(bob, 1, CHAT, "bye");
    stream_half_close(bob);
    world_settle();
    assert_int_equal(stream_sents(bob), 1);
    assert_has(bob, CHAT, seq + 1);
    assert_failed(bob, PL_OK);
}

static void last_words_of_a_live_stream_are_answered(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_send(bob, 1, CHAT, "bye");
    stream_half_close(bob);
    world_settle();
    assert_int_equal(stream_sents(bob), 1);
    assert_failed(bob, PL_OK);
}

static void silence_without_hello_is_refused(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    stream_half_close(bob);
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

/* ---- closed at every moment ---- */

static void close_before_hello(void **state)
{
    (void)state;
    stream_close(stream_open(BOB, BOBS));
    assert_int_equal(world->rpc.loops[BOBS % LOOPS].timers.count, 0);
}

/* What a turn left for its end must not outlive the session. */
static void close_in_the_turn_of_a_reply(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    stream_half_close(bob);
    stream_close(bob);
    world_settle();
    struct pl_call *again = stream_start(BOB, BOBS);
    stream_send(again, 1, CHAT, "");
    stream_close(again);
    world_settle();
}

static void close_while_registering(void **state)
{
    (void)state;
    struct pl_call *bob = stream_open(BOB, BOBS);
    stream_hello(bob);
    stream_close(bob);
    world_settle();
}

/* Closed after so many turns of all loops since hello, with the database held there or not. */
static void close_after(int turns, enum pl_statement statement, enum fake_hold hold, bool is_slow)
{
    fake_db_hold(&world->db, statement, hold);
    struct pl_call *bob = stream_open_on(BOB, BOBS, turns % LOOPS);
    bob->is_slow = is_slow;
    stream_hello(bob);
    for (int i = 0; i < turns; i++) {
        world_turn(i % LOOPS);
        fake_db_run(&world->db);
        if (bob->is_writing && !is_slow)
            stream_written(bob);
        if (i % 7 == 3)
            world_say(CHAT, ALICE, ALICES, "meanwhile");
        if (i % 11 == 5)
            fake_db_marked(&world->db, CHAT, ALICE, 1, 1);
    }
    stream_close(bob);
    fake_db_release_all(&world->db);
    world_settle();
}

static void close_at_every_turn(void **state)
{
    (void)state;
    static const enum pl_statement statements[] = {PL_STATEMENT_SESSION_CHATS, PL_STATEMENT_SESSION_HEADS,
                                                   PL_STATEMENT_SESSION_PAGE, PL_STATEMENT_HUB_PAGE};
    for (int turns = 0; turns < 40; turns++)
        for (unsigned i = 0; i < 4; i++)
            close_after(turns, statements[i], turns % 2 ? HOLD_BEFORE : HOLD_AFTER, turns % 3 == 0);
}

static void close_while_leaving_the_lists(void **state)
{
    (void)state;
    world->server.config.session_queue_bytes_max = 4096;
    struct pl_call *bob = stream_start(BOB, BOBS);
    bob->is_slow = true;
    for (int i = 0; i < 40; i++)
        world_say(CHAT, ALICE, ALICES, "words that fill the queue of a stream");
    for (int i = 0; i < 6 && pl_metrics_get(&world->server.metrics, PL_METRIC_sessions_slow_total) == 0; i++)
        world_turn(i % LOOPS);
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_sessions_slow_total), 1);
    stream_close(bob);
    world_settle();
}

static void close_with_everything_out(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world->db.hold_appends = world->db.hold_marks = true;
    stream_send(bob, 1, CHAT, "one");
    stream_send(bob, 2, OTHER_CHAT, "two");
    stream_read(bob, CHAT, 3);
    stream_ack(bob, CHAT, 3);
    fake_db_marked(&world->db, CHAT, ALICE, 1, 1);
    world_say(CHAT, ALICE, ALICES, "on its way");
    stream_close(bob);
    world_settle();
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_hub_chats), 0);
    world->db.hold_marks = false;
    world_settle();
    world->db.hold_appends = false;
    world_settle();
}

static void close_with_notices_on_their_way(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    struct pl_call *newer = stream_open_on(BOB, BOBS, 0);
    stream_hello(newer);
    world->db.listener.joined(world->db.listener.context, user_id(BOB), chat_id(5));
    stream_close(bob);
    world_settle();
    assert_true(newer->caught_up);
    pl_hub_drain(world->server.hub);
    stream_close(newer);
    world_settle();
}

static void failed_stream_is_freed_when_it_is_closed(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_ack(bob, CHAT, 9999);
    world_say(CHAT, ALICE, ALICES, "for nobody");
    world_settle();
    unsigned seen = bob->seen_count;
    world_pass_ms(10000);
    assert_int_equal(bob->seen_count, seen);
    stream_close(bob);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(newer_stream_replaces_the_older),
        TEST(other_devices_of_the_user_stay),
        TEST(three_streams_at_once_leave_the_last),
        TEST(end_waits_for_the_write_in_flight),
        TEST(device_that_does_not_read_is_ended_after_2_s),
        TEST(nothing_is_taken_from_a_stream_that_ends),
        TEST(drain_sends_everybody_away_and_back),
        TEST(drain_waits_for_the_last_session),
        TEST(stream_ends_with_its_token),
        TEST(client_that_says_no_more_is_done),
        TEST(last_words_are_answered),
        TEST(last_words_of_a_live_stream_are_answered),
        TEST(silence_without_hello_is_refused),
        TEST(close_before_hello),
        TEST(close_in_the_turn_of_a_reply),
        TEST(close_while_registering),
        TEST(close_at_every_turn),
        TEST(close_while_leaving_the_lists),
        TEST(close_with_everything_out),
        TEST(close_with_notices_on_their_way),
        TEST(failed_stream_is_freed_when_it_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
