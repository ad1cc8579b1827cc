/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* A device that takes slowly: its queue is bounded, and nothing is lost or doubled when it falls back to pages. */
#include <string.h>

#include "support/cmocka.h"

#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, QUIET = 4, ALICES = 1, BOBS = 2, QUEUE_BYTES = 4096 };

static struct pl_call *bob;

static int set_up(void **state)
{
    world_set_up(state);
    world->server.config.session_queue_bytes_max = QUEUE_BYTES;
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    world->db.chats[QUIET].members = 1U << ALICE | 1U << BOB;
    world_say(QUIET, ALICE, ALICES, "hello");
    bob = stream_start(BOB, BOBS);
    return 0;
}

static void say(int chat, int count)
{
    for (int i = 0; i < count; i++)
        world_say(chat, ALICE, ALICES, "some words that fill the queue of a stream");
    world_settle();
}

static int64_t fallen_back(void)
{
    return pl_metrics_get(&world->server.metrics, PL_METRIC_sessions_slow_total);
}

static void what_comes_during_a_write_leaves_as_one_frame(void **state)
{
    (void)state;
    bob->is_slow = true;
    say(CHAT, 1);
    unsigned frames = bob->frame_count;
    say(CHAT, 1);
    say(QUIET, 1);
    fake_db_marked(&world->db, CHAT, ALICE, 1, 0);
    stream_send(bob, 7, CHAT, "mine");
    world_settle();
    assert_int_equal(bob->frame_count, frames);
    stream_written(bob);
    world_settle();
    assert_int_equal(bob->frame_count, frames + 1);
    assert_int_equal(stream_last(bob)->n_entries, 3);
    assert_int_equal(stream_last(bob)->n_receipts, 1);
    assert_int_equal(stream_last(bob)->n_sents, 1);
}

static void full_queue_falls_back_to_pages_and_loses_nothing(void **state)
{
    (void)state;
    bob->is_slow = true;
    say(CHAT, 100);
    assert_in_range(fallen_back(), 1, 100);
    bob->is_slow = false;
    world_settle();
    assert_has(bob, CHAT, 100);
    assert_has(bob, QUIET, 1);
    assert_false(bob->is_failed);
    say(CHAT, 1);
    say(QUIET, 1);
    assert_has(bob, CHAT, 101);
    assert_has(bob, QUIET, 2);
}

/* Its chat's end, as hello heard it, lies behind what came live since. */
static void chat_without_news_keeps_its_place(void **state)
{
    (void)state;
    say(QUIET, 10);
    assert_has(bob, QUIET, 11);
    bob->is_slow = true;
    say(CHAT, 100);
    bob->is_slow = false;
    world_settle();
    assert_has(bob, QUIET, 11);
    stream_ack(bob, QUIET, 11);
    assert_false(bob->is_failed);
    say(QUIET, 1);
    assert_has(bob, QUIET, 12);
    assert_has(bob, CHAT, 100);
}

static void queue_stays_bounded(void **state)
{
    (void)state;
    bob->is_slow = true;
    say(CHAT, 1);
    for (int i = 0; i < 20; i++) {
        say(CHAT, 20);
        unsigned seen = bob->seen_count;
        stream_written(bob);
        world_settle();
        assert_in_range(bob->seen_count, seen, seen + 120);
    }
    bob->is_slow = false;
    world_settle();
    assert_has(bob, CHAT, 401);
}

static void entry_larger_than_the_queue_goes_alone(void **state)
{
    (void)state;
    static char large[3 * QUEUE_BYTES];
    memset(large, 'x', sizeof(large) - 1);
    world_say(CHAT, ALICE, ALICES, large);
    world_settle();
    assert_has(bob, CHAT, 1);
    assert_int_equal(fallen_back(), 0);
}

static void chats_share_what_room_there_is(void **state)
{
    (void)state;
    bob->is_slow = true;
    say(CHAT, 150);
    say(QUIET, 150);
    for (int i = 0; i < 100 && bob->is_writing; i++) {
        stream_written(bob);
        world_settle();
    }
    assert_has(bob, CHAT, 150);
    assert_has(bob, QUIET, 151);
}

static void queue_that_fills_while_a_page_is_read(void **state)
{
    (void)state;
    bob->is_slow = true;
    say(CHAT, 60);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_AFTER);
    stream_written(bob);
    world_settle();
    say(CHAT, 60);
    say(QUIET, 60);
    fake_db_release_all(&world->db);
    bob->is_slow = false;
    world_settle();
    assert_has(bob, CHAT, 120);
    assert_has(bob, QUIET, 61);
}

