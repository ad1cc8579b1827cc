/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What devices and users have: acknowledgements, reads and the receipts that others get. */
#include "support/cmocka.h"

#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CHAT = 3, OTHER_CHAT = 4, ALICES = 1, BOBS = 2 };

static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB;
    for (int i = 0; i < 5; i++)
        world_say(CHAT, ALICE, ALICES, "hi");
    return 0;
}

static void ack_moves_the_cursor_and_no_lower_one_does(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_ack(bob, CHAT, 3);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 3);
    unsigned marks = world->db.mark_count;
    stream_ack(bob, CHAT, 3);
    stream_ack(bob, CHAT, 2);
    stream_ack(bob, CHAT, 0);
    assert_int_equal(world->db.mark_count, marks);
    assert_false(bob->is_failed);
    stream_ack(bob, CHAT, 5);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 5);
    assert_int_equal(world->db.chats[CHAT].read[BOB], 0);
}

static void acknowledged_entries_do_not_come_again(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_ack(bob, CHAT, 3);
    stream_close(bob);
    assert_int_equal(world->db.flushes, 1);
    struct pl_call *again = stream_start(BOB, BOBS);
    assert_int_equal(again->seen_count, 2);
    assert_int_equal(again->seen[0].seq, 4);
}

static void ack_above_what_was_sent_ends_the_stream(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_ack(bob, CHAT, 6);
    assert_failed(bob, PL_INVALID_ARGUMENT);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 0);
}

