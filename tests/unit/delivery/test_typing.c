/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Who is told that somebody writes, how often, and for how long. */
#include "support/cmocka.h"

#include "base/limits.h"
#include "delivery/hub.h"
#include "delivery/session.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, CHAT = 4, OTHER = 5, GROUP = GROUPS_FIRST };

static struct pl_call *alice;
static struct pl_call *bob;

static int set_up(void **state)
{
    world_set_up(state);
    for (int chat = CHAT; chat < CHAT + 6; chat++)
        world->db.chats[chat].members = 1U << ALICE | 1U << BOB;
    world->db.chats[GROUP].members = 1U << ALICE | 1U << BOB | 1U << CAROL;
    alice = stream_start(ALICE, ALICE);
    bob = stream_start(BOB, BOB);
    return 0;
}

static void say(struct pl_call *stream, int chat, bool is_typing)
{
    char text[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id id = chat_id(chat);
    Parley__V1__SetTyping said = PARLEY__V1__SET_TYPING__INIT, *all[] = {&said};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    pl_uuid_format(&id.uuid, text);
    said.chat_id = text;
    said.is_typing = is_typing;
    frame.n_typings = 1;
    frame.typings = all;
    stream_receive(stream, &frame);
    world_settle();
}

static void assert_told(const struct pl_call *stream, int chat, int user, int32_t expires_after_ms)
{
    char chat_text[PL_UUID_TEXT_CHARS + 1];
    char user_text[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id id = chat_id(chat);
    struct pl_user_id writer = user_id(user);
    const Parley__V1__ServerFrame *frame = stream_last(stream);
    assert_int_equal(frame->n_typings, 1);
    pl_uuid_format(&id.uuid, chat_text);
    pl_uuid_format(&writer.uuid, user_text);
    assert_string_equal(frame->typings[0]->chat_id, chat_text);
    assert_string_equal(frame->typings[0]->user_id, user_text);
    assert_int_equal(frame->typings[0]->expires_after_ms, expires_after_ms);
}

static void the_other_is_told_for_how_long(void **state)
{
    (void)state;
    struct pl_call *tablet = stream_start(ALICE, ALICE + 3);
    say(alice, CHAT, true);
    assert_int_equal(stream_typings(bob), 1);
    assert_told(bob, CHAT, ALICE, PL_TYPING_EXPIRES_MS);
    assert_int_equal(stream_typings(alice) + stream_typings(tablet), 0);
    say(alice, CHAT, false);
    assert_int_equal(stream_typings(bob), 2);
    assert_told(bob, CHAT, ALICE, 0);
}

static void what_comes_sooner_is_dropped(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        say(alice, CHAT, true);
    world_pass_ms(PL_TYPING_EVERY_MS - 1);
    say(alice, CHAT, true);
    assert_int_equal(stream_typings(bob), 1);
    world_pass_ms(1);
    say(alice, CHAT, true);
    assert_int_equal(stream_typings(bob), 2);
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_typings_total), 2);
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_typings_dropped_total), 100);
}

static void on_and_off_in_turn_is_no_way_around(void **state)
{
    (void)state;
    say(alice, CHAT, false);
    for (int i = 0; i < 50; i++) {
        say(alice, CHAT, true);
        say(alice, CHAT, false);
    }
    assert_int_equal(stream_typings(bob), 2);
}

static void of_many_chats_only_some_are_passed_on(void **state)
{
    (void)state;
    for (int chat = CHAT; chat < CHAT + 6; chat++)
        say(alice, chat, true);
    assert_int_equal(stream_typings(bob), PL_TYPING_CHATS_MAX);
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(alice, CHAT + 5, true);
    assert_told(bob, CHAT + 5, ALICE, PL_TYPING_EXPIRES_MS);
}

static void nobody_is_told_while_one_blocks(void **state)
{
    (void)state;
    world->db.blocked_chats = 1U << CHAT;
    say(alice, CHAT, true);
    say(bob, CHAT, true);
    assert_int_equal(stream_typings(alice) + stream_typings(bob), 0);
    say(alice, OTHER, true);
    assert_told(bob, OTHER, ALICE, PL_TYPING_EXPIRES_MS);
}

static void a_block_is_seen_at_once_here_and_soon_elsewhere(void **state)
{
    (void)state;
    say(alice, CHAT, true);
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(alice, CHAT, true);
    assert_int_equal(world->db.queries[PL_STATEMENT_CHAT_IS_BLOCKED], 1);
    world->db.blocked_chats = 1U << CHAT;
    pl_hub_block_changed(world->server.hub, chat_id(CHAT));
    say(bob, CHAT, true);
    assert_int_equal(stream_typings(alice), 0);
    world->db.blocked_chats = 0;
    world_pass_ms(6000);
    say(bob, CHAT, true);
    assert_int_equal(stream_typings(alice), 1);
}

static void a_block_during_the_question_counts(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_CHAT_IS_BLOCKED, HOLD_AFTER);
    say(alice, CHAT, true);
    world->db.blocked_chats = 1U << CHAT;
    pl_hub_block_changed(world->server.hub, chat_id(CHAT));
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
    assert_int_equal(stream_typings(bob), 0);
}

static void database_that_is_away_drops_it(void **state)
{
    (void)state;
    world->db.refusals[PL_STATEMENT_CHAT_IS_BLOCKED] = PL_DATABASE_UNAVAILABLE;
    say(alice, CHAT, true);
    assert_int_equal(stream_typings(bob), 0);
    world->db.refusals[PL_STATEMENT_CHAT_IS_BLOCKED] = PL_OK;
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(alice, CHAT, true);
    assert_int_equal(stream_typings(bob), 1);
}

