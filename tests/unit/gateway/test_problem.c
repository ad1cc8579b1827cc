/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Problems as JSON: always the same members, the words of the one table, nothing that breaks the text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "gateway/problem.h"

static json_t *written(const struct pl_problem *problem)
{
    struct pl_buf buf;
    json_t *object;
    pl_buf_init(&buf, 1 << 20);
    pl_problem_write(problem, "/v1/chats/1", "r1", &buf);
    assert_false(buf.overflowed);
    object = json_loadb((const char *)buf.data, buf.bytes, JSON_REJECT_DUPLICATES, NULL);
    pl_buf_fini(&buf);
    assert_non_null(object);
    assert_int_equal(json_object_size(object), 11);
    return object;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    return text;
}

static void every_status_has_a_problem(void **state)
{
    (void)state;
    for (int status = PL_OK + 1; status < PL_STATUS_COUNT; status++) {
        struct pl_problem problem = {.status = (enum pl_status)status};
        json_t *object = written(&problem);
        char type[96];
        snprintf(type, sizeof type, "/problems/%s", pl_status_reason(problem.status));
        assert_string_equal(text_of(object, "type"), type);
        assert_string_equal(text_of(object, "reason"), pl_status_reason(problem.status));
        assert_string_equal(text_of(object, "title"), pl_status_sentence(problem.status));
        assert_string_equal(text_of(object, "detail"), pl_status_sentence(problem.status));
        assert_int_equal(json_integer_value(json_object_get(object, "status")), pl_status_http(problem.status));
        assert_string_equal(text_of(object, "cure"), pl_status_cure(problem.status));
        assert_string_equal(text_of(object, "instance"), "/v1/chats/1");
        assert_string_equal(text_of(object, "domain"), "parley");
        assert_string_equal(text_of(object, "request_id"), "r1");
        assert_int_equal(json_object_size(json_object_get(object, "metadata")), 0);
        assert_int_equal(json_array_size(json_object_get(object, "field_violations")), 0);
        json_decref(object);
    }
}

static void details_of_the_server_are_kept(void **state)
{
    static const parley_metadata metadata[] = {{.key = "field", .value = "before_seq"}, {.key = "max", .value = "5"}};
    struct pl_problem problem = {
        .status = PL_INVALID_ARGUMENT, .reason = "NEW_REASON", .sentence = "no \"such\" thing"};
    (void)state;
    problem.metadata = metadata;
    problem.metadata_count = 2;
    json_t *object = written(&problem);
    const json_t *violation = json_array_get(json_object_get(object, "field_violations"), 0);
    assert_string_equal(text_of(object, "type"), "/problems/NEW_REASON");
    assert_string_equal(text_of(object, "detail"), "no \"such\" thing");
    assert_string_equal(text_of(object, "cure"), "");
    assert_string_equal(text_of(json_object_get(object, "metadata"), "max"), "5");
    assert_string_equal(text_of(violation, "field"), "before_seq");
    assert_string_equal(text_of(violation, "description"), "no \"such\" thing");
    json_decref(object);
}

static void a_field_is_a_violation(void **state)
{
    struct pl_problem problem = {.status = PL_UNKNOWN_FIELD, .field = "participants[2].role"};
    (void)state;
    json_t *object = written(&problem);
    const json_t *violation = json_array_get(json_object_get(object, "field_violations"), 0);
    assert_string_equal(text_of(violation, "field"), "participants[2].role");
    json_decref(object);
}

static void texts_that_are_not_utf8_are_left_out(void **state)
{
    struct pl_problem problem = {.status = PL_INVALID_TEXT, .sentence = "\xff", .field = "\xc3"};
    (void)state;
    json_t *object = written(&problem);
    assert_string_equal(text_of(object, "detail"), "");
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_problem),
        cmocka_unit_test(details_of_the_server_are_kept),
        cmocka_unit_test(a_field_is_a_violation),
        cmocka_unit_test(texts_that_are_not_utf8_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