static void ack_of_what_is_only_queued_ends_the_stream(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    bob->is_slow = true;
    world_say(CHAT, ALICE, ALICES, "in flight");
    world_settle();
    world_say(CHAT, ALICE, ALICES, "queued");
    world_settle();
    stream_ack(bob, CHAT, 6);
    assert_false(bob->is_failed);
    stream_ack(bob, CHAT, 7);
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

static void ack_of_an_unknown_chat_ends_the_stream(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_ack(bob, OTHER_CHAT, 0);
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

static void negative_ack_ends_the_stream(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_ack(bob, CHAT, -1);
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

static void cursor_without_uuid_ends_the_stream(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    Parley__V1__Cursor cursor = PARLEY__V1__CURSOR__INIT, *acks[] = {&cursor};
    Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
    frame.n_acks = 1;
    frame.acks = acks;
    stream_receive(bob, &frame);
    assert_failed(bob, PL_INVALID_ID);
}

/* ---- reads ---- */

static void read_ok_comes_when_the_mark_is_done(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    world->db.hold_marks = true;
    stream_read(bob, CHAT, 4);
    world_settle();
    assert_int_equal(stream_read_oks(bob), 0);
    world->db.hold_marks = false;
    world_settle();
    assert_int_equal(stream_read_oks(bob), 1);
    assert_int_equal(stream_last(bob)->read_oks[0]->seq, 4);
    assert_int_equal(world->db.chats[CHAT].read[BOB], 4);
    assert_int_equal(world->db.chats[CHAT].cursors[BOBS], 0);
}

static void lower_read_is_answered_with_the_watermark(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_read(bob, CHAT, 4);
    world_settle();
    stream_read(bob, CHAT, 2);
    world_settle();
    assert_int_equal(stream_last(bob)->read_oks[0]->seq, 4);
}

static void reads_of_one_chat_have_one_mark_under_way(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    unsigned marks = world->db.mark_count;
    world->db.hold_marks = true;
    for (int i = 0; i < 100; i++)
        stream_read(bob, CHAT, 1 + i % 5);
    world_settle();
    assert_int_equal(world->db.mark_count, marks + 1);
    world->db.hold_marks = false;
    world_settle();
    assert_int_equal(world->db.mark_count, marks + 2);
    assert_int_equal(stream_last(bob)->read_oks[0]->seq, 5);
}

static void read_above_what_was_sent_ends_the_stream(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_read(bob, CHAT, 6);
    assert_failed(bob, PL_INVALID_ARGUMENT);
    assert_int_equal(world->db.chats[CHAT].read[BOB], 0);
}

/* A client repeats a read until it is answered, also at once when it is connected again. */
static void read_behind_welcome(enum pl_statement statement)
{
    world->db.chats[CHAT].cursors[BOBS] = 5;
    fake_db_hold(&world->db, statement, HOLD_AFTER);
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_read(bob, CHAT, 2);
    stream_read(bob, CHAT, 5);
    world_settle();
    assert_false(bob->is_failed);
    fake_db_release_all(&world->db);
    world_settle();
    assert_false(bob->is_failed);
    assert_int_equal(stream_read_oks(bob), 1);
    assert_int_equal(world->db.chats[CHAT].read[BOB], 5);
}

static void read_before_the_list_of_chats_is_taken(void **state)
{
    (void)state;
    read_behind_welcome(PL_STATEMENT_SESSION_CHATS);
}

static void read_before_the_head_is_taken(void **state)
{
    (void)state;
    read_behind_welcome(PL_STATEMENT_SESSION_HEADS);
}

static void early_reads_are_bounded(void **state)
{
    (void)state;
    enum { MANY = 10002 };
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_CHATS, HOLD_AFTER);
    struct pl_call *bob = stream_start(BOB, BOBS);
    for (int i = 0; i < MANY && !bob->is_failed; i++) {
        char text[PL_UUID_TEXT_CHARS + 1];
        struct pl_uuid chat = pl_uuid_v7();
        Parley__V1__Cursor cursor = PARLEY__V1__CURSOR__INIT, *reads[] = {&cursor};
        Parley__V1__ClientFrame frame = PARLEY__V1__CLIENT_FRAME__INIT;
        pl_uuid_format(&chat, text);
        cursor.chat_id = text;
        cursor.seq = 1;
        frame.n_reads = 1;
        frame.reads = reads;
        stream_receive(bob, &frame);
    }
    assert_failed(bob, PL_INVALID_ARGUMENT);
}

static void early_read_beyond_the_log_is_the_end_of_what_was_sent(void **state)
{
    (void)state;
    world->db.chats[CHAT].cursors[BOBS] = 3;
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_HEADS, HOLD_AFTER);
    struct pl_call *bob = stream_start(BOB, BOBS);
    stream_read(bob, CHAT, 99);
    fake_db_release_all(&world->db);
    world_settle();
    assert_int_equal(world->db.chats[CHAT].read[BOB], 3);
}

/* ---- receipts ---- */

static void watermark_is_told_to_the_others_only(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    struct pl_call *bob = stream_start(BOB, BOBS);
    fake_db_marked(&world->db, CHAT, BOB, 5, 2);
    world_settle();
    assert_int_equal(stream_receipts(alice), 1);
    assert_int_equal(stream_receipts(bob), 0);
    const Parley__V1__Receipt *receipt = stream_last(alice)->receipts[0];
    assert_int_equal(receipt->delivered_seq, 5);
    assert_int_equal(receipt->read_seq, 2);
    assert_string_equal(receipt->user_id, "75000000-0000-7000-8000-000000000002");
    assert_string_equal(receipt->chat_id, "63000000-0000-8000-8000-000000000003");
    assert_non_null(receipt->at);
}

static void receipts_coalesce_while_a_write_is_in_flight(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    alice->is_slow = true;
    fake_db_marked(&world->db, CHAT, BOB, 1, 0);
    world_settle();
    fake_db_marked(&world->db, CHAT, BOB, 3, 1);
    fake_db_marked(&world->db, CHAT, BOB, 5, 0);
    fake_db_marked(&world->db, CHAT, BOB, 2, 2);
    world_settle();
    assert_int_equal(stream_receipts(alice), 1);
    stream_written(alice);
    world_settle();
    assert_int_equal(stream_receipts(alice), 2);
    assert_int_equal(stream_last(alice)->receipts[0]->delivered_seq, 5);
    assert_int_equal(stream_last(alice)->receipts[0]->read_seq, 2);
}

static void watermarks_so_far_are_told_at_hello(void **state)
{
    (void)state;
    world->db.chats[CHAT].delivered[BOB] = 4;
    world->db.chats[CHAT].delivered[ALICE] = 5;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    assert_int_equal(stream_receipts(alice), 1);
}

/* Read before a later commit, and home after its receipt. */
static void receipt_of_a_head_that_is_late_takes_nothing_back(void **state)
{
    (void)state;
    world->db.chats[CHAT].delivered[BOB] = 3;
    world->db.chats[CHAT].read[BOB] = 2;
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_HEADS, HOLD_AFTER);
    struct pl_call *alice = stream_start(ALICE, ALICES);
    fake_db_marked(&world->db, CHAT, BOB, 5, 4);
    world_settle();
    assert_int_equal(stream_receipts(alice), 1);
    assert_int_equal(stream_last(alice)->receipts[0]->delivered_seq, 5);
    fake_db_release_all(&world->db);
    world_settle();
    assert_true(alice->caught_up);
    assert_int_equal(stream_receipts(alice), 1);
}

