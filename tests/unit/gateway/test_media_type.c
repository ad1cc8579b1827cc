/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Content-Type and Accept: what counts as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "gateway/media_type.h"

static void json_in_utf8_is_json(void **state)
{
    (void)state;
    assert_true(pl_media_type_is_json("application/json"));
    assert_true(pl_media_type_is_json("Application/JSON"));
    assert_true(pl_media_type_is_json(" application/json ; charset=utf-8"));
    assert_true(pl_media_type_is_json("application/json;charset=\"UTF-8\""));
    assert_true(pl_media_type_is_json("application/json;"));
}

static void everything_else_is_not(void **state)
{
    (void)state;
    assert_false(pl_media_type_is_json(NULL));
    assert_false(pl_media_type_is_json(""));
    assert_false(pl_media_type_is_json("application/x-www-form-urlencoded"));
    assert_false(pl_media_type_is_json("text/json"));
    assert_false(pl_media_type_is_json("application/jsonp"));
    assert_false(pl_media_type_is_json("application/json; charset=latin1"));
    assert_false(pl_media_type_is_json("application/json, text/plain"));
}

static void accept_may_name_json_or_more(void **state)
{
    (void)state;
    assert_true(pl_media_type_accepts_json(NULL));
    assert_true(pl_media_type_accepts_json(""));
    assert_true(pl_media_type_accepts_json("*/*"));
    assert_true(pl_media_type_accepts_json("application/*"));
    assert_true(pl_media_type_accepts_json("text/html, application/JSON;q=0.1"));
    assert_true(pl_media_type_accepts_json("text/html,application/xhtml+xml,*/*;q=0.8"));
    assert_true(pl_media_type_accepts_json("application/problem+json"));
    assert_true(pl_media_type_accepts_json("application/json; charset=utf-8; q=1"));
}

static void the_most_exact_range_decides(void **state)
{
    (void)state;
    assert_false(pl_media_type_accepts_json("text/html"));
    assert_false(pl_media_type_accepts_json("application/json;q=0"));
    assert_false(pl_media_type_accepts_json("*/*, application/json;q=0.0"));
    assert_false(pl_media_type_accepts_json("application/*;q=0, */*"));
    assert_true(pl_media_type_accepts_json("*/*;q=0, application/json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_in_utf8_is_json),
        cmocka_unit_test(everything_else_is_not),
        cmocka_unit_test(accept_may_name_json_or_more),
        cmocka_unit_test(the_most_exact_range_decides),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