static void queue_that_is_dropped_while_joining(void **state)
{
    (void)state;
    stream_close(bob);
    world_settle();
    for (int i = 0; i < 10; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "before");
    bob = stream_open(BOB, BOBS);
    bob->is_slow = true;
    stream_hello(bob);
    world_settle();
    say(QUIET, 100);
    say(CHAT, 100);
    bob->is_slow = false;
    world_settle();
    assert_has(bob, CHAT, 110);
    assert_has(bob, QUIET, 101);
    assert_true(bob->caught_up);
}

/* What is committed is known to the record, but nobody in the list waits for it. */
static void gap_that_is_open_when_the_last_leaves_is_not_forgotten(void **state)
{
    (void)state;
    bob->is_slow = true;
    say(CHAT, 1);
    for (int i = 0; i < 300; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "words");
    fake_db_publish(&world->db, CHAT, 301, 301);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_AFTER);
    say(QUIET, 100);
    world_pass_ms(100);
    assert_int_equal(world->db.queries[PL_STATEMENT_HUB_PAGE], 0);
    fake_db_release_all(&world->db);
    bob->is_slow = false;
    world_settle();
    assert_has(bob, CHAT, 301);
}

/* The page that is on its way continues entries that are dropped before it comes. */
static void page_behind_dropped_entries_is_read_again(void **state)
{
    (void)state;
    stream_close(bob);
    world_settle();
    world->db.chats[QUIET].cursors[BOBS] = 1;
    for (int i = 0; i < 5; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "before");
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_AFTER);
    bob = stream_open(BOB, BOBS);
    bob->is_slow = true;
    bob->have[QUIET] = 1;
    stream_hello(bob);
    world_settle();
    say(CHAT, 1);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_NOTHING);
    fake_db_run(&world->db);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_AFTER);
    world_settle();
    say(QUIET, 100);
    fake_db_release_all(&world->db);
    bob->is_slow = false;
    world_settle();
    assert_has(bob, CHAT, 6);
    assert_has(bob, QUIET, 101);
}

/* Every chat has joined, but what it joined with is dropped before it is sent. */
static void caught_up_waits_for_what_was_dropped(void **state)
{
    (void)state;
    stream_close(bob);
    world_settle();
    for (int i = 0; i < 3; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "before");
    bob = stream_open(BOB, BOBS);
    bob->is_slow = true;
    stream_hello(bob);
    world_settle();
    assert_int_equal(bob->seen_count, 0);
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_PAGE, HOLD_BEFORE);
    say(QUIET, 100);
    assert_int_equal(fallen_back(), 1);
    stream_written(bob);
    world_settle();
    bob->is_slow = false;
    world_settle();
    assert_false(bob->caught_up);
    fake_db_release_all(&world->db);
    world_settle();
    assert_true(bob->caught_up);
    assert_in_range(bob->seen_at_caught_up, 4, 200);
    assert_has(bob, CHAT, 3);
    assert_has(bob, QUIET, 101);
}

/* The next page is on its way while the one before it is written. */
static void reading_and_writing_overlap(void **state)
{
    (void)state;
    stream_close(bob);
    world_settle();
    for (int i = 0; i < 300; i++)
        fake_db_commit(&world->db, CHAT, ALICE, ALICES, "some words that fill the queue of a stream");
    unsigned pages = world->db.queries[PL_STATEMENT_SESSION_PAGE];
    bob = stream_open(BOB, BOBS);
    bob->is_slow = true;
    stream_hello(bob);
    world_settle();
    stream_written(bob); /* welcome */
    world_settle();
    /* One page in flight, the next in the queue; QUIET's one entry came before them or waits for room. */
    assert_in_range(world->db.queries[PL_STATEMENT_SESSION_PAGE], pages + 2, pages + 3);
    assert_in_range(bob->seen_count, 100, 101);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_comes_during_a_write_leaves_as_one_frame),
        TEST(full_queue_falls_back_to_pages_and_loses_nothing),
        TEST(chat_without_news_keeps_its_place),
        TEST(queue_stays_bounded),
        TEST(entry_larger_than_the_queue_goes_alone),
        TEST(chats_share_what_room_there_is),
        TEST(queue_that_fills_while_a_page_is_read),
        TEST(queue_that_is_dropped_while_joining),
        TEST(gap_that_is_open_when_the_last_leaves_is_not_forgotten),
        TEST(page_behind_dropped_entries_is_read_again),
        TEST(caught_up_waits_for_what_was_dropped),
        TEST(reading_and_writing_overlap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
