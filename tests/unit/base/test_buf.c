/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
/* Buffer: growth, byte order, and the overflow that latches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/buf.h"

static void appends_follow_each_other(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 1 << 20);
    pl_buf_put(&buf, "par", 3);
    pl_buf_put(&buf, NULL, 0);
    pl_buf_printf(&buf, "%s%d", "ley", 1);
    assert_int_equal(buf.bytes, 7);
    assert_memory_equal(buf.data, "parley1", 7);
    assert_false(buf.overflowed);
    pl_buf_fini(&buf);
}

static void numbers_are_big_endian(void **state)
{
    static const uint8_t expected[] = {0x01, 0x02, 0x03, 0x04, 0x05};
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 64);
    pl_buf_put_u8(&buf, 0x01);
    pl_buf_put_u32(&buf, 0x02030405);
    assert_int_equal(buf.bytes, sizeof(expected));
    assert_memory_equal(buf.data, expected, sizeof(expected));
    pl_buf_fini(&buf);
}

static void varints_are_as_short_as_can_be(void **state)
{
    static const struct {
        uint64_t value;
        const char *packed;
        size_t bytes;
    } known[] = {
        {0, "\x00", 1},
        {0x7f, "\x7f", 1},
        {0x80, "\x80\x01", 2},
        {300, "\xac\x02", 2},
        {UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", PL_VARINT_BYTES_MAX},
    };
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 64);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        pl_buf_reset(&buf);
        pl_buf_put_varint(&buf, known[i].value);
        assert_int_equal(buf.bytes, known[i].bytes);
        assert_memory_equal(buf.data, known[i].packed, known[i].bytes);
    }
    pl_buf_reset(&buf);
    pl_buf_put_length(&buf, 0x0a, 300);
    assert_int_equal(buf.bytes, 3);
    assert_memory_equal(buf.data, "\x0a\xac\x02", 3);
    pl_buf_fini(&buf);
}

static void grows_to_exactly_the_bound(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 100000);
    for (unsigned i = 0; i < 100000; i++)
        pl_buf_put_u8(&buf, (uint8_t)i);
    assert_false(buf.overflowed);
    assert_int_equal(buf.bytes, 100000);
    assert_int_equal(buf.data[99999], (uint8_t)99999);
    pl_buf_put_u8(&buf, 1);
    assert_true(buf.overflowed);
    assert_int_equal(buf.bytes, 100000);
    pl_buf_fini(&buf);
}

static void overflow_latches_until_reset(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 4);
    pl_buf_put(&buf, "abc", 3);
    pl_buf_put(&buf, "de", 2);
    assert_true(buf.overflowed);
    pl_buf_put(&buf, "f", 1);
    pl_buf_printf(&buf, "g");
    assert_null(pl_buf_extend(&buf, 1));
    assert_int_equal(buf.bytes, 3);
    pl_buf_reset(&buf);
    assert_false(buf.overflowed);
    pl_buf_put(&buf, "wxyz", 4);
    assert_false(buf.overflowed);
    assert_memory_equal(buf.data, "wxyz", 4);
    pl_buf_fini(&buf);
}

static void printf_may_fill_the_bound_and_no_more(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 4);
    pl_buf_printf(&buf, "%d", 1234);
    assert_false(buf.overflowed);
    assert_memory_equal(buf.data, "1234", 4);
    pl_buf_reset(&buf);
    pl_buf_printf(&buf, "%d", 12345);
    assert_true(buf.overflowed);
    assert_int_equal(buf.bytes, 0);
    pl_buf_fini(&buf);
    /* As many bytes as the first piece of memory: the NUL behind them needs room too. */
    pl_buf_init(&buf, 256);
    pl_buf_printf(&buf, "%0256d", 7);
    assert_false(buf.overflowed);
    assert_int_equal(buf.data[255], '7');
    pl_buf_fini(&buf);
}

static void extend_counts_its_room(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 16);
    pl_buf_put_u8(&buf, 'a');
    uint8_t *room = pl_buf_extend(&buf, 2);
    assert_non_null(room);
    memcpy(room, "bc", 2);
    pl_buf_put_u8(&buf, 'd');
    assert_int_equal(buf.bytes, 4);
    assert_memory_equal(buf.data, "abcd", 4);
    pl_buf_fini(&buf);
}

static void huge_sizes_overflow_without_wrapping(void **state)
{
    struct pl_buf buf;
    (void)state;

    pl_buf_init(&buf, 16);
    pl_buf_put_u8(&buf, 'a');
    assert_null(pl_buf_extend(&buf, SIZE_MAX));
    assert_true(buf.overflowed);
    pl_buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_follow_each_other),      cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(varints_are_as_short_as_can_be), cmocka_unit_test(grows_to_exactly_the_bound),
        cmocka_unit_test(overflow_latches_until_reset),   cmocka_unit_test(printf_may_fill_the_bound_and_no_more),
        cmocka_unit_test(extend_counts_its_room),         cmocka_unit_test(huge_sizes_overflow_without_wrapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
