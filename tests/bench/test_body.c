/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright (c) the Parley authors. */
#include "bench/body.h"

#include "support/cmocka.h"

#define BYTES 100

static void body_tells_its_sender_and_number(void **state)
{
    (void)state;
    for (size_t bytes = BENCH_BODY_BYTES_MIN; bytes <= BYTES; bytes++) {
        uint8_t body[BYTES];
        uint32_t sender = 0;
        uint64_t number = 0;
        bench_body_make(7, 123456789012, body, bytes);
        assert_true(bench_body_read(body, bytes, &sender, &number));
        assert_int_equal(sender, 7);
        assert_true(number == 123456789012);
    }
}

static void any_changed_byte_is_seen(void **state)
{
    (void)state;
    uint8_t body[BYTES];
    uint32_t sender;
    uint64_t number;
    bench_body_make(7, 1, body, BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        body[i] ^= 1;
        assert_false(bench_body_read(body, BYTES, &sender, &number));
        body[i] ^= 1;
    }
    assert_true(bench_body_read(body, BYTES, &sender, &number));
}

static void cut_body_is_seen(void **state)
{
    (void)state;
    uint8_t body[BYTES];
    uint32_t sender;
    uint64_t number;
    bench_body_make(7, 1, body, BYTES);
    for (size_t bytes = 0; bytes < BYTES; bytes++)
        assert_false(bench_body_read(body, bytes, &sender, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_tells_its_sender_and_number),
        cmocka_unit_test(any_changed_byte_is_seen),
        cmocka_unit_test(cut_body_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
