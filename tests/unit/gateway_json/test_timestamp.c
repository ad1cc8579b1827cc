/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Times of RFC 3339: the limits, the calendar against the C library, and what is none. */
#include "support/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/json/timestamp.h"

static void assert_formatted(int64_t seconds, int32_t nanos, const char *expected)
{
    char text[PL_TIMESTAMP_CHARS + 1];
    unsigned chars = pl_timestamp_format(seconds, nanos, text);

    text[chars] = '\0';
    assert_string_equal(text, expected);
}

static void assert_parsed(const char *text, int64_t seconds, int32_t nanos)
{
    int64_t ret_seconds;
    int32_t ret_nanos;

    if (!pl_timestamp_parse(text, &ret_seconds, &ret_nanos))
        fail_msg("%s", text);
    assert_int_equal(ret_seconds, seconds);
    assert_int_equal(ret_nanos, nanos);
}

static void a_fraction_has_as_few_digits_as_say_it(void **state)
{
    (void)state;
    assert_formatted(0, 0, "1970-01-01T00:00:00Z");
    assert_formatted(0, 500000000, "1970-01-01T00:00:00.500Z");
    assert_formatted(0, 1000000, "1970-01-01T00:00:00.001Z");
    assert_formatted(0, 1000, "1970-01-01T00:00:00.000001Z");
    assert_formatted(0, 100, "1970-01-01T00:00:00.000000100Z");
    assert_formatted(0, 100000, "1970-01-01T00:00:00.000100Z");
    assert_formatted(0, 1, "1970-01-01T00:00:00.000000001Z");
    assert_formatted(-1, 999999999, "1969-12-31T23:59:59.999999999Z");
}

static void the_years_1_to_9999_are_all_there_is(void **state)
{
    (void)state;
    assert_formatted(-62135596800, 0, "0001-01-01T00:00:00Z");
    assert_formatted(253402300799, 999999999, "9999-12-31T23:59:59.999999999Z");
    assert_formatted(-62135596801, 0, "");
    assert_formatted(253402300800, 0, "");
    assert_formatted(INT64_MIN, 0, "");
    assert_formatted(INT64_MAX, 0, "");
    assert_formatted(0, -1, "");
    assert_formatted(0, 1000000000, "");
}

/* A step of ten days, less a second, comes through all days of the years and all times of the day. */
static void days_of_all_years_are_those_of_the_c_library_there_and_back(void **state)
{
    char expected[64];

    (void)state;
    for (time_t second = -62135596800; second <= 253402300799; second += 863999) {
        struct tm tm;
        gmtime_r(&second, &tm);
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_formatted(second, 0, expected);
        assert_parsed(expected, second, 0);
    }
}

static void fractions_of_one_to_nine_digits_are_read(void **state)
{
    (void)state;
    assert_parsed("1970-01-01T00:00:01.5Z", 1, 500000000);
    assert_parsed("1970-01-01T00:00:01.000001Z", 1, 1000);
    assert_parsed("1969-12-31T23:59:59.123456789Z", -1, 123456789);
}

static void offsets_and_lower_case_are_read(void **state)
{
    (void)state;
    assert_parsed("1970-01-01t00:00:00z", 0, 0);
    assert_parsed("1970-01-01T01:30:00+01:30", 0, 0);
    assert_parsed("1969-12-31T00:01:00-23:59", 0, 0);
    assert_parsed("1970-01-01T00:00:00-00:00", 0, 0);
    assert_parsed("0001-01-01T01:00:00+01:00", -62135596800, 0);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567890Z",
        "1970-01-01T00:00Z",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00:00Z ",
        " 1970-01-01T00:00:00Z",
        "1970-1-1T00:00:00Z",
        "70-01-01T00:00:00Z",
        "+1970-01-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-01-00T00:00:00Z",
        "1970-01-32T00:00:00Z",
        "1970-04-31T00:00:00Z",
        "1970-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T23:59:60Z",
        "1970-01-01T00:00:00+0100",
        "1970-01-01T00:00:00+01",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+00:60",
        "1970-01-01T00:00:00 01:00",
        "0000-12-31T23:59:59Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
    };
    int64_t seconds;
    int32_t nanos;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (pl_timestamp_parse(texts[i], &seconds, &nanos))
            fail_msg("%s", texts[i]);
    assert_parsed("2000-02-29T00:00:00Z", 951782400, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fraction_has_as_few_digits_as_say_it),
        cmocka_unit_test(the_years_1_to_9999_are_all_there_is),
        cmocka_unit_test(days_of_all_years_are_those_of_the_c_library_there_and_back),
        cmocka_unit_test(fractions_of_one_to_nine_digits_are_read),
        cmocka_unit_test(offsets_and_lower_case_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
