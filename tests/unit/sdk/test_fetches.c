/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* When a busy chat is fetched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/c/src/fetches.h"

static const struct pl_chat_id chat_a = {.uuid.bytes = {1}};
static const struct pl_chat_id chat_b = {.uuid.bytes = {2}};
static const struct pl_chat_id none;

static void put(struct pl_fetches *fetches, const struct pl_chat_id *chat, int64_t seq, int64_t now_us)
{
    const struct pl_cursor end = {.chat_id = *chat, .seq = seq};
    pl_fetches_put(fetches, &end, now_us);
}

static void chat_that_is_not_shown_is_fetched_every_five_seconds(void **state)
{
    struct pl_fetches fetches;
    struct pl_chat_id chats[2];
    (void)state;
    pl_fetches_init(&fetches);
    put(&fetches, &chat_a, 5, 10);
    assert_int_equal(pl_fetches_next_due_us(&fetches), 10 + PL_FETCHES_WAIT_US);
    assert_int_equal(pl_fetches_take(&fetches, 10, chats, 2), 0);
    assert_int_equal(pl_fetches_take(&fetches, 10 + PL_FETCHES_WAIT_US, chats, 2), 1);
    assert_int_equal(pl_fetches_next_due_us(&fetches), INT64_MAX);
    put(&fetches, &chat_a, 6, 20 + PL_FETCHES_WAIT_US);
    assert_int_equal(pl_fetches_next_due_us(&fetches), 10 + 2 * PL_FETCHES_WAIT_US);
    pl_fetches_begin_session(&fetches);
}

static void chat_that_is_shown_is_fetched_at_once_but_not_twice(void **state)
{
    struct pl_fetches fetches;
    struct pl_chat_id chats[2];
    (void)state;
    pl_fetches_init(&fetches);
    put(&fetches, &chat_a, 5, 10);
    put(&fetches, &chat_b, 5, 10);
    pl_fetches_show(&fetches, &chat_b);
    assert_int_equal(pl_fetches_take(&fetches, 10, chats, 2), 1);
    assert_true(pl_uuid_equal(&chats[0].uuid, &chat_b.uuid));
    assert_int_equal(pl_fetches_take(&fetches, 10, chats, 2), 0);
    put(&fetches, &chat_b, 6, 11);
    assert_int_equal(pl_fetches_take(&fetches, 11, chats, 2), 1);
    pl_fetches_show(&fetches, &none);
    put(&fetches, &chat_b, 7, 12);
    assert_int_equal(pl_fetches_take(&fetches, 12, chats, 2), 0);
    pl_fetches_begin_session(&fetches);
}

static void session_begins_with_nothing_to_fetch(void **state)
{
    struct pl_fetches fetches;
    (void)state;
    pl_fetches_init(&fetches);
    put(&fetches, &chat_a, 5, 10);
    pl_fetches_begin_session(&fetches);
    assert_int_equal(pl_fetches_next_due_us(&fetches), INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chat_that_is_not_shown_is_fetched_every_five_seconds),
        cmocka_unit_test(chat_that_is_shown_is_fetched_at_once_but_not_twice),
        cmocka_unit_test(session_begins_with_nothing_to_fetch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
