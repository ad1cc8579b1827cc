/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* When a user is online, and how often that is stored. */
#include "support/cmocka.h"

#include "delivery/hub.h"
#include "delivery/presence.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, INTERVAL_MS = 30000, SILENCE_MS = 2 * INTERVAL_MS, SEEN_MS = 300000 };

static void on_answered(struct pl_presence_question *question)
{
    question->home = NULL;
}

static struct pl_presence_question ask(int user)
{
    struct pl_presence_question question = {
        .home = &world->rpc.loops[0].mailbox, .done = on_answered, .user_id = user_id(user)};
    pl_hub_ask_presence(world->server.hub, &question);
    world_settle();
    assert_null(question.home);
    return question;
}

static bool is_online(int user)
{
    return ask(user).is_online;
}

static int64_t online_count(void)
{
    return pl_metrics_get(&world->server.metrics, PL_METRIC_users_online);
}

static unsigned saves(void)
{
    return world->db.queries[PL_STATEMENT_LAST_SEEN_SAVE];
}

static void beat(struct pl_call *stream)
{
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    stream_receive(stream, &frame);
    world_settle();
}

static void a_user_is_online_from_welcome_to_the_end(void **state)
{
    (void)state;
    assert_false(is_online(ALICE));
    struct pl_call *alice = stream_start(ALICE, ALICE);
    assert_true(is_online(ALICE));
    assert_false(is_online(BOB));
    assert_int_equal(saves(), 0);
    stream_close(alice);
    assert_false(is_online(ALICE));
    assert_int_equal(online_count(), 0);
    assert_int_equal(saves(), 1);
}

static void the_last_of_several_streams_counts(void **state)
{
    (void)state;
    struct pl_call *phone = stream_start(ALICE, ALICE);
    struct pl_call *tablet = stream_start(ALICE, ALICE + 1);
    stream_close(phone);
    assert_true(is_online(ALICE));
    assert_int_equal(online_count(), 1);
    stream_close(tablet);
    assert_false(is_online(ALICE));
}

static void who_is_silent_is_offline_though_the_stream_goes_on(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICE);
    world_pass_ms(SILENCE_MS - 1);
    assert_true(is_online(ALICE));
    world_pass_ms(1);
    assert_false(is_online(ALICE));
    assert_false(alice->is_failed);
    assert_int_equal(saves(), 1);
    beat(alice);
    assert_true(is_online(ALICE));
    world_pass_ms(SILENCE_MS);
    assert_false(is_online(ALICE));
    assert_int_equal(saves(), 2);
}

static void a_beat_now_and_then_is_enough(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICE);
    struct pl_call *bob = stream_start(BOB, BOB);
    for (int i = 0; i < 6; i++) {
        world_pass_ms(INTERVAL_MS);
        beat(alice);
    }
    assert_true(is_online(ALICE));
    assert_false(is_online(BOB));
    stream_close(bob);
    assert_false(is_online(BOB));
    assert_int_equal(saves(), 1);
}

static void an_end_in_the_same_moment_as_the_silence(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICE);
    world_wait_ms(SILENCE_MS);
    stream_close(alice);
    world_settle();
    assert_false(is_online(ALICE));
    assert_int_equal(online_count(), 0);
}

static void who_stays_is_stored_now_and_then(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICE);
    for (int i = 0; i < SEEN_MS / INTERVAL_MS; i++) {
        world_pass_ms(INTERVAL_MS);
        beat(alice);
    }
    assert_int_equal(saves(), 1);
}

static void who_goes_at_once_is_stored_at_once(void **state)
{
    (void)state;
    struct pl_call *streams[USERS_MAX];
    for (int user = 0; user < USERS_MAX; user++)
        streams[user] = stream_start(user, user);
    for (int user = 0; user < USERS_MAX; user++)
        stream_close(streams[user]);
    world_settle();
    assert_int_equal(online_count(), 0);
    assert_in_range(saves(), 1, LOOPS);
}