static void end_during_the_question(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_CHAT_IS_BLOCKED, HOLD_AFTER);
    say(alice, CHAT, true);
    stream_close(alice);
    stream_close(bob);
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
}

static void only_members_say_and_hear_it(void **state)
{
    (void)state;
    struct pl_call *carol = stream_start(CAROL, CAROL);
    struct pl_call *stranger = stream_start(6, 6);
    say(carol, GROUP, true);
    assert_int_equal(stream_typings(alice) + stream_typings(bob), 2);
    say(stranger, GROUP, true);
    assert_int_equal(stream_typings(alice) + stream_typings(bob), 2);
    int64_t seq = fake_db_remove(&world->db, GROUP, CAROL);
    fake_db_publish(&world->db, GROUP, seq, seq);
    world_settle();
    say(alice, GROUP, true);
    assert_int_equal(stream_typings(carol) + stream_typings(stranger), 0);
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(carol, GROUP, true);
    assert_int_equal(stream_typings(alice), 1);
}

static void a_large_group_is_not_told(void **state)
{
    (void)state;
    enum { DEVICES = 15 };
    world->db.chats[GROUP].members = (1U << USERS_MAX) - 1;
    for (int i = 0; i < PL_TYPING_STREAMS_MAX - 2; i++)
        stream_start(CAROL + i / DEVICES, i % DEVICES);
    say(alice, GROUP, true);
    assert_int_equal(stream_typings(bob), 1);
    stream_start(ALICE, ALICE + 1);
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(alice, GROUP, true);
    assert_int_equal(stream_typings(bob), 1);
}

static void what_is_over_when_it_could_be_told_is_not(void **state)
{
    (void)state;
    bob->is_slow = true;
    world_say(CHAT, ALICE, ALICE, "in flight");
    world_settle();
    say(alice, CHAT, true);
    say(alice, OTHER, true);
    world_pass_ms(1000);
    stream_written(bob);
    world_settle();
    assert_int_equal(stream_last(bob)->n_typings, 2);
    assert_int_equal(stream_last(bob)->typings[0]->expires_after_ms, PL_TYPING_EXPIRES_MS - 1000);
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(alice, CHAT, true);
    world_pass_ms(PL_TYPING_EXPIRES_MS);
    stream_written(bob);
    world_settle();
    assert_int_equal(stream_typings(bob), 2);
}

static void of_very_many_at_once_some_are_told(void **state)
{
    (void)state;
    enum { GROUPS = 3, TOLD_MAX = 16 };
    struct pl_call *others[USERS_MAX] = {[ALICE] = alice};
    for (int group = GROUP; group < GROUP + GROUPS; group++) {
        world->db.chats[group].members = (1U << USERS_MAX) - 1;
        for (int user = 0; user < USERS_MAX; user++)
            pl_hub_joined(world->server.hub, user_id(user), chat_id(group));
    }
    world_settle();
    for (int user = CAROL; user < USERS_MAX; user++)
        others[user] = stream_start(user, user);
    bob->is_slow = true;
    world_say(CHAT, ALICE, ALICE, "in flight");
    world_settle();
    for (int user = 0; user < USERS_MAX; user++)
        for (int group = GROUP; others[user] != NULL && group < GROUP + GROUPS; group++)
            say(others[user], group, true);
    stream_written(bob);
    world_settle();
    assert_int_equal(stream_last(bob)->n_typings, TOLD_MAX);
}

static void the_message_itself_ends_it(void **state)
{
    (void)state;
    bob->is_slow = true;
    world_say(OTHER, ALICE, ALICE, "in flight");
    world_settle();
    say(alice, CHAT, true);
    world_say(CHAT, ALICE, ALICE, "this one");
    world_settle();
    stream_written(bob);
    world_settle();
    assert_int_equal(stream_last(bob)->n_entries, 1);
    assert_int_equal(stream_typings(bob), 0);
}

static void the_message_during_the_question_ends_it(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_CHAT_IS_BLOCKED, HOLD_AFTER);
    say(alice, CHAT, true);
    world_say(CHAT, ALICE, ALICE, "this one");
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
    assert_has(bob, CHAT, 1);
    assert_int_equal(stream_typings(bob), 0);
    world_pass_ms(PL_TYPING_EVERY_MS);
    say(alice, CHAT, true);
    assert_int_equal(stream_typings(bob), 1);
}

static void an_id_that_is_none_ends_the_stream(void **state)
{
    (void)state;
    Parley__V1__SetTyping said = PARLEY__V1__SET_TYPING__INIT, *all[] = {&said};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    said.chat_id = (char *)"here";
    frame.n_typings = 1;
    frame.typings = all;
    stream_receive(alice, &frame);
    assert_failed(alice, PL_INVALID_ID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_other_is_told_for_how_long),
        TEST(what_comes_sooner_is_dropped),
        TEST(on_and_off_in_turn_is_no_way_around),
        TEST(of_many_chats_only_some_are_passed_on),
        TEST(nobody_is_told_while_one_blocks),
        TEST(a_block_is_seen_at_once_here_and_soon_elsewhere),
        TEST(a_block_during_the_question_counts),
        TEST(database_that_is_away_drops_it),
        TEST(end_during_the_question),
        TEST(only_members_say_and_hear_it),
        TEST(a_large_group_is_not_told),
        TEST(what_is_over_when_it_could_be_told_is_not),
        TEST(of_very_many_at_once_some_are_told),
        TEST(the_message_itself_ends_it),
        TEST(the_message_during_the_question_ends_it),
        TEST(an_id_that_is_none_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
