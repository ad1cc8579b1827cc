/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Lists of chats and heads of many sessions are one statement; each session gets its own, and ends by itself. */
#include "support/cmocka.h"

#include "delivery/session.h"
#include "unit/delivery/world.h"

enum { USERS = 4, LOOP = 1, SHARED = 3, OWN = 4, IN_ONE_MAX = 64 };

static struct pl_call *streams[STREAMS_MAX];

/* User n is in chat SHARED and alone in chat OWN + n, which has n entries. */
static int set_up(void **state)
{
    world_set_up(state);
    for (int user = 0; user < USERS; user++) {
        world->db.chats[SHARED].members |= 1U << user;
        world->db.chats[OWN + user].members = 1U << user;
        for (int i = 0; i < user; i++)
            fake_db_commit(&world->db, OWN + user, 7, 15, "hi");
    }
    return 0;
}

/* User n with device n, on one loop. */
static void say_hello(int first, int last)
{
    for (int user = first; user <= last; user++) {
        streams[user] = stream_open_on(user, user, LOOP);
        stream_hello(streams[user]);
    }
    world_settle();
}

static void assert_complete(int user)
{
    assert_true(streams[user]->caught_up);
    assert_int_equal(streams[user]->seen_at_caught_up, user);
    for (int other = 0; other < USERS; other++)
        assert_has(streams[user], OWN + other, other == user ? user : 0);
}

static unsigned queries(enum pl_statement statement)
{
    return world->db.queries[statement];
}

static void hellos_of_one_turn_share_a_statement_and_each_gets_its_own(void **state)
{
    (void)state;
    say_hello(0, USERS - 1);
    /* Answers of other loops, which hold the records of users and chats, come in one turn from each. */
    assert_in_range(queries(PL_STATEMENT_SESSION_CHATS), 1, LOOPS);
    assert_in_range(queries(PL_STATEMENT_SESSION_HEADS), 1, LOOPS);
    for (int user = 0; user < USERS; user++)
        assert_complete(user);
}

static void hellos_during_a_read_share_the_next(void **state)
{
    (void)state;
    static const enum pl_statement statements[] = {PL_STATEMENT_SESSION_CHATS, PL_STATEMENT_SESSION_HEADS};
    for (int i = 0; i < 2; i++) {
        unsigned before = queries(statements[i]);
        fake_db_hold(&world->db, statements[i], i == 0 ? HOLD_BEFORE : HOLD_AFTER);
        say_hello(0, 0);
        say_hello(1, 1);
        say_hello(2, USERS - 1);
        assert_int_equal(queries(statements[i]), before + 1);
        fake_db_release_all(&world->db);
        world_settle();
        assert_int_equal(queries(statements[i]), before + 2);
        for (int user = 0; user < USERS; user++) {
            assert_complete(user);
            stream_close(streams[user]);
        }
        world_settle();
    }
}

static void loops_do_not_wait_for_each_other(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_CHATS, HOLD_BEFORE);
    say_hello(0, 1);
    stream_hello(stream_open_on(2, 2, LOOP + 1));
    world_settle();
    assert_int_equal(queries(PL_STATEMENT_SESSION_CHATS), 2);
}

/* One reads while rows of the other are looked at; where there are more loops, others do. */
static void loop_that_is_alone_has_two_statements_under_way(void **state)
{
    (void)state;
    world->server.hub->shard_count = 1;
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_HEADS, HOLD_BEFORE);
    for (int user = 0; user < USERS; user++) {
        stream_hello(streams[user] = stream_open_on(user, user, 0));
        world_settle();
        assert_int_equal(queries(PL_STATEMENT_SESSION_HEADS), user == 0 ? 1 : 2);
    }
    fake_db_release_all(&world->db);
    world_settle();
    assert_int_equal(queries(PL_STATEMENT_SESSION_HEADS), 3);
    for (int user = 0; user < USERS; user++) {
        assert_complete(user);
        stream_close(streams[user]);
    }
    world_settle();
    world->server.hub->shard_count = LOOPS;
}

static void more_sessions_than_fit_are_several_statements(void **state)
{
    (void)state;
    enum { MANY = 2 * IN_ONE_MAX, DEVICES = MANY / USERS_MAX };
    for (int i = 0; i < MANY; i++) {
        streams[i] = stream_open_on(i / DEVICES, i % DEVICES, LOOP);
        stream_hello(streams[i]);
    }
    world_settle();
    assert_in_range(queries(PL_STATEMENT_SESSION_CHATS), 2, 2 + LOOPS);
    for (int i = 0; i < MANY; i++) {
        assert_true(streams[i]->caught_up);
        if (i / DEVICES < USERS)
            assert_has(streams[i], OWN + i / DEVICES, i / DEVICES);
    }
}

