/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include <string.h>

#include "rpc/inbound.h"
#include "support/cmocka.h"

enum { BYTES_MAX = 1000 };

static struct pl_inbound inbound;

static int tear_down(void **state)
{
    (void)state;
    pl_inbound_reset(&inbound);
    return 0;
}

static size_t feed(const void *data, size_t bytes)
{
    size_t taken;

    assert_int_equal(pl_inbound_feed(&inbound, data, bytes, BYTES_MAX, &taken), PL_OK);
    return taken;
}

static void assert_message(const void *data, size_t bytes)
{
    assert_true(pl_inbound_is_whole(&inbound));
    assert_false(pl_inbound_is_partial(&inbound));
    assert_int_equal(pl_inbound_bytes(&inbound), bytes);
    assert_memory_equal(inbound.message, data, bytes);
    pl_inbound_reset(&inbound);
}

static void message_in_one_piece_is_whole(void **state)
{
    (void)state;
    assert_int_equal(feed("\0\0\0\0\3abc", 8), 8);
    assert_message("abc", 3);
}

static void message_in_single_bytes_is_whole_with_the_last(void **state)
{
    static const char data[] = "\0\0\0\0\3abc";

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        assert_false(pl_inbound_is_whole(&inbound));
        assert_int_equal(pl_inbound_is_partial(&inbound), i > 0);
        assert_int_equal(feed(data + i, 1), 1);
    }
    assert_message("abc", 3);
}

static void no_more_is_taken_than_one_message(void **state)
{
    static const char data[] = "\0\0\0\0\1a\0\0\0\0\2bc\0";

    (void)state;
    assert_int_equal(feed(data, 14), 6);
    assert_message("a", 1);
    assert_int_equal(feed(data + 6, 8), 7);
    assert_message("bc", 2);
    assert_int_equal(feed(data + 13, 1), 1);
    assert_true(pl_inbound_is_partial(&inbound));
}

static void empty_message_is_whole_with_its_prefix(void **state)
{
    (void)state;
    assert_int_equal(feed("\0\0\0\0\0", 5), 5);
    assert_message("", 0);
}

static void nothing_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(feed("", 0), 0);
    assert_false(pl_inbound_is_partial(&inbound));
    assert_int_equal(feed("\0\0\0\0\2", 5), 5);
    assert_int_equal(feed("", 0), 0);
    assert_int_equal(feed("ab", 2), 2);
    assert_message("ab", 2);
}

static void length_is_big_endian(void **state)
{
    (void)state;
    assert_int_equal(feed("\0\0\0\1\2", 5), 5);
    assert_int_equal(pl_inbound_bytes(&inbound), 258);
    pl_inbound_reset(&inbound);
    memcpy(inbound.prefix, "\0\x81\2\3\4", 5);
    assert_int_equal(pl_inbound_bytes(&inbound), 0x81020304);
}

static void prefix_says_that_it_is_too_large(void **state)
{
    uint8_t prefix[PL_PREFIX_BYTES];
    size_t taken;

    (void)state;
    pl_prefix_put(prefix, false, BYTES_MAX);
    assert_int_equal(feed(prefix, sizeof(prefix)), sizeof(prefix));
    pl_inbound_reset(&inbound);
    pl_prefix_put(prefix, false, BYTES_MAX + 1);
    assert_int_equal(feed(prefix, 4), 4);
    assert_int_equal(pl_inbound_feed(&inbound, prefix + 4, 1, BYTES_MAX, &taken), PL_MESSAGE_TOO_LARGE);
    assert_null(inbound.message);
    pl_inbound_reset(&inbound);
    assert_int_equal(pl_inbound_feed(&inbound, (const uint8_t *)"\0\xff\xff\xff\xff", 5, BYTES_MAX, &taken),
                     PL_MESSAGE_TOO_LARGE);
}

static void compressed_message_is_malformed(void **state)
{
    size_t taken;

    (void)state;
    assert_int_equal(pl_inbound_feed(&inbound, (const uint8_t *)"\1\0\0\0\1x", 6, BYTES_MAX, &taken),
                     PL_MALFORMED_MESSAGE);
    assert_null(inbound.message);
}

static void prefix_is_written_as_it_is_read(void **state)
{
    uint8_t prefix[PL_PREFIX_BYTES];

    (void)state;
    pl_prefix_put(prefix, false, 0x81020304);
    assert_memory_equal(prefix, "\0\x81\2\3\4", 5);
    pl_prefix_put(prefix, true, 1);
    assert_memory_equal(prefix, "\1\0\0\0\1", 5);
}

#define TEST(name_) cmocka_unit_test_teardown(name_, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(message_in_one_piece_is_whole),     TEST(message_in_single_bytes_is_whole_with_the_last),
        TEST(no_more_is_taken_than_one_message), TEST(empty_message_is_whole_with_its_prefix),
        TEST(nothing_changes_nothing),           TEST(length_is_big_endian),
        TEST(prefix_says_that_it_is_too_large),  TEST(compressed_message_is_malformed),
        TEST(prefix_is_written_as_it_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
