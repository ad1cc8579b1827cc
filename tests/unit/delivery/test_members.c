/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Users come and go: each gets exactly the entries from those that add them to those that remove them. */
#include <string.h>

#include "support/cmocka.h"

#include "delivery/hub.h"
#include "delivery/shard.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = GROUPS_FIRST, OTHER_CHAT, ALICES = 1, BOBS = 2 };

static struct pl_call *alice;
static struct pl_call *bob;

/* Entry 1 is there. */
static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    world_say(CHAT, ALICE, ALICES, "first");
    alice = stream_start(ALICE, ALICES);
    bob = stream_start(BOB, BOBS);
    return 0;
}

static void commit(int count)
{
    for (int i = 0; i < count; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "more");
}

static void publish(int64_t first, int64_t last)
{
    fake_db_publish(&world->db, CHAT, first, last);
    world_settle();
}

static void removal_is_the_last_that_the_removed_gets(void **state)
{
    (void)state;
    fake_db_remove(&world->db, CHAT, BOB);
    commit(2);
    publish(2, 4);
    assert_has(bob, CHAT, 2);
    assert_has(alice, CHAT, 4);
}

static unsigned mail_of(const struct pl_call *stream)
{
    unsigned count = 0;
    struct pl_task *task;
    STAILQ_FOREACH (task, &stream->loop->mailbox.tasks, next)
        count++;
    return count;
}

/* It is the record that knows, not the session that drops what comes. */
static void nothing_behind_the_removal_is_posted_to_the_removed(void **state)
{
    (void)state;
    struct pl_chat_id chat = chat_id(CHAT);
    struct pl_loop *of_chat = pl_hub_chat_shard(world->server.hub, &chat)->loop;
    int loop = (int)(of_chat - world->rpc.loops);
    stream_close(alice);
    stream_close(bob);
    world_settle();
    bob = stream_open_on(BOB, BOBS, (loop + 1) % LOOPS);
    stream_hello(bob);
    world_settle();
    fake_db_remove(&world->db, CHAT, BOB);
    commit(2);
    fake_db_publish(&world->db, CHAT, 2, 4);
    world_turn(loop);
    assert_int_equal(mail_of(bob), 1);
    world_settle();
    assert_has(bob, CHAT, 2);
}

static void removal_in_a_gap_is_the_last_all_the_same(void **state)
{
    (void)state;
    commit(1);
    fake_db_remove(&world->db, CHAT, BOB);
    commit(2);
    publish(5, 5);
    publish(4, 4);
    publish(3, 3);
    publish(2, 2);
    assert_has(bob, CHAT, 3);
    assert_has(alice, CHAT, 5);
}

/* What was lost is read before anything behind it is fanned out. */
static void removal_that_nobody_told_of_does_not_leak(void **state)
{
    (void)state;
    fake_db_remove(&world->db, CHAT, BOB);
    commit(1);
    publish(3, 3);
    world_pass_ms(100);
    assert_has(bob, CHAT, 2);
    assert_has(alice, CHAT, 3);
}

/* The only one who follows the chat is removed while entries are parked. */
static void last_follower_can_be_removed(void **state)
{
    (void)state;
    stream_close(alice);
    world_settle();
    fake_db_remove(&world->db, CHAT, BOB);
    commit(2);
    publish(4, 4);
    publish(3, 3);
    publish(2, 2);
    world_pass_ms(100);
    assert_has(bob, CHAT, 2);
}

static void removed_device_acknowledges_the_removal(void **state)
{
    (void)state;
    fake_db_remove(&world->db, CHAT, BOB);
    publish(2, 2);
    stream_ack(bob, CHAT, 2);
    world_settle();
    assert_true(bob->is_open && !bob->is_failed);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 2);
}

static void device_that_was_away_gets_up_to_the_removal_once(void **state)
{
    (void)state;
    stream_ack(bob, CHAT, 1);
    world_settle();
    stream_close(bob);
    commit(1);
    fake_db_remove(&world->db, CHAT, BOB);
    commit(1);
    publish(2, 4);
    bob = stream_open(BOB, BOBS);
    bob->have[CHAT] = 1;
    stream_hello(bob);
    world_settle();
    assert_has(bob, CHAT, 3);
    assert_true(bob->caught_up);
    assert_int_equal(bob->seen_at_caught_up, 2);
    stream_ack(bob, CHAT, 3);
    commit(1);
    publish(5, 5);
    assert_has(bob, CHAT, 3);
    stream_close(bob);
    bob = stream_start(BOB, BOBS);
    assert_int_equal(bob->seen_count, 0);
    assert_true(bob->caught_up);
}

/* A client repeats a read until it is answered: also when the user was removed meanwhile, and has all up to there. */
static void read_of_a_chat_that_was_left(bool is_before_list)
{
    fake_db_remove(&world->db, CHAT, BOB);
    publish(2, 2);
    stream_ack(bob, CHAT, 2);
    stream_close(bob);
    commit(1);
    if (is_before_list)
        fake_db_hold(&world->db, PL_STATEMENT_SESSION_CHATS, HOLD_AFTER);
    bob = stream_start(BOB, BOBS);
    stream_read(bob, CHAT, 2);
    fake_db_release_all(&world->db);
    world_settle();
    assert_false(bob->is_failed);
    assert_int_equal(bob->seen_count, 0);
    assert_true(bob->caught_up);
    assert_int_equal(world->db.chats[CHAT].read[BOB], 2);
    assert_int_equal(stream_last(bob)->read_oks[0]->seq, 2);
    publish(3, 3);
    assert_int_equal(bob->seen_count, 0);
}

