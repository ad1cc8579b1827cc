/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Who is told when somebody comes and goes. */
#include "support/cmocka.h"

#include <string.h>

#include "base/limits.h"
#include "delivery/hub.h"
#include "parley/v1/presence_service.pb-c.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, CHAT = GROUPS_FIRST, NEW_CHAT };

static struct pl_call *alice;

static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE;
    alice = stream_start(ALICE, ALICE);
    return 0;
}

/* Of as many users as are named, from the first on. */
static void watch(struct pl_call *stream, const int *users, size_t count)
{
    static char texts[PL_PRESENCE_USERS_MAX + 1][PL_UUID_TEXT_CHARS + 1];
    char *ids[PL_PRESENCE_USERS_MAX + 1];
    Parley__V1__WatchPresence said = PARLEY__V1__WATCH_PRESENCE__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    for (size_t i = 0; i < count; i++) {
        struct pl_user_id id = user_id(users[i]);
        pl_uuid_format(&id.uuid, texts[i]);
        ids[i] = texts[i];
    }
    said.user_ids = ids;
    said.n_user_ids = count;
    frame.watch = &said;
    stream_receive(stream, &frame);
}

static void watch_bob(void)
{
    watch(alice, (const int[]){BOB}, 1);
    world_settle();
}

static void assert_told(const struct pl_call *stream, int user, bool is_online, bool has_last_seen)
{
    char text[PL_UUID_TEXT_CHARS + 1];
    struct pl_user_id id = user_id(user);
    const Parley__V1__ServerFrame *frame = stream_last(stream);
    pl_uuid_format(&id.uuid, text);
    assert_int_equal(frame->n_presences, 1);
    assert_string_equal(frame->presences[0]->user_id, text);
    assert_int_equal(frame->presences[0]->online, is_online);
    assert_int_equal(frame->presences[0]->last_seen != NULL, has_last_seen);
}

static void how_it_is_and_how_it_changes(void **state)
{
    (void)state;
    watch_bob();
    assert_told(alice, BOB, false, false);
    struct pl_call *bob = stream_start(BOB, BOB);
    assert_told(alice, BOB, true, false);
    struct pl_call *tablet = stream_start(BOB, BOB + 1);
    stream_close(bob);
    world_settle();
    assert_int_equal(stream_presences(alice), 2);
    stream_close(tablet);
    world_settle();
    assert_told(alice, BOB, false, true);
    assert_int_equal(stream_presences(alice), 3);
}

static void the_silent_are_told_of(void **state)
{
    (void)state;
    stream_start(BOB, BOB);
    watch_bob();
    world_pass_ms(60000);
    assert_told(alice, BOB, false, true);
}

static void what_is_not_stored_yet_is_told(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOB);
    fake_db_hold(&world->db, PL_STATEMENT_LAST_SEEN_SAVE, HOLD_BEFORE);
    stream_close(bob);
    world_settle();
    watch_bob();
    assert_told(alice, BOB, false, true);
}

static void who_may_not_know_is_told_nothing(void **state)
{
    (void)state;
    world->db.hidden_users = 1U << BOB;
    struct pl_call *bob = stream_start(BOB, BOB);
    watch_bob();
    stream_close(bob);
    world_settle();
    assert_int_equal(stream_presences(alice), 0);
}

static void what_changes_who_knows_is_seen_at_once(void **state)
{
    (void)state;
    stream_start(BOB, BOB);
    watch_bob();
    assert_told(alice, BOB, true, false);
    world->db.hidden_users = 1U << BOB;
    pl_hub_audience_changed(world->server.hub, user_id(BOB));
    world_settle();
    assert_told(alice, BOB, false, false);
}

/* Both ways: who tells nobody is told of nobody. */
static void what_the_watcher_changes_is_seen_at_once(void **state)
{
    (void)state;
    stream_start(BOB, BOB);
    watch_bob();
    world->db.hidden_users = 1U << BOB;
    pl_hub_audience_changed(world->server.hub, user_id(ALICE));
    world_settle();
    assert_told(alice, BOB, false, false);
}

static void publish(int64_t seq)
{
    fake_db_publish(&world->db, CHAT, seq, seq);
    world_settle();
}

static void who_comes_into_a_chat_and_leaves_it_is_asked_about(void **state)
{
    (void)state;
    world->db.hidden_users = 1U << BOB | 1U << CAROL;
    stream_start(BOB, BOB);
    watch(alice, (const int[]){BOB, CAROL}, 2);
    world_settle();
    world->db.hidden_users = 0;
    publish(fake_db_add(&world->db, CHAT, BOB));
    assert_told(alice, BOB, true, false);
    assert_int_equal(stream_presences(alice), 1);
    world->db.hidden_users = 1U << BOB;
    publish(fake_db_remove(&world->db, CHAT, BOB));
    assert_told(alice, BOB, false, false);
    assert_int_equal(stream_presences(alice), 2);
}

static void who_comes_or_leaves_asks_about_all(void **state)
{
    (void)state;
    stream_start(BOB, BOB);
    watch(alice, (const int[]){BOB, CAROL}, 2);
    world_settle();
    assert_int_equal(stream_presences(alice), 2);
    world->db.hidden_users = 1U << BOB | 1U << CAROL;
    publish(fake_db_remove(&world->db, CHAT, ALICE));
    assert_int_equal(stream_presences(alice), 3); /* of carol there is nothing to take back */
    world->db.hidden_users = 0;
    pl_hub_joined(world->server.hub, user_id(ALICE), chat_id(NEW_CHAT));
    world_settle();
    assert_told(alice, BOB, true, false);
}

