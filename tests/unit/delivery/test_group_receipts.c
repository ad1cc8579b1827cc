/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* What senders hear of their messages in a group. */
#include "support/cmocka.h"

#include "delivery/shard.h"
#include "unit/delivery/world.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, CHAT = GROUPS_FIRST, GATHER_MS = 50 };

static struct pl_call *alice;
static struct pl_call *bob;

/* Alice sent 1 and 2, bob 3. */
static int set_up(void **state)
{
    world_set_up(state);
    world->db.chats[CHAT].members = 1U << ALICE | 1U << BOB | 1U << CAROL | 1U << DAVE;
    world_say(CHAT, ALICE, ALICE, "one");
    world_say(CHAT, ALICE, ALICE, "two");
    world_say(CHAT, BOB, BOB, "three");
    alice = stream_start(ALICE, ALICE);
    bob = stream_start(BOB, BOB);
    return 0;
}

static void mark(int user, int64_t delivered_seq, int64_t read_seq)
{
    if (world->db.chats[CHAT].delivered[user] < delivered_seq)
        world->db.chats[CHAT].delivered[user] = delivered_seq;
    if (world->db.chats[CHAT].read[user] < read_seq)
        world->db.chats[CHAT].read[user] = read_seq;
    fake_db_marked(&world->db, CHAT, user, delivered_seq, read_seq);
}

static void gather(void)
{
    world_settle();
    world_pass_ms(GATHER_MS);
}

static void assert_receipt(const struct pl_call *stream, unsigned index, const int64_t seqs[2], const int32_t counts[3])
{
    const Parley__V1__ServerFrame *frame = stream_last(stream);
    assert_true(index < frame->n_group_receipts);
    const Parley__V1__GroupReceipt *receipt = frame->group_receipts[index];
    assert_string_equal(receipt->chat_id, "63000000-0000-7000-8000-00000000000c");
    assert_int_equal(receipt->first_seq, seqs[0]);
    assert_int_equal(receipt->last_seq, seqs[1]);
    assert_int_equal(receipt->recipient_count, counts[0]);
    assert_int_equal(receipt->delivered_count, counts[1]);
    assert_int_equal(receipt->read_count, counts[2]);
}
#define SEQS(first, last)                                                                                              \
    (const int64_t[])                                                                                                  \
    {                                                                                                                  \
        first, last                                                                                                    \
    }
#define COUNTS(recipients, delivered, read)                                                                            \
    (const int32_t[])                                                                                                  \
    {                                                                                                                  \
        recipients, delivered, read                                                                                    \
    }

static void sender_is_told_how_many_and_nobody_who(void **state)
{
    (void)state;
    mark(BOB, 2, 0);
    mark(CAROL, 1, 1);
    gather();
    assert_int_equal(stream_group_receipts(alice), 2);
    assert_receipt(alice, 0, SEQS(1, 1), COUNTS(3, 2, 1));
    assert_int_equal(stream_last(alice)->group_receipts[0]->status,
                     PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_DELIVERED);
    assert_receipt(alice, 1, SEQS(2, 2), COUNTS(3, 1, 0));
    assert_int_equal(stream_last(alice)->group_receipts[1]->status, PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_SENT);
    assert_int_equal(stream_group_receipts(bob), 0);
    assert_int_equal(stream_receipts(alice) + stream_receipts(bob), 0);
}

static void messages_with_the_same_counts_are_told_as_one(void **state)
{
    (void)state;
    mark(BOB, 3, 3);
    mark(CAROL, 3, 3);
    mark(DAVE, 3, 3);
    gather();
    assert_int_equal(stream_group_receipts(alice), 1);
    assert_receipt(alice, 0, SEQS(1, 2), COUNTS(3, 3, 3));
    assert_int_equal(stream_last(alice)->group_receipts[0]->status, PARLEY__V1__MESSAGE_STATUS__MESSAGE_STATUS_READ);
    assert_int_equal(stream_group_receipts(bob), 1);
    assert_receipt(bob, 0, SEQS(3, 3), COUNTS(3, 2, 2));
}

static void only_what_moved_is_told_again(void **state)
{
    (void)state;
    mark(BOB, 1, 0);
    gather();
    mark(CAROL, 2, 0);
    gather();
    assert_int_equal(stream_group_receipts(alice), 3);
    assert_receipt(alice, 0, SEQS(1, 1), COUNTS(3, 2, 0));
    assert_receipt(alice, 1, SEQS(2, 2), COUNTS(3, 1, 0));
    mark(CAROL, 2, 0);
    gather();
    assert_int_equal(stream_group_receipts(alice), 3);
    assert_int_equal(world->db.queries[PL_STATEMENT_CHAT_WATERMARKS], 1);
}

