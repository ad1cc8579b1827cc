/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include <stdlib.h>
#include <string.h>

#include "rpc/metadata.h"
#include "support/cmocka.h"

static struct pl_buf metadata;

static int set_up(void **state)
{
    (void)state;
    pl_metadata_init(&metadata);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pl_buf_fini(&metadata);
    return 0;
}

static void add(const char *name, const char *value)
{
    pl_metadata_add(&metadata, (const uint8_t *)name, strlen(name), (const uint8_t *)value, strlen(value));
}

static void value_is_found_by_its_whole_name(void **state)
{
    (void)state;
    add("name", "of one");
    add("names", "of many");
    add("of one", "that is a value");
    assert_string_equal(pl_metadata_find(&metadata, "name"), "of one");
    assert_string_equal(pl_metadata_find(&metadata, "names"), "of many");
    assert_string_equal(pl_metadata_find(&metadata, "of one"), "that is a value");
    assert_null(pl_metadata_find(&metadata, "nam"));
    assert_null(pl_metadata_find(&metadata, "of many"));
    assert_null(pl_metadata_find(&metadata, "Name"));
}

static void nothing_is_found_in_nothing(void **state)
{
    (void)state;
    assert_null(pl_metadata_find(&metadata, ""));
    assert_null(pl_metadata_find(&metadata, "name"));
}

static void first_of_several_values_is_found(void **state)
{
    (void)state;
    add("name", "first");
    add("name", "second");
    assert_string_equal(pl_metadata_find(&metadata, "name"), "first");
}

static void empty_value_is_a_value(void **state)
{
    (void)state;
    add("name", "");
    add("next", "one");
    assert_string_equal(pl_metadata_find(&metadata, "name"), "");
    assert_string_equal(pl_metadata_find(&metadata, "next"), "one");
}

/* "x" and its NUL, the value and its NUL, are as many bytes. */
static void add_so_many(size_t bytes)
{
    char *value = calloc(1, bytes);

    assert_non_null(value);
    memset(value, 'v', bytes - 3);
    add("x", value);
    free(value);
}

static void limit_is_of_all_bytes_together(void **state)
{
    (void)state;
    add("a", "b");
    add_so_many(PL_CALL_METADATA_BYTES_MAX - 4);
    assert_false(metadata.overflowed);
    assert_string_equal(pl_metadata_find(&metadata, "a"), "b");
    add("", "");
    assert_true(metadata.overflowed);
}

/* Wherever in a header the limit is, nobody reads behind what is there. */
static void header_past_the_limit_is_left_out_whole(void **state)
{
    (void)state;
    for (size_t missing = 1; missing <= 10; missing++) {
        add("first", "value");
        add_so_many(PL_CALL_METADATA_BYTES_MAX - 12 - 10 + missing);
        assert_false(metadata.overflowed);
        add("next", "1234");
        assert_true(metadata.overflowed);
        add("z", "");
        assert_string_equal(pl_metadata_find(&metadata, "first"), "value");
        assert_null(pl_metadata_find(&metadata, "next"));
        assert_null(pl_metadata_find(&metadata, "z"));
        pl_buf_fini(&metadata);
        pl_metadata_init(&metadata);
    }
}

static int64_t timeout_of(const char *text)
{
    pl_buf_reset(&metadata);
    add("grpc-timeout", text);
    return pl_metadata_timeout_us(&metadata);
}

static void timeout_is_read_in_each_unit(void **state)
{
    (void)state;
    assert_int_equal(timeout_of("1H"), INT64_C(3600000000));
    assert_int_equal(timeout_of("2M"), 120000000);
    assert_int_equal(timeout_of("3S"), 3000000);
    assert_int_equal(timeout_of("4m"), 4000);
    assert_int_equal(timeout_of("5u"), 5);
    assert_int_equal(timeout_of("6999n"), 6);
    assert_int_equal(timeout_of("0S"), 0);
    assert_int_equal(timeout_of("00000001S"), 1000000);
    assert_int_equal(timeout_of("99999999n"), 99999);
}

static void timeout_of_more_than_a_year_is_none(void **state)
{
    (void)state;
    assert_true(timeout_of("8760H") == INT64_C(365) * 24 * 3600 * 1000000);
    assert_true(timeout_of("8761H") == INT64_MAX);
    assert_true(timeout_of("99999999H") == INT64_MAX);
    assert_true(timeout_of("99999999S") == INT64_MAX);
}

static void timeout_that_is_none_is_ignored(void **state)
{
    static const char *const texts[] = {"",    "1",   "S",    "1s",  "-1S",        "+1S", " 1S",
                                        "1S ", "1 S", "1.5S", "1SS", "123456789n", "0x1S"};

    (void)state;
    assert_true(pl_metadata_timeout_us(&metadata) == INT64_MAX);
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_true(timeout_of(texts[i]) == INT64_MAX);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(value_is_found_by_its_whole_name), TEST(nothing_is_found_in_nothing),
        TEST(first_of_several_values_is_found), TEST(empty_value_is_a_value),
        TEST(limit_is_of_all_bytes_together),   TEST(header_past_the_limit_is_left_out_whole),
        TEST(timeout_is_read_in_each_unit),     TEST(timeout_of_more_than_a_year_is_none),
        TEST(timeout_that_is_none_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
