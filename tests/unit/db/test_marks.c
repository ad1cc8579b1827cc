/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "db/marks.h"

#include <stdlib.h>

#include "support/cmocka.h"

static struct pl_marks marks;
static struct pl_arena arena;
static struct pl_task_list waiters;

static int set_up(void **state)
{
    (void)state;
    pl_marks_init(&marks);
    pl_arena_init(&arena, SIZE_MAX);
    STAILQ_INIT(&waiters);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_marks_fini(&marks);
    pl_arena_fini(&arena);
    return 0;
}

static void on_done(struct pl_mark *mark)
{
    (void)mark;
}

static void add(uint8_t chat, uint8_t user, int64_t cursor_seq, uint32_t members)
{
    struct pl_mark *mark = calloc(1, sizeof(*mark));
    assert_non_null(mark);
    mark->chat_id.uuid.bytes[0] = chat;
    mark->user_id.uuid.bytes[0] = user;
    mark->device_id.uuid.bytes[0] = user;
    mark->cursor_seq = cursor_seq;
    mark->members = members;
    pl_marks_add(&marks, mark, 0);
}

static unsigned take(struct pl_mark_row **ret_rows)
{
    unsigned count = 0;
    *ret_rows = pl_marks_take(&marks, &arena, &waiters, &count);
    return count;
}

static void marks_wait_100_ms_and_4_for_each_member(void **state)
{
    (void)state;
    struct pl_mark_row *rows;
    add(1, 1, 5, 10);
    pl_marks_tick(&marks, 139999);
    assert_int_equal(take(&rows), 0);
    pl_marks_tick(&marks, 140000);
    assert_int_equal(take(&rows), 1);
    assert_int_equal(take(&rows), 0);
}

static void marks_of_a_device_merge_to_the_highest(void **state)
{
    (void)state;
    struct pl_mark_row *rows;
    add(1, 1, 5, 2);
    add(1, 1, 9, 2);
    add(1, 1, 7, 2);
    pl_marks_ripen(&marks);
    assert_int_equal(take(&rows), 1);
    assert_int_equal(rows[0].cursor_seq, 9);
}

static void rows_are_sorted_by_key(void **state)
{
    (void)state;
    struct pl_mark_row *rows;
    add(2, 1, 1, 2);
    add(1, 3, 1, 2);
    add(1, 2, 1, 2);
    pl_marks_ripen(&marks);
    assert_int_equal(take(&rows), 3);
    assert_int_equal(rows[0].key.user_id.uuid.bytes[0], 2);
    assert_int_equal(rows[1].key.user_id.uuid.bytes[0], 3);
    assert_int_equal(rows[2].key.chat_id.uuid.bytes[0], 2);
}

static void who_waits_makes_the_whole_chat_ready(void **state)
{
    (void)state;
    struct pl_mark_row *rows;
    struct pl_mark watched = {.done = on_done, .cursor_seq = 3};
    watched.chat_id.uuid.bytes[0] = 1;
    watched.user_id.uuid.bytes[0] = 9;
    add(1, 1, 5, 1000);
    add(2, 1, 5, 1000);
    pl_marks_add(&marks, &watched, 0);
    assert_int_equal(take(&rows), 2);
    assert_ptr_equal(STAILQ_FIRST(&waiters), &watched.task);
    assert_int_equal(marks.row_count, 1);
}

static void waiters_can_leave_while_their_values_stay(void **state)
{
    (void)state;
    struct pl_mark_row *rows;
    struct pl_mark watched = {.done = on_done, .cursor_seq = 3};
    pl_marks_add(&marks, &watched, 0);
    pl_marks_take_waiters(&marks, &waiters);
    assert_ptr_equal(STAILQ_FIRST(&waiters), &watched.task);
    STAILQ_INIT(&waiters);
    assert_int_equal(take(&rows), 1);
    assert_true(STAILQ_EMPTY(&waiters));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(marks_wait_100_ms_and_4_for_each_member, set_up, tear_down),
        cmocka_unit_test_setup_teardown(marks_of_a_device_merge_to_the_highest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_are_sorted_by_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_makes_the_whole_chat_ready, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiters_can_leave_while_their_values_stay, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