/* The sessions in it end and are asked to come back; those behind it go on. */
static void fail_in_flight(enum pl_statement statement)
{
    world->db.refusals[statement] = PL_DATABASE_UNAVAILABLE;
    fake_db_hold(&world->db, statement, HOLD_AFTER);
    say_hello(0, 0);
    fake_db_hold(&world->db, statement, HOLD_BEFORE);
    say_hello(1, 2);
    fake_db_hold(&world->db, statement, HOLD_NOTHING);
    fake_db_run(&world->db);
    world_turn(LOOP);
    fake_db_hold(&world->db, statement, HOLD_AFTER);
    world_settle();
    world->db.refusals[statement] = PL_OK;
    say_hello(3, 3);
    fake_db_release_all(&world->db);
    world_settle();
    for (int user = 0; user < 3; user++) {
        assert_failed(streams[user], PL_DATABASE_UNAVAILABLE);
        assert_true(stream_going_away(streams[user])->reconnect_after_ms > 0);
    }
    assert_complete(3);
}

static void failed_statement_ends_all_sessions_in_it_and_no_others(void **state)
{
    (void)state;
    fail_in_flight(PL_STATEMENT_SESSION_CHATS);
}

static void failed_heads_end_all_sessions_in_them_and_no_others(void **state)
{
    (void)state;
    fail_in_flight(PL_STATEMENT_SESSION_HEADS);
}

/* In flight are user 0's; 1 to 3 wait for the next. */
static void close_during(enum pl_statement statement, enum fake_hold hold, int user)
{
    fake_db_hold(&world->db, statement, hold);
    say_hello(0, 0);
    say_hello(1, USERS - 1);
    stream_close(streams[user]);
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
    world_say(SHARED, 7, 15, "after");
    world_settle();
    for (int other = 0; other < USERS; other++) {
        if (other == user)
            continue;
        assert_true(streams[other]->caught_up);
        assert_has(streams[other], OWN + other, other);
        assert_int_equal(streams[other]->have[SHARED], world->db.chats[SHARED].last_seq);
        stream_close(streams[other]);
    }
    world_settle();
    assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_hub_chats), 0);
}

static void session_that_ends_in_a_gather_leaves_the_others_theirs(void **state)
{
    (void)state;
    for (int user = 0; user < 3; user++) {
        close_during(PL_STATEMENT_SESSION_CHATS, HOLD_BEFORE, user);
        close_during(PL_STATEMENT_SESSION_CHATS, HOLD_AFTER, user);
        close_during(PL_STATEMENT_SESSION_HEADS, HOLD_BEFORE, user);
        close_during(PL_STATEMENT_SESSION_HEADS, HOLD_AFTER, user);
    }
}

static void all_sessions_of_a_gather_may_end(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        fake_db_hold(&world->db, i == 0 ? PL_STATEMENT_SESSION_CHATS : PL_STATEMENT_SESSION_HEADS, HOLD_AFTER);
        say_hello(0, 0);
        say_hello(1, USERS - 1);
        for (int user = 0; user < USERS; user++)
            stream_close(streams[user]);
        world_settle();
        fake_db_release_all(&world->db);
        world_settle();
        assert_int_equal(pl_metrics_get(&world->server.metrics, PL_METRIC_hub_chats), 0);
    }
}

static void hello_tells_how_far_the_peer_is(void **state)
{
    (void)state;
    world->db.chats[OWN].members = 1U << 0 | 1U << 6;
    world->db.chats[OWN].delivered[6] = 5;
    world->db.chats[OWN].read[6] = 4;
    say_hello(0, 1);
    assert_int_equal(stream_receipts(streams[0]), 1);
    for (unsigned i = 0; i < streams[0]->frame_count; i++) {
        const Parley__V1__ServerFrame *frame = streams[0]->frames[i];
        if (frame->n_receipts == 0)
            continue;
        assert_int_equal(frame->receipts[0]->delivered_seq, 5);
        assert_int_equal(frame->receipts[0]->read_seq, 4);
    }
    assert_int_equal(stream_receipts(streams[1]), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hellos_of_one_turn_share_a_statement_and_each_gets_its_own),
        TEST(hellos_during_a_read_share_the_next),
        TEST(loops_do_not_wait_for_each_other),
        TEST(loop_that_is_alone_has_two_statements_under_way),
        TEST(more_sessions_than_fit_are_several_statements),
        TEST(failed_statement_ends_all_sessions_in_it_and_no_others),
        TEST(failed_heads_end_all_sessions_in_them_and_no_others),
        TEST(session_that_ends_in_a_gather_leaves_the_others_theirs),
        TEST(all_sessions_of_a_gather_may_end),
        TEST(hello_tells_how_far_the_peer_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
