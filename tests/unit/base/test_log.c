/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Log: every line is one JSON object, whatever the texts hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static FILE *captured;
static int saved_stderr;

static int capture(void **state)
{
    (void)state;
    captured = tmpfile();
    saved_stderr = dup(STDERR_FILENO);
    pl_log_set_level(PL_LOG_INFO);
    return captured == NULL || dup2(fileno(captured), STDERR_FILENO) < 0;
}

static int release(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    return fclose(captured);
}

/* What was logged since capture, at most bytes - 1. */
static void read_captured(char *ret_text, size_t bytes)
{
    rewind(captured);
    ret_text[fread(ret_text, 1, bytes - 1, captured)] = '\0';
}

static json_t *only_line(void)
{
    char text[16384];

    read_captured(text, sizeof(text));
    assert_int_equal(strcspn(text, "\n") + 1, strlen(text));
    json_t *line = json_loads(text, 0, NULL);
    assert_non_null(line);
    return line;
}

static const char *text_of(const json_t *line, const char *name)
{
    return json_string_value(json_object_get(line, name));
}

static void line_holds_time_level_event_and_fields(void **state)
{
    regex_t time_form;
    (void)state;

    pl_log(PL_LOG_WARNING, "call_finished", PL_LOG_TEXT("method", "SendMessage"), PL_LOG_NUMBER("duration_us", -12));
    json_t *line = only_line();
    assert_string_equal(text_of(line, "level"), "warning");
    assert_string_equal(text_of(line, "event"), "call_finished");
    assert_string_equal(text_of(line, "method"), "SendMessage");
    assert_int_equal(json_integer_value(json_object_get(line, "duration_us")), -12);
    assert_int_equal(regcomp(&time_form, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&time_form, text_of(line, "time"), 0, NULL, 0), 0);
    regfree(&time_form);
    json_decref(line);
}

static void numbers_of_any_size_are_written(void **state)
{
    (void)state;

    pl_log(PL_LOG_INFO, "numbers", PL_LOG_NUMBER("least", INT64_MIN), PL_LOG_NUMBER("most", INT64_MAX),
           PL_LOG_NUMBER("none", 0));
    json_t *line = only_line();
    assert_true(json_integer_value(json_object_get(line, "least")) == INT64_MIN);
    assert_true(json_integer_value(json_object_get(line, "most")) == INT64_MAX);
    assert_true(json_is_integer(json_object_get(line, "none")));
    json_decref(line);
}

static void quotes_controls_and_newlines_are_escaped(void **state)
{
    const char *odd = "a\"b\\c\nd\te\x01\x7f\xc3\xa9";
    (void)state;

    pl_log(PL_LOG_INFO, "odd", PL_LOG_TEXT("text", odd));
    json_t *line = only_line();
    assert_string_equal(text_of(line, "text"), odd);
    json_decref(line);
}

static void invalid_utf8_becomes_replacement_characters(void **state)
{
    (void)state;
    pl_log(PL_LOG_INFO, "odd", PL_LOG_TEXT("text", "a\xff"));
    json_t *line = only_line();
    assert_string_equal(text_of(line, "text"), "a\xef\xbf\xbd");
    json_decref(line);
}

static void long_texts_are_cut_between_characters(void **state)
{
    char text[2001];
    (void)state;

    memset(text, 'a', 1023);
    for (size_t i = 1023; i < 1999; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[1999] = '\0';
    pl_log(PL_LOG_INFO, "long", PL_LOG_TEXT("text", text));
    json_t *line = only_line();
    assert_int_equal(strlen(text_of(line, "text")), 1023);
    json_decref(line);
}

static void fields_past_the_end_are_left_out_whole(void **state)
{
    char text[1024];
    struct pl_log_field fields[20];
    (void)state;

    memset(text, 1, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < 20; i++)
        fields[i] = PL_LOG_TEXT("text", text);
    fields[0] = PL_LOG_NUMBER("first", 1);
    pl_log_fields(PL_LOG_INFO, "long", fields, 20);
    json_t *line = only_line();
    assert_int_equal(json_integer_value(json_object_get(line, "first")), 1);
    assert_int_equal(strlen(text_of(line, "text")), sizeof(text) - 1);
    assert_true(json_is_true(json_object_get(line, "truncated")));
    json_decref(line);
}

static void lines_below_the_level_are_not_written(void **state)
{
    char text[4096];
    (void)state;

    pl_log(PL_LOG_DEBUG, "quiet", PL_LOG_NUMBER("n", 1));
    pl_log_set_level(PL_LOG_ERROR);
    pl_log(PL_LOG_WARNING, "quiet", PL_LOG_NUMBER("n", 1));
    read_captured(text, sizeof(text));
    assert_string_equal(text, "");
    pl_log_fields(PL_LOG_ERROR, "loud", NULL, 0);
    read_captured(text, sizeof(text));
    assert_non_null(strstr(text, "\"event\":\"loud\"}\n"));
}

static void level_names_are_the_only_ones_taken(void **state)
{
    enum pl_log_level level = PL_LOG_INFO;
    (void)state;

    assert_int_equal(pl_log_level_parse("debug", &level), PL_OK);
    assert_int_equal(level, PL_LOG_DEBUG);
    assert_int_equal(pl_log_level_parse("error", &level), PL_OK);
    assert_int_equal(level, PL_LOG_ERROR);
    assert_int_equal(pl_log_level_parse("ERROR", &level), PL_INVALID_ARGUMENT);
    assert_int_equal(pl_log_level_parse("", &level), PL_INVALID_ARGUMENT);
    assert_int_equal(level, PL_LOG_ERROR);
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, capture, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURED(numbers_of_any_size_are_written),          CAPTURED(line_holds_time_level_event_and_fields),
        CAPTURED(quotes_controls_and_newlines_are_escaped), CAPTURED(invalid_utf8_becomes_replacement_characters),
        CAPTURED(long_texts_are_cut_between_characters),    CAPTURED(fields_past_the_end_are_left_out_whole),
        CAPTURED(lines_below_the_level_are_not_written),    cmocka_unit_test(level_names_are_the_only_ones_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
