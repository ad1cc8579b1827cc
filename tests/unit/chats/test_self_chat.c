/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The id of a user's own chat is part of the API, and that of its entries keeps them from being there twice. */
#include <string.h>

#include "support/cmocka.h"

#include "chats/self_chat.h"

static const struct pl_app_id app = {{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}};
static const struct pl_user_id user = {{{16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}}};
static const struct pl_chat_id chat = {{{32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47}}};

static void ids_are_the_golden_ones(void **state)
{
    (void)state;
    char text[PL_UUID_TEXT_CHARS + 1];
    struct pl_chat_id own = pl_self_chat_id(app, user);
    pl_uuid_format(&own.uuid, text);
    assert_string_equal(text, "6a6a0a8a-f07f-82d9-b400-58c8cef207ab");
    struct pl_message_id entry = pl_self_message_id("joined", chat.uuid, 258, user);
    pl_uuid_format(&entry.uuid, text);
    assert_string_equal(text, "c0114fa9-b752-8fba-98bb-26cb6e0cf94a");
}

static void every_part_of_an_entry_matters(void **state)
{
    (void)state;
    struct pl_user_id other_user = {app.uuid};
    struct pl_chat_id other_chat = {user.uuid};
    struct pl_message_id entry = pl_self_message_id("joined", chat.uuid, 1, user);
    struct pl_message_id others[] = {
        pl_self_message_id("left", chat.uuid, 1, user),
        pl_self_message_id("joined", other_chat.uuid, 1, user),
        pl_self_message_id("joined", chat.uuid, 2, user),
        pl_self_message_id("joined", chat.uuid, 1, other_user),
    };
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_memory_not_equal(&entry, &others[i], sizeof(entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_the_golden_ones),
        cmocka_unit_test(every_part_of_an_entry_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