static void message_that_was_sent_since_is_counted(void **state)
{
    (void)state;
    mark(BOB, 1, 0);
    gather();
    world_say(CHAT, ALICE, ALICE, "four");
    mark(BOB, 4, 0);
    gather();
    assert_receipt(alice, 0, SEQS(2, 4), COUNTS(3, 1, 0));
    assert_int_equal(world->db.queries[PL_STATEMENT_CHAT_WATERMARKS], 1);
}

static void what_moves_during_the_read_is_not_lost(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_CHAT_WATERMARKS, HOLD_AFTER);
    mark(BOB, 1, 0);
    gather();
    mark(CAROL, 2, 2);
    world_settle();
    fake_db_release_all(&world->db);
    gather();
    assert_receipt(alice, 0, SEQS(1, 1), COUNTS(3, 2, 1));
    assert_receipt(alice, 1, SEQS(2, 2), COUNTS(3, 1, 1));
}

static void who_was_no_member_then_does_not_count(void **state)
{
    (void)state;
    mark(BOB, 2, 0);
    gather();
    int64_t removal = fake_db_remove(&world->db, CHAT, DAVE);
    fake_db_publish(&world->db, CHAT, removal, removal);
    int64_t seq = world_say(CHAT, ALICE, ALICE, "without dave");
    mark(BOB, seq, seq);
    mark(CAROL, seq, seq);
    gather();
    assert_receipt(alice, 0, SEQS(1, 2), COUNTS(3, 2, 2));
    assert_receipt(alice, 1, SEQS(seq, seq), COUNTS(2, 2, 2));
}

static void another_device_of_the_sender_is_told_when_it_joins(void **state)
{
    (void)state;
    mark(BOB, 2, 0);
    gather();
    struct pl_call *second = stream_start(ALICE, 5);
    gather();
    assert_int_equal(stream_group_receipts(second), 1);
    assert_receipt(second, 0, SEQS(1, 2), COUNTS(3, 1, 0));
    assert_int_equal(stream_group_receipts(alice), 1);
}

static void counts_gather_while_a_write_is_in_flight(void **state)
{
    (void)state;
    alice->is_slow = true;
    mark(BOB, 1, 0);
    gather();
    mark(BOB, 2, 0);
    gather();
    mark(CAROL, 2, 0);
    mark(DAVE, 2, 0);
    gather();
    assert_int_equal(stream_group_receipts(alice), 1);
    stream_written(alice);
    world_settle();
    assert_int_equal(stream_group_receipts(alice), 2);
    assert_receipt(alice, 0, SEQS(1, 2), COUNTS(3, 3, 0));
}

static void the_removed_hears_no_more(void **state)
{
    (void)state;
    int64_t removal = fake_db_remove(&world->db, CHAT, ALICE);
    fake_db_publish(&world->db, CHAT, removal, removal);
    world_settle();
    mark(BOB, 2, 2);
    gather();
    assert_int_equal(stream_group_receipts(alice), 0);
}

static void database_that_is_away_is_asked_again(void **state)
{
    (void)state;
    world->db.refusals[PL_STATEMENT_CHAT_WATERMARKS] = PL_DATABASE_UNAVAILABLE;
    mark(BOB, 2, 0);
    gather();
    assert_int_equal(stream_group_receipts(alice), 0);
    world->db.refusals[PL_STATEMENT_CHAT_WATERMARKS] = PL_OK;
    world_pass_ms(1000);
    assert_int_equal(stream_group_receipts(alice), 1);
}

/* A read of the members is under way when the last session goes. */
static void end_during_the_read(void **state)
{
    (void)state;
    fake_db_hold(&world->db, PL_STATEMENT_CHAT_WATERMARKS, HOLD_AFTER);
    mark(BOB, 2, 0);
    gather();
    stream_close(alice);
    stream_close(bob);
    world_settle();
    fake_db_release_all(&world->db);
    world_settle();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sender_is_told_how_many_and_nobody_who),
        TEST(messages_with_the_same_counts_are_told_as_one),
        TEST(only_what_moved_is_told_again),
        TEST(message_that_was_sent_since_is_counted),
        TEST(what_moves_during_the_read_is_not_lost),
        TEST(who_was_no_member_then_does_not_count),
        TEST(another_device_of_the_sender_is_told_when_it_joins),
        TEST(counts_gather_while_a_write_is_in_flight),
        TEST(the_removed_hears_no_more),
        TEST(database_that_is_away_is_asked_again),
        TEST(end_during_the_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
