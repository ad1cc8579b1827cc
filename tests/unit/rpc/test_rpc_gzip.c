/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include <string.h>

#include "rpc/gzip.h"
#include "support/cmocka.h"

enum { BYTES = 4096, WINDOW_BITS_GZIP = 15 + 16 };

static void assert_inflates_to(uint8_t *data, size_t bytes, const uint8_t *expected, size_t expected_bytes)
{
    uint8_t plain[BYTES];
    z_stream zlib = {.next_in = data, .avail_in = (uInt)bytes, .next_out = plain, .avail_out = sizeof(plain)};

    assert_int_equal(inflateInit2(&zlib, WINDOW_BITS_GZIP), Z_OK);
    assert_int_equal(inflate(&zlib, Z_FINISH), Z_STREAM_END);
    assert_int_equal(zlib.avail_in, 0);
    assert_int_equal(zlib.total_out, expected_bytes);
    assert_memory_equal(plain, expected, expected_bytes);
    inflateEnd(&zlib);
}

/* One state for all of them: none knows of those before, the one that did not fit either. */
static void each_message_inflates_by_itself(void **state)
{
    struct pl_gzip gzip = {.is_open = false};
    uint8_t data[BYTES];
    uint8_t packed[BYTES];

    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < BYTES; i++)
            data[i] = (uint8_t)(i / 64 * (round + 1));
        size_t bytes = pl_gzip_compress(&gzip, data, BYTES - round, packed, sizeof(packed));
        assert_in_range(bytes, 1, BYTES / 2);
        assert_inflates_to(packed, bytes, data, BYTES - round);
        assert_int_equal(pl_gzip_compress(&gzip, data, BYTES, packed, 16), 0);
    }
    pl_gzip_fini(&gzip);
}

static void message_that_does_not_become_smaller_is_left(void **state)
{
    struct pl_gzip gzip = {.is_open = false};
    uint8_t data[BYTES];
    uint8_t packed[BYTES + 1];
    uint32_t noise = 1;

    (void)state;
    for (unsigned i = 0; i < BYTES; i++) {
        noise = noise * 1664525 + 1013904223;
        data[i] = (uint8_t)(noise >> 24);
    }
    packed[BYTES] = 0xa5;
    assert_int_equal(pl_gzip_compress(&gzip, data, BYTES, packed, BYTES), 0);
    assert_int_equal(packed[BYTES], 0xa5);
    pl_gzip_fini(&gzip);
}

static void one_that_was_never_used_holds_nothing(void **state)
{
    struct pl_gzip gzip = {.is_open = false};

    (void)state;
    pl_gzip_fini(&gzip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_inflates_by_itself),
        cmocka_unit_test(message_that_does_not_become_smaller_is_left),
        cmocka_unit_test(one_that_was_never_used_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
