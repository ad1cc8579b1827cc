/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What is said in a large group, and who waits for it meanwhile. */
#include "support/cmocka.h"

#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, CHAT = 3, GROUP = GROUPS_FIRST, CROWD = 100, CAROLS = CROWD + 1, LOOP = 0 };

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_told_of_a_small_chat_does_not_wait_for_the_crowd),
        TEST(one_of_the_crowd_gets_everything_when_asked_for_soon),
        TEST(stream_that_ends_while_the_crowd_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
