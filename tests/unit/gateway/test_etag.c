/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Entity tags: what is written is what is read, also when a proxy has made it weak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/etag.h"

static struct pl_arena arena;

static int open_arena(void **state)
{
    (void)state;
    pl_arena_init(&arena, 1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    pl_arena_fini(&arena);
    return 0;
}

static void assert_parsed(const char *if_match, const char *etag)
{
    const char *parsed = NULL;
    assert_int_equal(pl_etag_parse(if_match, &arena, &parsed), PL_OK);
    assert_string_equal(parsed, etag);
}

static void one_tag_is_read(void **state)
{
    (void)state;
    assert_null(pl_etag_format("a\"b", "", 0, &arena));
    assert_parsed("\"7\"", "7");
    assert_parsed(" W/\"7\" ", "7");
    assert_parsed("*", "");
}

static void a_tag_is_of_the_field_and_of_the_body(void **state)
{
    const char *tag = pl_etag_format("a.7-b", "body", 4, &arena);
    (void)state;
    assert_string_equal(tag, pl_etag_format("a.7-b", "body", 4, &arena));
    assert_string_not_equal(tag, pl_etag_format("a.7-b", "bodY", 4, &arena));
    assert_string_not_equal(tag, pl_etag_format("a.8-b", "body", 4, &arena));
    assert_parsed(tag, "a.7-b");
    assert_parsed("\"7.0123456789abcdef0123456789abcdeg\"", "7.0123456789abcdef0123456789abcdeg");
    assert_parsed("\".0123456789abcdef0123456789abcdef\"", ".0123456789abcdef0123456789abcdef");
}

static void a_list_is_read(void **state)
{
    (void)state;
    assert_parsed("\"7\", \"8\"", "7,8");
    assert_parsed(", W/\"7.0123456789abcdef0123456789abcdef\" ,,\"8\" , ", "7,8");
}

static void what_is_no_condition_of_ours_is_refused(void **state)
{
    static const char *const bad[] = {"",         "7",           "\"7",         ",",       "\"7\"x",
                                      "*, \"7\"", "\"7\", *",    "W/7",         "w/\"7\"", "\"\"",
                                      "W/\"\"",   "\"7\", \"\"", "\"7\" \"8\"", "\"7,8\"", "\"7\", 8"};
    const char *parsed = NULL;
    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(pl_etag_parse(bad[i], &arena, &parsed), PL_INVALID_ARGUMENT);
}

static void a_tag_is_found_in_a_list(void **state)
{
    (void)state;
    assert_true(pl_etag_matches("\"7\"", "\"7\""));
    assert_true(pl_etag_matches("\"6\", W/\"7\"", "\"7\""));
    assert_true(pl_etag_matches(" * ", "\"7\""));
    assert_false(pl_etag_matches(NULL, "\"7\""));
    assert_false(pl_etag_matches("", "\"7\""));
    assert_false(pl_etag_matches("7", "\"7\""));
    assert_false(pl_etag_matches("\"77\", \"\"", "\"7\""));
    assert_false(pl_etag_matches("\"6\" \"7", "\"7\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tag_is_read),          cmocka_unit_test(a_tag_is_of_the_field_and_of_the_body),
        cmocka_unit_test(a_list_is_read),           cmocka_unit_test(what_is_no_condition_of_ours_is_refused),
        cmocka_unit_test(a_tag_is_found_in_a_list),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