static void receipt_behind_the_head_that_shows_it_has_the_time(void **state)
{
    (void)state;
    world->db.chats[CHAT].delivered[BOB] = 5;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    assert_int_equal(stream_receipts(alice), 1);
    fake_db_marked(&world->db, CHAT, BOB, 5, 0);
    world_settle();
    assert_int_equal(stream_receipts(alice), 2);
    assert_non_null(stream_last(alice)->receipts[0]->at);
}

/* As of a chat that hides reading from now on. */
static void receipt_without_what_was_read_takes_nothing_back(void **state)
{
    (void)state;
    struct pl_call *alice = stream_start(ALICE, ALICES);
    fake_db_marked(&world->db, CHAT, BOB, 3, 2);
    world_settle();
    fake_db_marked(&world->db, CHAT, BOB, 5, 0);
    world_settle();
    assert_int_equal(stream_receipts(alice), 2);
    assert_int_equal(stream_last(alice)->receipts[0]->delivered_seq, 5);
    assert_int_equal(stream_last(alice)->receipts[0]->read_seq, 2);
}

static void nothing_is_told_before_the_chat_is_attached(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_SESSION_CHATS, HOLD_AFTER);
    struct pl_call *alice = stream_start(ALICE, ALICES);
    fake_db_marked(&world->db, CHAT, BOB, 5, 2);
    world_settle();
    assert_int_equal(stream_receipts(alice), 0);
}

static void receipts_of_a_chat_without_membership_are_forgotten_with_it(void **state)
{
    (void)state;
    struct pl_call *bob = stream_start(BOB, BOBS);
    bob->is_slow = true;
    world_say(CHAT, ALICE, ALICES, "in flight");
    world_settle();
    world->db.chats[OTHER_CHAT].delivered[ALICE] = 3;
    world->db.listener.joined(world->db.listener.context, user_id(BOB), chat_id(OTHER_CHAT));
    world_settle();
    stream_written(bob);
    world_settle();
    assert_int_equal(stream_receipts(bob), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ack_moves_the_cursor_and_no_lower_one_does),
        TEST(acknowledged_entries_do_not_come_again),
        TEST(ack_above_what_was_sent_ends_the_stream),
        TEST(ack_of_what_is_only_queued_ends_the_stream),
        TEST(ack_of_an_unknown_chat_ends_the_stream),
        TEST(negative_ack_ends_the_stream),
        TEST(cursor_without_uuid_ends_the_stream),
        TEST(read_ok_comes_when_the_mark_is_done),
        TEST(lower_read_is_answered_with_the_watermark),
        TEST(reads_of_one_chat_have_one_mark_under_way),
        TEST(read_above_what_was_sent_ends_the_stream),
        TEST(read_before_the_list_of_chats_is_taken),
        TEST(read_before_the_head_is_taken),
        TEST(early_reads_are_bounded),
        TEST(early_read_beyond_the_log_is_the_end_of_what_was_sent),
        TEST(watermark_is_told_to_the_others_only),
        TEST(receipts_coalesce_while_a_write_is_in_flight),
        TEST(watermarks_so_far_are_told_at_hello),
        TEST(receipts_of_a_chat_without_membership_are_forgotten_with_it),
        TEST(receipt_of_a_head_that_is_late_takes_nothing_back),
        TEST(receipt_behind_the_head_that_shows_it_has_the_time),
        TEST(receipt_without_what_was_read_takes_nothing_back),
        TEST(nothing_is_told_before_the_chat_is_attached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