static void read_of_a_chat_that_was_left_before_the_list_is_taken(void **state)
{
    (void)state;
    read_of_a_chat_that_was_left(true);
}

static void read_of_a_chat_that_was_left_behind_the_list(void **state)
{
    (void)state;
    read_of_a_chat_that_was_left(false);
}

static void read_of_a_strangers_chat_comes_to_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        stream_read(bob, OTHER_CHAT, 1);
    assert_false(bob->is_failed);
    assert_int_equal(stream_read_oks(bob), 0);
    assert_int_equal(world->db.chats[OTHER_CHAT].read[BOB], 0);
}

static void added_user_gets_the_chat_from_there_on(void **state)
{
    (void)state;
    struct pl_call *carol = stream_start(4, 4);
    commit(2);
    publish(2, 3);
    fake_db_add(&world->db, CHAT, 4);
    commit(1);
    publish(4, 5);
    assert_has(carol, CHAT, 5);
    assert_int_equal(carol->seen_count, 2);
    world_say(CHAT, ALICE, ALICES, "live");
    world_settle();
    assert_has(carol, CHAT, 6);
}

static void who_comes_back_misses_what_was_between(void **state)
{
    (void)state;
    fake_db_remove(&world->db, CHAT, BOB);
    commit(3);
    publish(2, 5);
    fake_db_add(&world->db, CHAT, BOB);
    commit(1);
    publish(6, 7);
    assert_has(bob, CHAT, 7);
    assert_int_equal(bob->seen_count, 4);
    world_say(CHAT, ALICE, ALICES, "live");
    world_settle();
    assert_has(bob, CHAT, 8);
    assert_has(alice, CHAT, 8);
}

/* Both are published at once: the news of joining reaches the session first. */
static void coming_back_at_once_is_no_leaving(void **state)
{
    (void)state;
    fake_db_remove(&world->db, CHAT, BOB);
    fake_db_add(&world->db, CHAT, BOB);
    commit(1);
    pl_hub_joined(world->server.hub, user_id(BOB), chat_id(CHAT));
    world_settle();
    publish(2, 4);
    assert_has(bob, CHAT, 4);
    world_say(CHAT, ALICE, ALICES, "live");
    world_settle();
    assert_has(bob, CHAT, 5);
}

/* What the record has yet to hear of, the session has read. */
static void removal_that_is_past_removes_nobody(void **state)
{
    (void)state;
    stream_close(bob);
    fake_db_remove(&world->db, CHAT, BOB);
    fake_db_add(&world->db, CHAT, BOB);
    commit(1);
    bob = stream_start(BOB, BOBS);
    assert_has(bob, CHAT, 4);
    publish(2, 4);
    world_say(CHAT, ALICE, ALICES, "live");
    world_settle();
    assert_has(bob, CHAT, 5);
    assert_has(alice, CHAT, 5);
}

/* Between the read of a page and joining. */
static void removal_while_catching_up_is_the_last(void **state)
{
    (void)state;
    stream_close(bob);
    commit(3);
    bob = stream_open(BOB, BOBS);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_AFTER);
    stream_hello(bob);
    world_settle();
    fake_db_remove(&world->db, CHAT, BOB);
    commit(2);
    publish(2, 7);
    fake_db_release_all(&world->db);
    world_settle();
    assert_has(bob, CHAT, 5);
    assert_true(bob->caught_up);
    world_say(CHAT, ALICE, ALICES, "live");
    world_settle();
    assert_has(bob, CHAT, 5);
}

/* What the queue had to drop is read again, up to the removal. */
static void slow_device_gets_its_removal(void **state)
{
    (void)state;
    enum { MORE = 60 };
    static char words[4000];
    memset(words, 'w', sizeof(words) - 1);
    world->server.config.session_queue_bytes_max = 65536;
    bob->is_slow = true;
    for (int i = 0; i < MORE; i++)
        world_say(CHAT, ALICE, ALICES, words);
    int64_t removal = fake_db_remove(&world->db, CHAT, BOB);
    commit(2);
    publish(removal, removal + 2);
    bob->is_slow = false;
    stream_written(bob);
    world_settle();
    assert_has(bob, CHAT, removal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(removal_is_the_last_that_the_removed_gets, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(nothing_behind_the_removal_is_posted_to_the_removed, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(removal_in_a_gap_is_the_last_all_the_same, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(removal_that_nobody_told_of_does_not_leak, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(last_follower_can_be_removed, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(removed_device_acknowledges_the_removal, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(device_that_was_away_gets_up_to_the_removal_once, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(read_of_a_chat_that_was_left_before_the_list_is_taken, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(read_of_a_chat_that_was_left_behind_the_list, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(read_of_a_strangers_chat_comes_to_nothing, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(added_user_gets_the_chat_from_there_on, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(who_comes_back_misses_what_was_between, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(coming_back_at_once_is_no_leaving, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(removal_that_is_past_removes_nobody, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(removal_while_catching_up_is_the_last, set_up, world_tear_down),
        cmocka_unit_test_setup_teardown(slow_device_gets_its_removal, set_up, world_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
