/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What is said in a large group, who waits for it meanwhile, and how long its devices may take to acknowledge it. */
#include "support/cmocka.h"

#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, CHAT = 3, GROUP = GROUPS_FIRST, CROWD = 100, CAROLS = CROWD + 1, LOOP = 0 };
/* A group is large with more sessions than these. */
enum { SMALL_MAX = 64, LAST_DEVICE = 255 };

static struct pl_call *crowd[CROWD];
static struct pl_call *carol;

static struct pl_call *start(int user, int device)
{
    struct pl_call *stream = stream_open_on(user, device, LOOP);
    stream_hello(stream);
    world_settle();
    return stream;
}

/* Bob follows the group with many devices; carol is on the same loop, and not in it. */
static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[GROUP].members = 1U << ALICE | 1U << BOB;
    world->db.chats[CHAT].members = 1U << ALICE | 1U << CAROL;
    for (int i = 0; i < CROWD; i++)
        crowd[i] = start(BOB, i + 1);
    carol = start(CAROL, CAROLS);
    return 0;
}

static int count_told(void)
{
    int count = 0;
    for (int i = 0; i < CROWD; i++)
        count += crowd[i]->have[GROUP] == 1;
    return count;
}

/* The loop of the streams comes last, so that all that it is given is there when its turn begins. */
static void turn(void)
{
    for (int loop = LOOPS - 1; loop >= LOOP; loop--)
        world_turn(loop);
}

static void who_is_told_of_a_small_chat_does_not_wait_for_the_crowd(void **state)
{
    (void)state;
    world_say(GROUP, ALICE, ALICE, "to all");
    world_say(CHAT, ALICE, ALICE, "to carol");
    while (carol->have[CHAT] == 0)
        turn();
    assert_in_range(count_told(), 1, CROWD - 1);
    world_settle();
    assert_int_equal(count_told(), CROWD);
}

static void one_of_the_crowd_gets_everything_when_asked_for_soon(void **state)
{
    (void)state;
    world->db.chats[CHAT].members |= 1U << BOB;
    stream_close(crowd[CROWD - 1]);
    world_settle();
    crowd[CROWD - 1] = start(BOB, CROWD);
    world_say(GROUP, ALICE, ALICE, "to all");
    world_say(CHAT, ALICE, ALICE, "to bob");
    world_settle();
    assert_has(crowd[CROWD - 1], GROUP, 1);
    assert_has(crowd[CROWD - 1], CHAT, 1);
}

static void stream_that_ends_while_the_crowd_is_told(void **state)
{
    (void)state;
    world_say(GROUP, ALICE, ALICE, "to all");
    while (count_told() == 0)
        turn();
    for (int i = 0; i < CROWD; i++)
        stream_close(crowd[i]);
    world_settle();
    assert_in_range(count_told(), 1, CROWD - 1);
}

/* ---- acknowledgements ---- */

static int interval_ms(const struct pl_call *stream)
{
    assert_int_equal(stream_last(stream)->n_entries, 1);
    return stream_last(stream)->ack_interval_ms;
}

static void say_to_all(void)
{
    world_say(GROUP, ALICE, ALICE, "to all");
    world_settle();
}

static void one_of_the_crowd_may_take_eight_ms_for_each_to_acknowledge(void **state)
{
    (void)state;
    say_to_all();
    for (int i = 0; i < CROWD; i++)
        assert_in_range(interval_ms(crowd[i]), CROWD * 8 / 2, CROWD * 8);
}

/* There are 255 sessions. By their ids the first waits for half of the time, the last for all of it. */
static void crowd_acknowledges_within_two_seconds_and_not_at_once(void **state)
{
    (void)state;
    for (int device = CAROLS + 1; device < LAST_DEVICE; device++)
        start(BOB, device);
    const struct pl_call *first = start(BOB, 0);
    const struct pl_call *last = start(BOB, LAST_DEVICE);
    say_to_all();
    assert_int_equal(interval_ms(first), 1000);
    assert_in_range(interval_ms(last), 1990, 2000);
}

static void group_is_large_from_its_65th_session_on(void **state)
{
    (void)state;
    for (int i = SMALL_MAX; i < CROWD; i++)
        stream_close(crowd[i]);
    say_to_all();
    assert_int_equal(interval_ms(crowd[0]), 0);
    const struct pl_call *the_65th = start(BOB, CAROLS + 1);
    say_to_all();
    assert_in_range(interval_ms(crowd[0]), (SMALL_MAX + 1) * 8 / 2, (SMALL_MAX + 1) * 8);
    assert_in_range(interval_ms(the_65th), (SMALL_MAX + 1) * 8 / 2, (SMALL_MAX + 1) * 8);
}

static void small_chat_is_acknowledged_as_welcome_said(void **state)
{
    (void)state;
    world_say(CHAT, ALICE, ALICE, "to carol");
    world_settle();
    assert_int_equal(interval_ms(carol), 0);
}

/* Which of the two comes first in the frame makes no difference. */
static void frame_with_an_entry_of_a_small_chat_is_acknowledged_as_welcome_said(void **state)
{
    (void)state;
    world->db.chats[CHAT].members |= 1U << BOB;
    struct pl_call *bob = start(BOB, CAROLS + 1);
    bob->is_slow = true;
    say_to_all();
    assert_int_not_equal(interval_ms(bob), 0);
    const int orders[][2] = {{GROUP, CHAT}, {CHAT, GROUP}};
    for (int i = 0; i < 2; i++) {
        for (int said = 0; said < 2; said++) {
            world_say(orders[i][said], ALICE, ALICE, "to bob");
            world_settle();
        }
        stream_written(bob);
        world_settle();
        assert_int_equal(stream_last(bob)->n_entries, 2);
        assert_int_equal(stream_last(bob)->ack_interval_ms, 0);
    }
}

static void frame_without_entries_says_nothing_of_acknowledgements(void **state)
{
    (void)state;
    const struct pl_call *bob = crowd[CROWD - 1];
    assert_in_range(bob->frame_count, 1, FRAMES_MAX);
    for (unsigned i = 0; i < bob->frame_count; i++)
        assert_int_equal(bob->frames[i]->ack_interval_ms, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_told_of_a_small_chat_does_not_wait_for_the_crowd),
        TEST(one_of_the_crowd_gets_everything_when_asked_for_soon),
        TEST(stream_that_ends_while_the_crowd_is_told),
        TEST(one_of_the_crowd_may_take_eight_ms_for_each_to_acknowledge),
        TEST(crowd_acknowledges_within_two_seconds_and_not_at_once),
        TEST(group_is_large_from_its_65th_session_on),
        TEST(small_chat_is_acknowledged_as_welcome_said),
        TEST(frame_with_an_entry_of_a_small_chat_is_acknowledged_as_welcome_said),
        TEST(frame_without_entries_says_nothing_of_acknowledgements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
