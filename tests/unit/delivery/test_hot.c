/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Groups that are so busy that devices are told and fetch. */
#include <string.h>

#include "support/cmocka.h"

#include "delivery/shard.h"
#include "unit/delivery/world.h"

/* With two sessions the third message in a moment is more than the rate allows; half of it has gathered after 500 ms.
 */
enum { ALICE = 1, BOB = 2, CHAT = GROUPS_FIRST, RATE = 4, HOT_SEQ = 3, HINT_MS = 200, CALM_MS = 3000 };

static struct pl_call *alice;
static struct pl_call *bob;

static int set_up(void **state)
{
    world_set_up(state);
    world->server.config.fanout_push_rate = RATE;
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    alice = stream_start(ALICE, ALICE);
    bob = stream_start(BOB, BOB);
    return 0;
}

static void say(int count)
{
    for (int i = 0; i < count; i++)
        world_say(CHAT, ALICE, ALICE, "words");
    world_settle();
}

static void fetch(struct pl_call *stream, int64_t after_seq)
{
    char text[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id id = chat_id(CHAT);
    Parley__V1__Fetch fetch = PARLEY__V1__FETCH__INIT, *fetches[] = {&fetch};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    pl_uuid_format(&id.uuid, text);
    fetch.chat_id = text;
    fetch.after_seq = after_seq;
    frame.fetches = fetches;
    frame.n_fetches = 1;
    stream_receive(stream, &frame);
    world_settle();
}

static int64_t metric(unsigned place)
{
    return pl_metrics_get(&world->server.metrics, place);
}

static void burst_is_pushed_and_what_is_more_is_told(void **state)
{
    (void)state;
    say(HOT_SEQ);
    assert_has(bob, CHAT, HOT_SEQ - 1);
    assert_int_equal(stream_chats_advanced(bob), 1);
    assert_int_equal(stream_last(bob)->chats_advanced[0]->last_seq, HOT_SEQ);
    assert_string_equal(stream_last(bob)->chats_advanced[0]->chat_id, "63000000-0000-7000-8000-00000000000c");
}

static void further_hints_gather(void **state)
{
    (void)state;
    say(HOT_SEQ + 10);
    assert_int_equal(stream_chats_advanced(bob), 1);
    world_pass_ms(HINT_MS);
    assert_int_equal(stream_chats_advanced(bob), 2);
    assert_int_equal(stream_last(bob)->chats_advanced[0]->last_seq, HOT_SEQ + 10);
    assert_has(bob, CHAT, HOT_SEQ - 1);
}

static void fetched_entries_come_from_memory(void **state)
{
    (void)state;
    say(HOT_SEQ + 10);
    world_pass_ms(HINT_MS);
    unsigned pages = world->db.queries[PL_STATEMENT_SESSION_PAGE];
    fetch(bob, HOT_SEQ - 1);
    assert_has(bob, CHAT, HOT_SEQ + 10);
    assert_has(alice, CHAT, HOT_SEQ - 1);
    assert_int_equal(world->db.queries[PL_STATEMENT_SESSION_PAGE], pages);
    assert_true(metric(PL_METRIC_ring_hits_total) > 0);
    assert_int_equal(metric(PL_METRIC_ring_misses_total), 0);
}

static void what_the_ring_has_no_more_comes_from_the_database(void **state)
{
    (void)state;
    say(HOT_SEQ + 300);
    world_pass_ms(HINT_MS);
    fetch(bob, HOT_SEQ - 1);
    assert_has(bob, CHAT, HOT_SEQ + 300);
    assert_true(metric(PL_METRIC_ring_misses_total) > 0);
}

static void fetch_without_news_does_nothing(void **state)
{
    (void)state;
    say(1);
    fetch(bob, 1);
    say(HOT_SEQ);
    fetch(bob, HOT_SEQ - 1);
    unsigned frames = bob->frame_count;
    fetch(bob, HOT_SEQ + 1);
    assert_int_equal(bob->frame_count, frames);
    assert_has(bob, CHAT, HOT_SEQ + 1);
}

static void fetch_above_what_was_sent_ends_the_stream(void **state)
{
    (void)state;
    say(HOT_SEQ);
    fetch(bob, HOT_SEQ);
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

static void calm_group_is_pushed_again_and_the_rest_comes_by_itself(void **state)
{
    (void)state;
    say(HOT_SEQ + 10);
    world_pass_ms(CALM_MS);
    assert_has(bob, CHAT, HOT_SEQ + 10);
    assert_has(alice, CHAT, HOT_SEQ + 10);
    unsigned hints = stream_chats_advanced(bob);
    say(1);
    assert_has(bob, CHAT, HOT_SEQ + 11);
    assert_int_equal(stream_chats_advanced(bob), hints);
}

static void too_many_sessions_are_never_pushed_to(void **state)
{
    (void)state;
    world->server.config.fanout_push_rate = 50000;
    world->server.config.fanout_push_max = 1;
    say(1);
    world_pass_ms(CALM_MS);
    assert_has(bob, CHAT, 0);
    fetch(bob, 0);
    assert_has(bob, CHAT, 1);
}

static void who_comes_while_it_is_hot_has_caught_up(void **state)
{
    (void)state;
    say(HOT_SEQ + 10);
    struct pl_call *second = stream_start(BOB, 5);
    assert_has(second, CHAT, HOT_SEQ + 10);
    assert_true(second->caught_up);
    say(1);
    assert_has(second, CHAT, HOT_SEQ + 10);
    world_pass_ms(HINT_MS);
    fetch(second, HOT_SEQ + 10);
    assert_has(second, CHAT, HOT_SEQ + 11);
}

static void the_removed_gets_no_more_than_the_removal(void **state)
{
    (void)state;
    say(HOT_SEQ);
    int64_t removal = fake_db_remove(&world->db, CHAT, BOB);
    fake_db_publish(&world->db, CHAT, removal, removal);
    say(5);
    assert_has(bob, CHAT, removal);
    unsigned hints = stream_chats_advanced(bob);
    world_pass_ms(CALM_MS);
    assert_has(bob, CHAT, removal);
    assert_int_equal(stream_chats_advanced(bob), hints);
    assert_has(alice, CHAT, removal + 5);
}

/* The ring is without a gap, and the user's times are not. */
static void who_came_back_is_not_served_what_was_between(void **state)
{
    (void)state;
    say(HOT_SEQ);
    stream_close(bob);
    int64_t removal = fake_db_remove(&world->db, CHAT, BOB);
    fake_db_publish(&world->db, CHAT, removal, removal);
    say(4);
    int64_t back = fake_db_add(&world->db, CHAT, BOB);
    fake_db_publish(&world->db, CHAT, back, back);
    say(1);
    world->db.chats[CHAT].cursors[BOB] = removal;
    bob = stream_open(BOB, BOB);
    bob->have[CHAT] = removal;
    stream_hello(bob);
    world_settle();
    assert_int_equal(bob->seen_count, 2);
    assert_int_equal(bob->seen[0].seq, back);
}

static void slow_device_is_told_again_of_what_it_lost(void **state)
{
    (void)state;
    static char words[8192];
    memset(words, 'w', sizeof(words) - 1);
    world->server.config.session_queue_bytes_max = 16384;
    bob->is_slow = true;
    say(HOT_SEQ);
    for (int i = 0; i < 4; i++)
        world_say(CHAT, ALICE, ALICE, words);
    world_settle();
    bob->is_slow = false;
    stream_written(bob);
    world_pass_ms(CALM_MS);
    assert_has(bob, CHAT, HOT_SEQ + 4);
}

static void end_while_hot(void **state)
{
    (void)state;
    say(HOT_SEQ);
    stream_close(bob);
    world_settle();
    say(1);
    assert_int_equal(metric(PL_METRIC_hub_hot_chats_total), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(burst_is_pushed_and_what_is_more_is_told),
        TEST(further_hints_gather),
        TEST(fetched_entries_come_from_memory),
        TEST(what_the_ring_has_no_more_comes_from_the_database),
        TEST(fetch_without_news_does_nothing),
        TEST(fetch_above_what_was_sent_ends_the_stream),
        TEST(calm_group_is_pushed_again_and_the_rest_comes_by_itself),
        TEST(too_many_sessions_are_never_pushed_to),
        TEST(who_comes_while_it_is_hot_has_caught_up),
        TEST(the_removed_gets_no_more_than_the_removal),
        TEST(who_came_back_is_not_served_what_was_between),
        TEST(slow_device_is_told_again_of_what_it_lost),
        TEST(end_while_hot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
