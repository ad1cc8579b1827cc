/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* How far a device is in each of its chats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/c/src/cursors.h"

static const struct pl_chat_id chat_a = {.uuid.bytes = {1}};
static const struct pl_chat_id chat_b = {.uuid.bytes = {2}};

static void take(struct pl_cursors *cursors, const struct pl_chat_id *chat_id, int64_t seq)
{
    assert_int_equal(pl_cursors_check(cursors, chat_id, seq), PL_CURSOR_NEXT);
    pl_cursors_advance(cursors, chat_id, seq);
}

static int64_t take_only_ack(struct pl_cursors *cursors)
{
    struct pl_cursor acks[8];
    assert_int_equal(pl_cursors_take_acks(cursors, acks, 8), 1);
    return acks[0].seq;
}

static void the_first_entry_says_where_the_view_starts(void **state)
{
    struct pl_cursors cursors;
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 41);
    take(&cursors, &chat_a, 42);
    assert_int_equal(take_only_ack(&cursors), 42);
    pl_cursors_fini(&cursors);
}

static void acks_are_cumulative_and_taken_once(void **state)
{
    struct pl_cursors cursors;
    struct pl_cursor acks[8];
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 1);
    take(&cursors, &chat_b, 5);
    take(&cursors, &chat_a, 2);
    assert_int_equal(cursors.entries_unacked, 3);
    assert_int_equal(pl_cursors_take_acks(&cursors, acks, 8), 2);
    assert_int_equal(acks[0].seq, 2);
    assert_int_equal(acks[1].seq, 5);
    assert_false(pl_cursors_dirty(&cursors));
    assert_int_equal(cursors.entries_unacked, 0);
    pl_cursors_fini(&cursors);
}

static void acks_beyond_the_limit_stay(void **state)
{
    struct pl_cursors cursors;
    struct pl_cursor ack;
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 1);
    take(&cursors, &chat_b, 1);
    assert_int_equal(pl_cursors_take_acks(&cursors, &ack, 1), 1);
    assert_true(pl_uuid_equal(&ack.chat_id.uuid, &chat_a.uuid));
    assert_true(pl_cursors_dirty(&cursors));
    assert_int_equal(pl_cursors_take_acks(&cursors, &ack, 1), 1);
    assert_true(pl_uuid_equal(&ack.chat_id.uuid, &chat_b.uuid));
    pl_cursors_fini(&cursors);
}

static void a_duplicate_is_acknowledged_no_higher_than_it_was_sent(void **state)
{
    struct pl_cursors cursors;
    (void)state;
    pl_cursors_init(&cursors);
    for (int64_t seq = 1; seq <= 3; seq++)
        take(&cursors, &chat_a, seq);
    pl_cursors_begin_session(&cursors);
    assert_false(pl_cursors_dirty(&cursors));
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 2), PL_CURSOR_DUPLICATE);
    pl_cursors_advance(&cursors, &chat_a, 2);
    assert_int_equal(take_only_ack(&cursors), 2);
    take(&cursors, &chat_a, 4);
    assert_int_equal(take_only_ack(&cursors), 4);
    pl_cursors_fini(&cursors);
}

static void a_gap_is_reported_once_for_the_same_entry(void **state)
{
    struct pl_cursors cursors;
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 1);
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 5), PL_CURSOR_GAP);
    pl_cursors_begin_session(&cursors);
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 6), PL_CURSOR_GAP);
    pl_cursors_begin_session(&cursors);
    take(&cursors, &chat_a, 6);
    assert_int_equal(take_only_ack(&cursors), 6);
    pl_cursors_fini(&cursors);
}

static void up_to_where_the_log_begins_there_are_gaps(void **state)
{
    struct pl_cursors cursors;
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 2);
    pl_cursors_begin_log(&cursors, &chat_a, 20);
    take(&cursors, &chat_a, 7);
    take(&cursors, &chat_a, 9);
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 21), PL_CURSOR_GAP);
    take(&cursors, &chat_a, 20);
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 22), PL_CURSOR_GAP);
    pl_cursors_begin_log(&cursors, &chat_b, 20);
    take(&cursors, &chat_b, 20);
    pl_cursors_fini(&cursors);
}

static void a_filled_gap_is_forgotten(void **state)
{
    struct pl_cursors cursors;
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 1);
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 4), PL_CURSOR_GAP);
    take(&cursors, &chat_a, 2);
    assert_int_equal(pl_cursors_check(&cursors, &chat_a, 4), PL_CURSOR_GAP);
    pl_cursors_fini(&cursors);
}

static void a_place_is_cut_to_what_has_come(void **state)
{
    struct pl_cursors cursors;
    struct pl_cursor place = {.chat_id = chat_a, .seq = 9};
    (void)state;
    pl_cursors_init(&cursors);
    assert_int_equal(pl_cursors_cut(&cursors, &place, 1), 1);
    assert_int_equal(place.seq, 9);
    take(&cursors, &chat_a, 4);
    assert_int_equal(pl_cursors_cut(&cursors, &place, 1), 1);
    assert_int_equal(place.seq, 4);
    place.seq = 3;
    assert_int_equal(pl_cursors_cut(&cursors, &place, 1), 1);
    assert_int_equal(place.seq, 3);
    pl_cursors_fini(&cursors);
}

static void a_place_of_a_chat_whose_first_entry_was_not_taken_is_left_out(void **state)
{
    struct pl_cursors cursors;
    struct pl_cursor places[] = {{.chat_id = chat_a, .seq = 1}, {.chat_id = chat_b, .seq = 1}};
    (void)state;
    pl_cursors_init(&cursors);
    pl_cursors_check(&cursors, &chat_a, 1);
    assert_int_equal(pl_cursors_cut(&cursors, places, 2), 1);
    assert_true(pl_uuid_equal(&places[0].chat_id.uuid, &chat_b.uuid));
    assert_int_equal(places[0].seq, 1);
    pl_cursors_fini(&cursors);
}

static void resume_names_the_latest_chats_first(void **state)
{
    struct pl_cursors cursors;
    struct pl_cursor places[2];
    (void)state;
    pl_cursors_init(&cursors);
    take(&cursors, &chat_a, 1);
    take(&cursors, &chat_b, 1);
    take(&cursors, &chat_a, 2);
    assert_int_equal(pl_cursors_resume(&cursors, places, 2), 2);
    assert_true(pl_uuid_equal(&places[0].chat_id.uuid, &chat_a.uuid));
    assert_int_equal(places[0].seq, 2);
    assert_int_equal(pl_cursors_resume(&cursors, places, 1), 1);
    pl_cursors_forget(&cursors);
    assert_int_equal(pl_cursors_resume(&cursors, places, 2), 0);
    pl_cursors_fini(&cursors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_entry_says_where_the_view_starts),
        cmocka_unit_test(acks_are_cumulative_and_taken_once),
        cmocka_unit_test(acks_beyond_the_limit_stay),
        cmocka_unit_test(a_duplicate_is_acknowledged_no_higher_than_it_was_sent),
        cmocka_unit_test(a_gap_is_reported_once_for_the_same_entry),
        cmocka_unit_test(a_filled_gap_is_forgotten),
        cmocka_unit_test(up_to_where_the_log_begins_there_are_gaps),
        cmocka_unit_test(a_place_is_cut_to_what_has_come),
        cmocka_unit_test(a_place_of_a_chat_whose_first_entry_was_not_taken_is_left_out),
        cmocka_unit_test(resume_names_the_latest_chats_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
