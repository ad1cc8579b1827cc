/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* UTF-8: what is well-formed, at every offset of the eight-byte steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/utf8.h"

/* Behind 0 to 9 letters and before as many, so that fast and slow path meet it at each place. */
static void assert_validity(const char *bytes, size_t count, bool valid)
{
    char text[64];

    for (size_t before = 0; before < 10; before++) {
        for (size_t after = 0; after < 10; after++) {
            memset(text, 'a', sizeof(text));
            memcpy(text + before, bytes, count);
            assert_int_equal(pl_utf8_valid(text, before + count + after), valid);
        }
    }
}

static void well_formed_sequences_are_valid(void **state)
{
    (void)state;
    assert_true(pl_utf8_valid("", 0));
    assert_validity("\x01\x7f", 2, true);
    assert_validity("\xc2\x80\xdf\xbf", 4, true);
    assert_validity("\xe0\xa0\x80\xed\x9f\xbf", 6, true);
    assert_validity("\xee\x80\x80\xef\xbf\xbf", 6, true);
    assert_validity("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8, true);
}

static void nul_is_refused(void **state)
{
    (void)state;
    assert_validity("\0", 1, false);
}

static void overlong_forms_are_refused(void **state)
{
    (void)state;
    assert_validity("\xc0\x80", 2, false);
    assert_validity("\xc1\xbf", 2, false);
    assert_validity("\xe0\x9f\xbf", 3, false);
    assert_validity("\xf0\x8f\xbf\xbf", 4, false);
}

static void surrogates_and_beyond_unicode_are_refused(void **state)
{
    (void)state;
    assert_validity("\xed\xa0\x80", 3, false);
    assert_validity("\xed\xbf\xbf", 3, false);
    assert_validity("\xf4\x90\x80\x80", 4, false);
    assert_validity("\xf5\x80\x80\x80", 4, false);
    assert_validity("\xff", 1, false);
}

static void stray_and_missing_continuations_are_refused(void **state)
{
    (void)state;
    assert_validity("\x80", 1, false);
    assert_validity("\xc3", 1, false);
    assert_validity("\xe2\x82", 2, false);
    assert_validity("\xf0\x9f\x98", 3, false);
    assert_validity("\xe2\x82\xc3\xa9", 4, false);
}

static void ends_at_the_given_length(void **state)
{
    (void)state;
    assert_false(pl_utf8_valid("\xc3\xa9", 1));
    assert_true(pl_utf8_valid("a\xc3\xa9", 1));
}

static void chars_are_code_points(void **state)
{
    (void)state;
    assert_int_equal(pl_utf8_chars(""), 0);
    assert_int_equal(pl_utf8_chars("abc"), 3);
    assert_int_equal(pl_utf8_chars("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_sequences_are_valid),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(overlong_forms_are_refused),
        cmocka_unit_test(surrogates_and_beyond_unicode_are_refused),
        cmocka_unit_test(stray_and_missing_continuations_are_refused),
        cmocka_unit_test(ends_at_the_given_length),
        cmocka_unit_test(chars_are_code_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
