/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* The list of origins: whole origins, never parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/cors.h"

static void listed_origins_are_allowed(void **state)
{
    static const char list[] = "https://a.example, https://b.example:8443";
    (void)state;
    assert_true(pl_cors_allows(list, "https://a.example"));
    assert_true(pl_cors_allows(list, "https://b.example:8443"));
    assert_true(pl_cors_allows("*", "https://c.example"));
}

static void others_are_not(void **state)
{
    static const char list[] = "https://a.example, https://b.example:8443,";
    static const char *const others[] = {"",
                                         "null",
                                         "https://a.example.evil",
                                         "https://a.exampl",
                                         "http://a.example",
                                         "https://b.example",
                                         "https://a.example,",
                                         "*"};
    (void)state;
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(pl_cors_allows(list, others[i]));
    assert_false(pl_cors_allows("", "https://a.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_origins_are_allowed),
        cmocka_unit_test(others_are_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
