/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The id of two users' chat is part of the API: it must never change. */
#include <string.h>

#include "support/cmocka.h"

#include "chats/individual.h"

static const struct pl_app_id app = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}};
static const struct pl_user_id low = {{{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}}};
static const struct pl_user_id high = {{{200, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}};

static void id_is_the_golden_one(void **state)
{
    (void)state;
    char text[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id chat = pl_individual_chat_id(app, low, high);
    pl_uuid_format(&chat.uuid, text);
    assert_string_equal(text, "709006ff-0a9e-891a-8098-728e5ed20ffa");
}

static void order_of_the_users_does_not_matter(void **state)
{
    (void)state;
    struct pl_chat_id one = pl_individual_chat_id(app, low, high);
    struct pl_chat_id other = pl_individual_chat_id(app, high, low);
    assert_memory_equal(&one, &other, sizeof(one));
}

static void every_part_matters(void **state)
{
    (void)state;
    struct pl_app_id other_app = app;
    struct pl_user_id other_user = low;
    struct pl_chat_id chat = pl_individual_chat_id(app, low, high);
    other_app.uuid.bytes[15] ^= 1;
    other_user.uuid.bytes[15] ^= 1;
    struct pl_chat_id of_other_app = pl_individual_chat_id(other_app, low, high);
    struct pl_chat_id of_other_user = pl_individual_chat_id(app, other_user, high);
    assert_memory_not_equal(&chat, &of_other_app, sizeof(chat));
    assert_memory_not_equal(&chat, &of_other_user, sizeof(chat));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_is_the_golden_one),
        cmocka_unit_test(order_of_the_users_does_not_matter),
        cmocka_unit_test(every_part_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
