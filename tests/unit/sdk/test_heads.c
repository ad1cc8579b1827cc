/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The ends of logs against what has come. */
#include "sdk/c/src/heads.h"
#include "support/cmocka.h"

static struct pl_cursors cursors;
static struct pl_heads heads;

static struct pl_chat_id chat(unsigned char number)
{
    struct pl_chat_id id = {.uuid.bytes = {number}};
    return id;
}

static int start(void **state)
{
    (void)state;
    pl_cursors_init(&cursors);
    pl_heads_init(&heads);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pl_heads_fini(&heads);
    pl_cursors_fini(&cursors);
    return 0;
}

static void bring(unsigned char number, int64_t seq)
{
    struct pl_chat_id id = chat(number);
    pl_cursors_advance(&cursors, &id, seq);
}

/* A complete check of one chat; whether it was late. */
static bool check_from(unsigned char number, int64_t first_seq, int64_t seq)
{
    struct pl_cursor head = {.chat_id = chat(number), .seq = seq};
    pl_heads_begin(&heads);
    pl_heads_put(&heads, &cursors, &head, first_seq);
    return pl_heads_end(&heads);
}

static bool check(unsigned char number, int64_t seq)
{
    return check_from(number, 1, seq);
}

static void an_end_that_has_come_is_not_late(void **state)
{
    (void)state;
    bring(1, 7);
    assert_false(check(1, 7));
}

static void what_may_be_from_before_is_believed_once(void **state)
{
    (void)state;
    assert_false(check(1, 100));
    assert_false(check(1, 100));
    assert_true(check(1, 101));
}

static void an_end_above_what_came_is_late_at_the_first_check(void **state)
{
    (void)state;
    bring(1, 7);
    assert_true(check(1, 8));
    assert_true(pl_heads_still_late(&heads, &cursors));
}

static void what_came_meanwhile_is_not_late_any_more(void **state)
{
    (void)state;
    bring(1, 7);
    assert_true(check(1, 8));
    bring(1, 8);
    assert_false(pl_heads_still_late(&heads, &cursors));
}

static void a_chat_that_is_new_since_the_last_check_is_late(void **state)
{
    (void)state;
    bring(1, 7);
    assert_false(check(1, 7));
    assert_true(check(2, 1));
}

static void each_end_is_told_once(void **state)
{
    (void)state;
    bring(1, 7);
    assert_true(check(1, 8));
    assert_true(pl_heads_still_late(&heads, &cursors));
    assert_false(check(1, 8));
    assert_true(check(1, 9));
}

static void a_new_check_forgets_what_was_late(void **state)
{
    (void)state;
    bring(1, 7);
    assert_true(check(1, 8));
    pl_heads_begin(&heads);
    assert_false(pl_heads_still_late(&heads, &cursors));
}

static void what_is_gone_is_not_late(void **state)
{
    (void)state;
    bring(1, 7);
    assert_false(check_from(1, 9, 8));
    assert_true(check_from(1, 9, 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_end_that_has_come_is_not_late, start, stop),
        cmocka_unit_test_setup_teardown(what_may_be_from_before_is_believed_once, start, stop),
        cmocka_unit_test_setup_teardown(an_end_above_what_came_is_late_at_the_first_check, start, stop),
        cmocka_unit_test_setup_teardown(what_came_meanwhile_is_not_late_any_more, start, stop),
        cmocka_unit_test_setup_teardown(a_chat_that_is_new_since_the_last_check_is_late, start, stop),
        cmocka_unit_test_setup_teardown(each_end_is_told_once, start, stop),
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_late, start, stop),
        cmocka_unit_test_setup_teardown(a_new_check_forgets_what_was_late, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