static void what_is_not_stored_yet_is_known(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_LAST_SEEN_SAVE, HOLD_BEFORE);
    struct pl_call *bob = stream_start(BOB, BOB);
    stream_close(stream_start(ALICE, ALICE));
    int64_t gone_us = ask(ALICE).unsaved_us;
    assert_true(gone_us > 0);
    world_pass_ms(1);
    stream_close(stream_start(ALICE, ALICE)); /* while that is being stored */
    world_settle();
    assert_int_equal(ask(ALICE).unsaved_us, gone_us + 1000);
    assert_int_equal(ask(BOB).unsaved_us, 0);
    fake_db_release_all(&world->db);
    world_settle();
    assert_int_equal(ask(ALICE).unsaved_us, 0);
    stream_close(bob);
}

static void what_the_database_does_not_take_is_tried_again(void **state)
{
    (void)state;
    world->db.refusals[PL_STATEMENT_LAST_SEEN_SAVE] = PL_DATABASE_UNAVAILABLE;
    stream_close(stream_start(ALICE, ALICE));
    world_settle();
    assert_int_equal(saves(), 1);
    assert_int_equal(world->server.hub->session_count, 1);
    world_pass_ms(999);
    assert_int_equal(saves(), 1);
    world_pass_ms(1);
    assert_int_equal(saves(), 2);
    world->db.refusals[PL_STATEMENT_LAST_SEEN_SAVE] = PL_OK;
    world_pass_ms(1000);
    assert_int_equal(saves(), 3);
    assert_int_equal(world->server.hub->session_count, 0);
}

static void what_waits_for_the_database_is_bounded(void **state)
{
    (void)state;
    enum { WAITING_MAX = 65536, OVER = 10, AGAIN_MS = 1000 };
    struct pl_user_id id = user_id(ALICE);
    struct pl_shard *shard = pl_hub_user_shard(world->server.hub, &id);
    struct pl_call *alice = stream_start(ALICE, ALICE);
    world->db.refusals[PL_STATEMENT_LAST_SEEN_SAVE] = PL_DATABASE_UNAVAILABLE;
    pl_shard_saw(shard, &id, 1);
    for (int64_t ms = INTERVAL_MS; ms < SEEN_MS; ms += INTERVAL_MS) {
        world_pass_ms(INTERVAL_MS);
        beat(alice);
    }
    world_pass_ms(INTERVAL_MS - AGAIN_MS / 2);
    world_pass_ms(AGAIN_MS / 2);
    assert_true(is_online(ALICE));
    assert_int_equal(shard->seen_count, 1);
    for (int i = 0; i < WAITING_MAX + OVER; i++)
        pl_shard_saw(shard, &id, i);
    assert_int_equal(shard->seen_count, WAITING_MAX);
    world->db.refusals[PL_STATEMENT_LAST_SEEN_SAVE] = PL_OK;
    world_pass_ms(AGAIN_MS);
    assert_int_equal(shard->seen_count, 0);
}

static void a_draining_server_tries_once(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICE);
    world->db.refusals[PL_STATEMENT_LAST_SEEN_SAVE] = PL_DATABASE_UNAVAILABLE;
    pl_hub_drain(world->server.hub);
    world_settle();
    stream_close(alice);
    world_settle();
    assert_int_equal(saves(), 1);
    assert_int_equal(world->server.hub->session_count, 0);
}

static void what_waits_to_be_tried_again_holds_up_no_drain(void **state)
{
    (void)state;
    world->db.refusals[PL_STATEMENT_LAST_SEEN_SAVE] = PL_DATABASE_UNAVAILABLE;
    stream_close(stream_start(ALICE, ALICE));
    world_settle();
    pl_hub_drain(world->server.hub);
    world_settle();
    assert_int_equal(saves(), 2);
    assert_int_equal(world->server.hub->session_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_is_online_from_welcome_to_the_end),
        TEST(the_last_of_several_streams_counts),
        TEST(who_is_silent_is_offline_though_the_stream_goes_on),
        TEST(a_beat_now_and_then_is_enough),
        TEST(an_end_in_the_same_moment_as_the_silence),
        TEST(who_stays_is_stored_now_and_then),
        TEST(who_goes_at_once_is_stored_at_once),
        TEST(what_is_not_stored_yet_is_known),
        TEST(what_the_database_does_not_take_is_tried_again),
        TEST(what_waits_for_the_database_is_bounded),
        TEST(a_draining_server_tries_once),
        TEST(what_waits_to_be_tried_again_holds_up_no_drain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
