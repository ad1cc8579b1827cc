/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* When it is said that the user writes. */
#include "support/cmocka.h"

#include "sdk/c/src/typings.h"

#define START_US 1000000

static struct pl_typing typing_in(int chat, bool is_typing)
{
    return (struct pl_typing){{{{(uint8_t)chat}}}, is_typing};
}

static size_t said(struct pl_typings *typings, int chat, bool is_typing, int64_t now_us)
{
    struct pl_typing all[PL_TYPINGS_MAX];
    struct pl_typing typing = typing_in(chat, is_typing);
    pl_typings_put(typings, &typing, now_us);
    size_t count = pl_typings_take(typings, all);
    assert_true(count == 0 ||
                (all[0].is_typing == is_typing && pl_uuid_equal(&all[0].chat_id.uuid, &typing.chat_id.uuid)));
    return count;
}

static void each_key_is_said_every_three_seconds(void **state)
{
    (void)state;
    struct pl_typings typings;
    pl_typings_init(&typings);
    assert_int_equal(said(&typings, 1, true, START_US), 1);
    assert_int_equal(said(&typings, 1, true, START_US + PL_TYPINGS_EVERY_US - 1), 0);
    assert_int_equal(said(&typings, 1, true, START_US + PL_TYPINGS_EVERY_US), 1);
}

static void the_end_is_said_once(void **state)
{
    (void)state;
    struct pl_typings typings;
    pl_typings_init(&typings);
    assert_int_equal(said(&typings, 1, false, START_US), 0);
    assert_int_equal(said(&typings, 1, true, START_US), 1);
    assert_int_equal(said(&typings, 1, false, START_US + 1), 1);
    assert_int_equal(said(&typings, 1, false, START_US + 2), 0);
    assert_int_equal(said(&typings, 1, true, START_US + 3), 0);
}

static void few_chats_at_a_time(void **state)
{
    (void)state;
    struct pl_typings typings;
    pl_typings_init(&typings);
    for (int chat = 1; chat <= PL_TYPINGS_MAX; chat++)
        assert_int_equal(said(&typings, chat, true, START_US + chat), 1);
    assert_int_equal(said(&typings, PL_TYPINGS_MAX + 1, true, START_US + PL_TYPINGS_MAX + 1), 0);
    assert_int_equal(said(&typings, PL_TYPINGS_MAX + 1, true, START_US + 1 + PL_TYPINGS_EVERY_US), 1);
}

static void what_was_not_said_yet_is_said_as_it_is_now(void **state)
{
    (void)state;
    struct pl_typings typings;
    struct pl_typing all[PL_TYPINGS_MAX];
    const struct pl_typing on = typing_in(1, true), off = typing_in(1, false);
    pl_typings_init(&typings);
    pl_typings_put(&typings, &on, START_US);
    pl_typings_put(&typings, &off, START_US + 1);
    assert_int_equal(pl_typings_take(&typings, all), 1);
    assert_false(all[0].is_typing);
    pl_typings_put(&typings, &on, START_US + PL_TYPINGS_EVERY_US);
    pl_typings_begin_session(&typings);
    assert_int_equal(pl_typings_take(&typings, all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_is_said_every_three_seconds),
        cmocka_unit_test(the_end_is_said_once),
        cmocka_unit_test(few_chats_at_a_time),
        cmocka_unit_test(what_was_not_said_yet_is_said_as_it_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