static void a_change_behind_the_end_is_for_nobody(void **state)
{
    (void)state;
    watch_bob();
    fake_db_hold(&world->db, PL_STATEMENT_PRESENCES_SHOWN, HOLD_AFTER);
    pl_hub_joined(world->server.hub, user_id(ALICE), chat_id(NEW_CHAT));
    world_settle();
    pl_hub_audience_changed(world->server.hub, user_id(ALICE));
    stream_close(alice);
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
}

static void a_newer_watch_takes_the_place_of_the_older(void **state)
{
    (void)state;
    watch(alice, (const int[]){BOB, CAROL, BOB}, 3);
    world_settle();
    assert_int_equal(stream_presences(alice), 2);
    watch(alice, (const int[]){CAROL}, 1);
    world_settle();
    stream_start(BOB, BOB);
    assert_int_equal(stream_presences(alice), 2);
    stream_start(CAROL, CAROL);
    assert_told(alice, CAROL, true, false);
    watch_bob();
    assert_told(alice, BOB, true, false);
    watch(alice, NULL, 0);
    world_settle();
    watch_bob();
    assert_told(alice, BOB, true, false);
}

static void back_and_forth_in_one_turn(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        watch(alice, (const int[]){BOB}, 1);
        watch(alice, (const int[]){CAROL}, 1);
    }
    world_settle();
    unsigned told = stream_presences(alice);
    stream_start(BOB, BOB);
    assert_int_equal(stream_presences(alice), told);
    stream_start(CAROL, CAROL);
    assert_int_equal(stream_presences(alice), told + 1);
}

static void changes_gather_while_a_write_is_in_flight(void **state)
{
    (void)state;
    watch_bob();
    alice->is_slow = true;
    struct pl_call *bob = stream_start(BOB, BOB);
    for (int i = 0; i < 5; i++) {
        stream_close(bob);
        world_settle();
        bob = stream_start(BOB, BOB);
    }
    stream_written(alice);
    world_settle();
    assert_told(alice, BOB, true, false);
    assert_int_equal(stream_presences(alice), 3);
}

static void the_end_during_the_question(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_PRESENCES_SHOWN, HOLD_AFTER);
    watch_bob();
    stream_close(alice);
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
}

static void database_that_is_away_is_asked_again(void **state)
{
    (void)state;
    world->db.refusals[PL_STATEMENT_PRESENCES_SHOWN] = PL_DATABASE_UNAVAILABLE;
    watch_bob();
    assert_int_equal(stream_presences(alice), 0);
    world->db.refusals[PL_STATEMENT_PRESENCES_SHOWN] = PL_OK;
    world_pass_ms(1000);
    assert_told(alice, BOB, false, false);
    world->db.refusals[PL_STATEMENT_PRESENCES_SHOWN] = PL_DATABASE_UNAVAILABLE;
    stream_start(BOB, BOB);
    stream_close(alice);
    world_settle();
}

static void too_many_are_refused(void **state)
{
    (void)state;
    int users[PL_PRESENCE_USERS_MAX + 1] = {0};
    watch(alice, users, PL_PRESENCE_USERS_MAX + 1);
    assert_failed(alice, PL_INVALID_ARGUMENT);
}

static void too_often_is_refused(void **state)
{
    (void)state;
    int users[PL_PRESENCE_USERS_MAX];
    for (int i = 0; i < PL_PRESENCE_USERS_MAX; i++)
        users[i] = i;
    for (int i = 0; i < 5; i++) {
        assert_false(alice->is_failed);
        watch(alice, users, PL_PRESENCE_USERS_MAX);
        watch(alice, NULL, 0);
    }
    assert_failed(alice, PL_OVERLOADED);
}

static void an_id_that_is_none_ends_the_stream(void **state)
{
    (void)state;
    char *ids[] = {(char *)"bob"};
    Parley__V1__WatchPresence said = PARLEY__V1__WATCH_PRESENCE__INIT;
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    said.n_user_ids = 1;
    said.user_ids = ids;
    frame.watch = &said;
    stream_receive(alice, &frame);
    assert_failed(alice, PL_INVALID_ID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(how_it_is_and_how_it_changes),
        TEST(the_silent_are_told_of),
        TEST(what_is_not_stored_yet_is_told),
        TEST(who_may_not_know_is_told_nothing),
        TEST(what_changes_who_knows_is_seen_at_once),
        TEST(what_the_watcher_changes_is_seen_at_once),
        TEST(who_comes_into_a_chat_and_leaves_it_is_asked_about),
        TEST(who_comes_or_leaves_asks_about_all),
        TEST(a_change_behind_the_end_is_for_nobody),
        TEST(a_newer_watch_takes_the_place_of_the_older),
        TEST(back_and_forth_in_one_turn),
        TEST(changes_gather_while_a_write_is_in_flight),
        TEST(the_end_during_the_question),
        TEST(database_that_is_away_is_asked_again),
        TEST(too_many_are_refused),
        TEST(too_often_is_refused),
        TEST(an_id_that_is_none_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
